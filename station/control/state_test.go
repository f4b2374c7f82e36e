package control

import (
	"bytes"
	"errors"
	"fmt"
	"testing"
	"time"

	"pgregory.net/rapid"

	"spacechain/link/pus"
	"spacechain/platform/ttc/mission"
)

// again starts the station's computer anew.
func (f *flight) again() {
	f.tb.Helper()
	g, err := New(f.groundNow(), Config{Link: f.config.Link, State: f.ground.Export()})
	if err != nil {
		f.tb.Fatal(err)
	}
	f.ground = g
}

// TestRestartLosesNoCommand: commands queued, on their way, aboard and scheduled come to their end
// though the station's computer starts anew, each done once.
func TestRestartLosesNoCommand(t *testing.T) {
	for after := 5 * time.Second; after < 90*time.Second; after += 7 * time.Second {
		t.Run(fmt.Sprint(after), func(t *testing.T) {
			f := newFlight(t, nil)
			var ids []pus.RequestID
			for n := range 6 {
				ids = append(ids, f.command(n))
			}
			long, err := f.ground.Command(f.groundNow(), f.request(6, 500))
			if err != nil {
				t.Fatal(err)
			}
			later, err := f.ground.CommandAt(f.groundNow(), f.now.Add(10*time.Minute), f.request(7, 0))
			if err != nil {
				t.Fatal(err)
			}
			ids = append(ids, long, later)
			f.pass(after)
			pending := f.ground.Pending()
			f.again()
			if f.ground.Pending() != pending {
				t.Errorf("%d commands pending, %d before", f.ground.Pending(), pending)
			}
			open := map[pus.RequestID]bool{}
			for _, c := range f.ground.Commands() {
				open[c.ID] = true
			}
			for range 4 {
				f.pass(8 * time.Minute)
				f.run(f.now.Add(time.Hour))
			}
			f.inOrder(0, 7)
			for n, id := range ids {
				if s, ok := f.ground.State(id); open[id] != ok || ok && s.State != Verified {
					t.Errorf("command %d is %+v", n, s)
				}
			}
		})
	}
}

// TestRestartsWhoeverTalks: the same at any moment, with losses and other people's frames.
func TestRestartsWhoeverTalks(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		f := newFlight(t, nil)
		f.keep = true
		up := rapid.SliceOfN(rapid.Bool(), 1, 40).Draw(t, "lost up")
		down := rapid.SliceOfN(rapid.Bool(), 1, 40).Draw(t, "lost down")
		quiet := false
		f.loseUp = func(_ time.Time, n int) bool { return !quiet && up[n%len(up)] }
		f.loseDown = func(_ time.Time, n int) bool { return !quiet && down[n%len(down)] }
		var n int
		for range rapid.IntRange(1, 3).Draw(t, "passes") {
			for range rapid.IntRange(1, 6).Draw(t, "commands") {
				f.command(n)
				n++
			}
			f.at(f.now.Add(time.Duration(rapid.IntRange(0, 200).Draw(t, "attack"))*time.Second), func() { f.attack(t) })
			f.pass(time.Duration(rapid.IntRange(5, 200).Draw(t, "pass")) * time.Second)
			f.again()
			if rapid.Bool().Draw(t, "satellite, too") {
				f.restart()
			}
			f.run(f.now.Add(time.Duration(rapid.IntRange(1, 3600).Draw(t, "wait")) * time.Second))
		}
		quiet = true
		for k := 0; f.ground.Pending() > 0 && k < 4; k++ {
			f.pass(8 * time.Minute)
			f.run(f.now.Add(time.Hour))
		}
		f.inOrder(0, n-1)
		if f.ground.Pending() > 0 {
			t.Fatalf("pending: %+v", f.ground.Commands())
		}
	})
}

