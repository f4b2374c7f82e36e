package control

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"spacechain/link/frame"
	"spacechain/link/pus"
	"spacechain/platform/ttc"
	"spacechain/platform/ttc/mission"
)

// story plays a file of testdata/scenarios, a sentence a line. Sentences about a pass come
// before it; its times count from its beginning.
type story struct {
	*flight
	t      *testing.T
	ids    map[int]pus.RequestID
	events []Event

	// the next pass
	loseUp, loseDown []loss
	then             []later1
	began            time.Time
}

type loss struct {
	every    int // every so many-th frame
	from, to time.Duration
}

type later1 struct {
	after time.Duration
	what  string
}

func TestScenarios(t *testing.T) {
	files, err := filepath.Glob("testdata/scenarios/*.txt")
	if err != nil || len(files) == 0 {
		t.Fatalf("no scenarios: %v", err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txt"), func(t *testing.T) {
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			s := &story{flight: newFlight(t, nil), t: t, ids: map[int]pus.RequestID{}}
			s.keep = true
			s.flight.loseUp = func(at time.Time, n int) bool { return s.lost(s.loseUp, at, n) }
			s.flight.loseDown = func(at time.Time, n int) bool { return s.lost(s.loseDown, at, n) }
			for n, line := range strings.Split(string(text), "\n") {
				line = strings.TrimSpace(line)
				if line == "" || line[0] == '#' {
					continue
				}
				if why := s.sentence(line); why != "" {
					t.Fatalf("%s:%d: %s: %s", file, n+1, line, why)
				}
			}
			s.noOverlap()
		})
	}
}

func (s *story) lost(list []loss, at time.Time, n int) bool {
	for _, l := range list {
		if since := at.Sub(s.began); l.every > 0 && n%l.every == 0 || l.every == 0 && since >= l.from && since < l.to {
			return true
		}
	}
	return false
}

// sentence does or checks what a line says, and tells what is wrong.
func (s *story) sentence(line string) string {
	var a int
	var x, y string
	span := func() (from, to time.Duration) {
		from, err := time.ParseDuration(x)
		to, err2 := time.ParseDuration(y)
		if err != nil || err2 != nil {
			s.t.Fatalf("%s: no times", line)
		}
		return from, to
	}
	switch {
	case scan(line, "every %dth frame up is lost", &a):
		s.loseUp = append(s.loseUp, loss{every: a})
	case scan(line, "every %dth frame down is lost", &a):
		s.loseDown = append(s.loseDown, loss{every: a})
	case scan(line, "nothing gets up from %s to %s", &x, &y):
		from, to := span()
		s.loseUp = append(s.loseUp, loss{from: from, to: to})
	case scan(line, "nothing gets down from %s to %s", &x, &y):
		from, to := span()
		s.loseDown = append(s.loseDown, loss{from: from, to: to})
	case strings.HasPrefix(line, "after "):
		after, what, _ := strings.Cut(strings.TrimPrefix(line, "after "), " ")
		d, err := time.ParseDuration(after)
		if err != nil {
			return err.Error()
		}
		s.then = append(s.then, later1{d, what})
	case scan(line, "pass of %s", &x):
		y = x
		_, length := span()
		s.began = s.now
		for _, l := range s.then {
			s.at(s.began.Add(l.after), func() {
				if why := s.sentence(l.what); why != "" {
					s.t.Fatalf("after %v %s: %s", l.after, l.what, why)
				}
			})
		}
		s.pass(length)
		s.loseUp, s.loseDown, s.then = nil, nil, nil
		s.events = append(s.events, s.ground.Events()...)
	case scan(line, "wait %s", &x):
		y = x
		_, length := span()
		s.run(s.now.Add(length))
	case scan(line, "the satellite's clock is fast by %s", &x):
		y = x
		s.satFast, _ = span()
	case scan(line, "the station's clock is fast by %s", &x):
		y = x
		s.groundFast, _ = span()
	case scan(line, "the signal takes %s", &x):
		y = x
		d, _ := span()
		s.light = func(time.Time) time.Duration { return d }
	default:
		return s.deed(line)
	}
	return ""
}

// deed does what a line says at the time it is reached.
func (s *story) deed(line string) string {
	var a, b int
	var x string
	switch {
	case scan(line, "the station queues commands %d to %d", &a, &b):
		for n := a; n <= b; n++ {
			s.ids[n] = s.command(n)
		}
	case scan(line, "the station queues command %d of %d octets", &a, &b):
		id, err := s.ground.Command(s.groundNow(), s.request(a, b))
		if err != nil {
			return err.Error()
		}
		s.ids[a] = id
	case scan(line, "the station schedules command %d in %s", &a, &x):
		d, err := time.ParseDuration(x)
		if err != nil {
			return err.Error()
		}
		if s.ids[a], err = s.ground.CommandAt(s.groundNow(), s.now.Add(d), s.request(a, 0)); err != nil {
			return err.Error()
		}
	case line == "all frames heard are sent again":
		for _, f := range s.heardUp {
			s.sat.Uplink(s.satNow(), bytes.Clone(f))
		}
	case scan(line, "%d frames are forged", &a):
		for n := range a {
			s.sat.Uplink(s.satNow(), s.forged(byte(n)))
		}
	case scan(line, "somebody sends Set V(R) to %d", &a):
		s.sat.Uplink(s.satNow(), s.control(frame.Command{SetVR: true, VR: uint8(a)}))
	case line == "somebody sends Unlock":
		s.sat.Uplink(s.satNow(), s.control(frame.Command{}))
	case line == "another operator sends a frame far ahead":
		s.sat.Uplink(s.satNow(), s.astray())
	case line == "the satellite's computer starts anew":
		state, err := s.sat.Export()
		if err != nil {
			return err.Error()
		}
		c := s.config
		c.State = state
		if s.sat, err = ttc.New(s.satNow(), c); err != nil {
			return err.Error()
		}
	case line == "the satellite's computer starts anew and has forgotten everything":
		var err error
		if s.sat, err = ttc.New(s.satNow(), s.config); err != nil {
			return err.Error()
		}
	case line == "the station changes its key":
		if err := s.ground.ChangeKey(s.groundNow(), [32]byte{9, 9, 9, byte(len(s.heardUp))}); err != nil {
			return err.Error()
		}
	default:
		return s.check(line)
	}
	return ""
}

