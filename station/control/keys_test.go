package control

import (
	"strings"
	"testing"
	"time"

	"spacechain/platform/ttc/mission"
)

// underSessionKey is a flight whose packets are under a session key.
func underSessionKey(t *testing.T) *flight {
	t.Helper()
	f := newFlight(t, nil)
	f.pass(2 * time.Minute)
	if err := f.ground.ChangeKey(f.groundNow(), [32]byte{7}); err != nil {
		t.Fatal(err)
	}
	f.pass(8 * time.Minute)
	if id, changing := f.ground.Key(); !mission.OwnSessionKey(0, id) || changing {
		t.Fatalf("key %d", id)
	}
	f.ground.Alarms()
	f.ground.Events()
	return f
}

// TestJammingTakesNoKeyAway: whoever spoils packets has both ends take their key anew, not give it
// up.
func TestJammingTakesNoKeyAway(t *testing.T) {
	f := underSessionKey(t)
	before, _ := f.ground.Key()
	from := f.now
	for _, length := range []time.Duration{150 * time.Second, 60 * time.Second, 300 * time.Second} {
		f.loseUp = func(at time.Time, _ int) bool { return at.Sub(from) < length && at.Sub(from) > 11*time.Second }
		f.command(len(f.executed))
		f.pass(8 * time.Minute)
		f.run(f.now.Add(time.Hour))
		from = f.now
	}
	f.loseUp = nil
	f.pass(8 * time.Minute)
	after, _ := f.ground.Key()
	s := f.ground.Stats()
	if after != before || s.KeyFallbacks > 0 || f.sat.Status().KeyFallbacks > 0 {
		t.Errorf("key %d before, %d after: %+v, %+v", before, after, s, f.sat.Status())
	}
	if s.KeyRetries == 0 || len(f.ground.Alarms()) == 0 {
		t.Errorf("nobody is told: %+v", s)
	}
	if f.ground.Pending() > 0 {
		t.Errorf("pending: %+v", f.ground.Commands())
	}
	f.inOrder(0, len(f.executed)-1)
}

func (f *flight) told(event uint64) bool {
	for _, e := range f.ground.Events() {
		if e.ID == event {
			return true
		}
	}
	return false
}

// TestFirstKeyOnTheOperatorsWord: both ends go back, and both say so.
func TestFirstKeyOnTheOperatorsWord(t *testing.T) {
	f := underSessionKey(t)
	if err := f.ground.FirstKey(f.groundNow()); err != nil {
		t.Fatal(err)
	}
	f.command(1)
	f.pass(8 * time.Minute)
	f.inOrder(1, 1)
	if id, changing := f.ground.Key(); id != mission.PacketKey(0) || changing {
		t.Errorf("key %d", id)
	}
	a := f.ground.Alarms()
	if s := f.ground.Stats(); s.KeyFallbacks != 1 || len(a) != 1 || !strings.Contains(a[0].Text, "key of the beginning") {
		t.Errorf("%+v, %v", s, a)
	}
	if f.sat.Status().KeyFallbacks != 1 || !f.told(mission.EventKeyFallback) {
		t.Errorf("the satellite does not say so: %+v", f.sat.Status())
	}
	if r, _, ok := f.ground.Housekeeping(); !ok || r.Count(mission.ParamKeyFallbacks) != 1 {
		t.Error("housekeeping does not say so")
	}
}

// TestForgottenKeysAreTold: of the station that forgot, and of the satellite whose computer
// started anew or whose clock was set back.
func TestForgottenKeysAreTold(t *testing.T) {
	t.Run("station", func(t *testing.T) {
		f := underSessionKey(t)
		f.ground, _ = New(f.groundNow(), Config{Link: f.config.Link})
		f.command(1)
		f.pass(8 * time.Minute)
		f.inOrder(1, 1)
		if f.ground.Stats().KeyRetries == 0 || len(f.ground.Alarms()) == 0 || f.sat.Status().KeyFallbacks != 1 || !f.told(mission.EventKeyFallback) {
			t.Errorf("%+v, %+v", f.ground.Stats(), f.sat.Status())
		}
	})
	t.Run("satellite", func(t *testing.T) {
		f := underSessionKey(t)
		f.restart()
		f.command(1)
		f.pass(8 * time.Minute)
		f.inOrder(1, 1)
		if f.ground.Stats().KeyFallbacks != 1 || len(f.ground.Alarms()) == 0 {
			t.Errorf("%+v", f.ground.Stats())
		}
	})
	t.Run("clock", func(t *testing.T) {
		f := underSessionKey(t)
		f.run(f.now.Add(2 * time.Hour))
		f.sat.Tick(f.now.Add(-time.Hour)) // a wrong fix
		f.sat.Tick(f.now)
		f.command(1)
		f.pass(8 * time.Minute)
		f.run(f.now.Add(time.Hour))
		f.pass(8 * time.Minute)
		if len(f.executed) != 1 || f.ground.Stats().KeyFallbacks != 1 || f.sat.Status().KeyFallbacks != 1 {
			t.Errorf("executed %v, %+v, %+v", f.executed, f.ground.Stats(), f.sat.Status())
		}
	})
}

// TestChangeBrokenOff: a change of key of which only the beginning arrives leaves the key of before
// in operation.
func TestChangeBrokenOff(t *testing.T) {
	for seconds := 12; seconds <= 84; seconds += 12 {
		f := underSessionKey(t)
		if err := f.ground.ChangeKey(f.groundNow(), [32]byte{8}); err != nil {
			t.Fatal(err)
		}
		f.pass(time.Duration(seconds) * time.Second)
		f.run(f.now.Add(time.Hour))
		f.command(1)
		f.pass(8 * time.Minute)
		f.run(f.now.Add(time.Hour))
		f.pass(8 * time.Minute)
		f.inOrder(1, 1)
		if n := f.sat.Status().KeyFallbacks; n != 0 || f.ground.Stats().KeyFallbacks != 0 {
			t.Errorf("broken off after %d s: the key of the beginning again, %+v", seconds, f.ground.Stats())
		}
	}
}