// TestVectorsAfterClockSetBack: a station that starts anew with a clock that is behind uses no
// vector again, nor does one whose clock is set back while it runs.
func TestVectorsAfterClockSetBack(t *testing.T) {
	k, err := New(start, Config{Link: testLink()})
	if err != nil {
		t.Fatal(err)
	}
	seen := map[string]bool{}
	use := func(k *Control, now time.Time) {
		t.Helper()
		frames := 0
		if _, err := k.Command(now, k.Profile().AreYouAlive()); err != nil {
			t.Fatal(err)
		}
		k.Begin(now, now.Add(2*time.Minute))
		for at, ok := now, true; ok; at, ok = k.NextWake() {
			k.Tick(at)
			for _, b := range k.Bursts() {
				for _, f := range b.Frames {
					if f[0]&0x10 != 0 { // Type-BC
						continue
					}
					frames++
					// The association and the vector follow primary and segment header.
					if v := string(f[6:14]); seen[v] {
						t.Errorf("vector %x comes again", v)
					} else {
						seen[v] = true
					}
				}
			}
		}
		if frames < 3 {
			t.Errorf("%d frames", frames)
		}
	}
	use(k, start)
	use(k, start.Add(-time.Hour))
	for range 2 {
		if k, err = New(start.Add(-2*time.Hour), Config{Link: testLink(), State: k.Export()}); err != nil {
			t.Fatal(err)
		}
		use(k, start.Add(-2*time.Hour))
	}
}

// TestRestartKeepsTheSessionKey: the state has it under the master key only.
func TestRestartKeepsTheSessionKey(t *testing.T) {
	f := newFlight(t, nil)
	f.pass(2 * time.Minute)
	key := [32]byte{7, 7, 7, 7, 7, 7, 7, 7, 9}
	if err := f.ground.ChangeKey(f.groundNow(), key); err != nil {
		t.Fatal(err)
	}
	f.pass(8 * time.Minute)
	before, _ := f.ground.Key()
	if bytes.Contains(f.ground.Export(), key[:9]) {
		t.Error("the key lies open in the state")
	}
	f.again()
	f.command(1)
	f.pass(4 * time.Minute)
	f.inOrder(1, 1)
	after, _ := f.ground.Key()
	if s := f.ground.Stats(); after != before || before < mission.FirstSessionKey || s.KeyRetries > 0 {
		t.Errorf("key %d before, %d after: %+v", before, after, s)
	}
	// Another key can follow.
	if err := f.ground.ChangeKey(f.groundNow(), [32]byte{8}); err != nil {
		t.Fatal(err)
	}
	f.pass(8 * time.Minute)
	if id, changing := f.ground.Key(); id == before || changing {
		t.Errorf("key %d after another change", id)
	}
}

// TestStatesThatAreNone: what no Control gave is refused, and nothing panics.
func TestStatesThatAreNone(t *testing.T) {
	f := newFlight(t, nil)
	f.command(1)
	state := f.ground.Export()
	for n := range state {
		if _, err := New(start, Config{Link: testLink(), State: state[:n]}); !errors.Is(err, errState) {
			t.Fatalf("%d octets of %d: %v", n, len(state), err)
		}
	}
	if _, err := New(start, Config{Link: testLink(), VC: 1, State: state}); !errors.Is(err, errState) {
		t.Errorf("another station's: %v", err)
	}
	if _, err := New(start, Config{Link: testLink(), MaxQueue: 512, State: state}); err != nil {
		t.Error(err)
	}
}

// FuzzState: a state out of a damaged file.
func FuzzState(f *testing.F) {
	fl := newFlight(f, nil)
	fl.command(1)
	if _, err := fl.ground.CommandAt(start, start.Add(time.Hour), fl.request(2, 0)); err != nil {
		f.Fatal(err)
	}
	f.Add(fl.ground.Export())
	fl.pass(20 * time.Second)
	f.Add(fl.ground.Export())
	f.Fuzz(func(t *testing.T, state []byte) {
		k, err := New(start, Config{Link: testLink(), State: append([]byte{}, state...)})
		if err != nil {
			return
		}
		if k.Pending() > 512 {
			t.Fatalf("%d commands", k.Pending())
		}
		k.Begin(start, start.Add(time.Minute))
		for at, ok := start, true; ok; at, ok = k.NextWake() {
			k.Tick(at)
			k.Bursts()
		}
		if _, err := New(start, Config{Link: testLink(), State: k.Export()}); err != nil {
			t.Fatalf("its own state: %v", err)
		}
	})
}
