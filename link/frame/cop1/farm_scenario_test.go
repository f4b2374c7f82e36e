package cop1

import (
	"fmt"
	"strings"
	"testing"

	"spacechain/link/frame"
)

// TestFARMTable tries every cell of table 6-1, with each combination of flags that the
// state allows.
func TestFARMTable(t *testing.T) {
	seen := map[string]map[int]bool{}
	for _, s := range scenarios(t, "farm/*.txt") {
		if seen[s.event] == nil {
			seen[s.event] = map[int]bool{}
		}
		for state, c := range s.cells {
			if c.impossible {
				continue
			}
			seen[s.event][state] = true
			for flags := range 4 {
				retransmit, wait := flags&1 != 0, flags&2 != 0
				if FARMState(state) != Locked {
					wait = FARMState(state) == Wait
				}
				t.Run(fmt.Sprintf("%s/S%d/line%d/%d", s.event, state, c.line, flags), func(t *testing.T) {
					tryFARM(t, &s, FARMState(state), c, retransmit, wait)
				})
			}
		}
	}
	for e := 1; e <= 11; e++ {
		for state := Open; state <= Locked; state++ {
			impossible := e == 1 && state == Wait
			if told := seen[fmt.Sprintf("E%d", e)][int(state)]; told == impossible {
				t.Errorf("E%d in %v: told %t", e, state, told)
			}
		}
	}
}

func tryFARM(t *testing.T, s *scenario, state FARMState, c scenarioCell, retransmit, wait bool) {
	f := &FARM{vc: 3, state: state, retransmit: retransmit, wait: wait, lockout: state == Locked, farmB: 3}
	for _, w := range s.where {
		var n int
		switch {
		case scan(w, "V(R) is %d", &n):
			f.vr = uint8(n)
		case scan(w, "the window is %d", &n):
			f.window = uint8(n)
		default:
			t.Fatalf("%s: where %q", s.at(s.line), w)
		}
	}
	want := *f
	want.state = FARMState(c.next)
	accepts, isFrame, discards := false, true, false
	for _, a := range c.actions {
		var n int
		switch {
		case a == "ignore", a == "report":
		case a == "accept":
			accepts = true
		case a == "discard":
			discards = true
		case a == "add 1 to V(R)":
			want.vr++
		case a == "add 1 to FARM-B":
			want.farmB++
		case a == "retransmit off":
			want.retransmit = false
		case a == "retransmit on":
			want.retransmit = true
		case a == "wait off":
			want.wait = false
		case a == "wait on":
			want.wait = true
		case a == "lockout off":
			want.lockout = false
		case a == "lockout on":
			want.lockout = true
		case scan(a, "V(R) is %d", &n):
			want.vr = uint8(n)
		default:
			t.Fatalf("%s: action %q", s.at(c.line), a)
		}
	}
	var n int
	tc := frame.TCFrame{VC: 3, Data: []byte{1, 2}}
	room := !strings.HasSuffix(s.when, " without room")
	switch w := strings.TrimSuffix(s.when, " without room"); {
	case scan(w, "AD frame %d comes", &n):
		tc.Sequence = uint8(n)
		// A full FARM in wait has had no buffer released, so there is no room.
		room = room && state != Wait
	case w == "a BD frame comes":
		tc.Bypass = true
	case w == "an Unlock comes":
		tc.Bypass, tc.Control, tc.Data = true, true, frame.Command{}.Append(nil)
	case scan(w, "a Set V(R) %d comes", &n):
		tc.Bypass, tc.Control, tc.Data = true, true, frame.Command{SetVR: true, VR: uint8(n)}.Append(nil)
	case w == "an unknown command comes":
		tc.Bypass, tc.Control, tc.Data = true, true, []byte{7}
	default:
		isFrame = false
	}
	switch {
	case isFrame:
		if f.Frame(&tc, room) != accepts {
			t.Errorf("%s: accepted %t", s.at(c.line), !accepts)
		}
	case s.when == "an invalid frame comes":
		f.Invalid()
	case s.when == "a buffer is released":
		f.Release()
	case s.when == "a CLCW is due":
		clcw := frame.CLCW{COP: 1, VC: 3, Lockout: state == Locked, Wait: wait, Retransmit: retransmit, FARMB: 3, ReportValue: f.vr}
		if got := f.CLCW(); got != clcw {
			t.Errorf("%s: report %+v, want %+v", s.at(c.line), got, clcw)
		}
	default:
		t.Fatalf("%s: when %q", s.at(s.line), s.when)
	}
	if accepts {
		want.Accepted++
	}
	if discards {
		want.Refused++
	}
	if *f != want {
		t.Errorf("%s: machine %+v, want %+v", s.at(c.line), *f, want)
	}
}

func TestFARMRoomAfterWaitIsARelease(t *testing.T) {
	f, err := NewFARM(3, 10)
	if err != nil {
		t.Fatal(err)
	}
	tc := frame.TCFrame{VC: 3, Data: []byte{1}}
	if f.Frame(&tc, false) || f.State() != Wait {
		t.Fatalf("without room: %v", f.State())
	}
	if !f.Frame(&tc, true) || f.State() != Open || f.VR() != 1 || f.CLCW().Wait {
		t.Fatalf("with room again: %v, V(R) %d", f.State(), f.VR())
	}
}

func TestFARMWindowBounds(t *testing.T) {
	for _, w := range []int{0, 1, 3, 255, 256} {
		if _, err := NewFARM(0, w); err == nil {
			t.Errorf("window %d was taken", w)
		}
	}
	for _, w := range []int{2, 254} {
		if _, err := NewFARM(0, w); err != nil {
			t.Errorf("window %d: %v", w, err)
		}
	}
	// Of 256 numbers, with any V(R), just W are within the window.
	for _, w := range []int{2, 10, 254} {
		for vr := range 256 {
			in := 0
			for n := range 256 {
				f := &FARM{window: uint8(w), state: Open, vr: uint8(vr)}
				if f.classify(&frame.TCFrame{Sequence: uint8(n)}, true) != 5 {
					in++
				}
			}
			if in != w {
				t.Fatalf("window %d at %d holds %d numbers", w, vr, in)
			}
		}
	}
}