// check holds what a line says against how things are.
func (s *story) check(line string) string {
	var a, b int
	var x string
	expect := func(what string, got, want int) string {
		if got != want {
			return fmt.Sprintf("%s: %d, not %d", what, got, want)
		}
		return ""
	}
	states := func(want State) string {
		for n := a; n <= b; n++ {
			if c, _ := s.ground.State(s.ids[n]); c.State != want {
				return fmt.Sprintf("command %d is %v %s", n, c.State, c.Why)
			}
		}
		return ""
	}
	hk, _, _ := s.ground.Housekeeping()
	switch {
	case scan(line, "commands %d to %d are verified", &a, &b):
		return states(Verified)
	case scan(line, "commands %d to %d are queued", &a, &b):
		return states(Queued)
	case scan(line, "commands %d to %d are scheduled", &a, &b):
		return states(Scheduled)
	case scan(line, "commands %d to %d are unknown", &a, &b):
		return states(Unknown)
	case scan(line, "commands %d to %d were executed once and in order", &a, &b):
		s.inOrder(a, b)
	case line == "nothing was executed":
		return expect("executed", len(s.executed), 0)
	case scan(line, "the satellite has counted %d forgeries", &a):
		return expect("forgeries", int(s.sat.Status().Forged), a)
	case scan(line, "the station has read of %d forgeries", &a):
		return expect("forgeries", int(hk.Count(mission.ParamForged)), a)
	case line == "the satellite has counted every replay":
		if s.sat.Status().Replayed < 5 {
			return fmt.Sprint(s.sat.Status().Replayed)
		}
	case line == "the satellite is in lockout":
		if !s.sat.Status().CLCW.Lockout {
			return "it is not"
		}
	case line == "the satellite is not in lockout":
		if s.sat.Status().CLCW.Lockout {
			return "it is"
		}
	case line == "a session is on":
		if !s.sat.Status().Session {
			return "there is none"
		}
	case line == "no session is on":
		if s.sat.Status().Session {
			return "there is one"
		}
	case scan(line, "the station was told of event %d", &a):
		for _, e := range s.events {
			if e.ID == uint64(a) {
				return ""
			}
		}
		return fmt.Sprintf("it was not; of %v", s.events)
	case scan(line, "the station asked for lost reports %d times", &a):
		return expect("times", int(s.ground.Stats().Recoveries), a)
	case scan(line, "FOP-1 raised %d alerts", &a):
		return expect("alerts", int(s.ground.Stats().Alerts), a)
	case line == "the key is a new one":
		if id, changing := s.ground.Key(); id < mission.FirstSessionKey || changing {
			return fmt.Sprint(id, changing)
		}
	case line == "the key is the first one":
		if id, changing := s.ground.Key(); id != mission.PacketKey(0) || changing {
			return fmt.Sprint(id, changing)
		}
	case scan(line, "the orbit measurement is at most %s old", &x):
		d, err := time.ParseDuration(x)
		if _, age, ok := s.ground.Orbit(s.groundNow()); err != nil || !ok || age > d {
			return fmt.Sprint(age, ok, err)
		}
	default:
		return "this sentence has no meaning"
	}
	return ""
}

// control makes a Type-BC frame, as anybody can.
func (s *story) control(c frame.Command) []byte {
	b, err := s.sat.Link().TC().Append(nil, &frame.TCFrame{Bypass: true, Control: true, Spacecraft: 0x2a, Data: c.Append(nil)})
	if err != nil {
		s.t.Fatal(err)
	}
	return b
}

// forged makes a frame of somebody who knows everything but the key.
func (s *story) forged(n byte) []byte {
	link := s.sat.Link()
	link.Secret[31] ^= 1
	return s.secured(link, frame.TCFrame{Bypass: true, Spacecraft: 0x2a, HasSegment: true, Segment: frame.Unsegmented, Data: []byte{n, 1, 2}})
}

// astray makes a genuine frame far outside of FARM-1's window.
func (s *story) astray() []byte {
	vr := s.sat.Status().CLCW.ReportValue
	return s.secured(s.sat.Link(), frame.TCFrame{Spacecraft: 0x2a, Sequence: vr + 100, HasSegment: true, Segment: frame.Unsegmented, Data: []byte{1}})
}

func (s *story) secured(link mission.Link, f frame.TCFrame) []byte {
	e, _, err := link.Secure(s.groundNow().Add(time.Second), 0)
	if err != nil {
		s.t.Fatal(err)
	}
	b, err := link.TC().Append(nil, &f)
	if err == nil {
		err = e.Apply(mission.SPI(0), b)
	}
	if err != nil {
		s.t.Fatal(err)
	}
	return b
}

// scan reads numbers and words out of a sentence, and reports whether all of it fits.
func scan(line, format string, args ...any) bool {
	n, err := fmt.Sscanf(line+"\n", format+"\n", args...)
	return err == nil && n == len(args)
}
