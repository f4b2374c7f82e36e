package world

import (
	"context"
	"testing"
	"time"

	"spacechain/clock"
	"spacechain/identity"
	"spacechain/spaceos/command"
	"spacechain/terminal"
)

// universe makes one for a test, with every line of history in its log.
func universe(t testing.TB, o Options) *Universe {
	t.Helper()
	o.Warn = func(text string) { t.Log("warning:", text) }
	u, err := New(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := u.Close(); err != nil {
			t.Error(err)
		}
	})
	return u
}

// owner is the identity that tests deploy as.
func owner() *identity.Key { return identity.FromSeed([32]byte{1}) }

// order signs a command of the owner.
func order(t *testing.T, u *Universe, id byte, c command.Command) []byte {
	t.Helper()
	now := u.Now().Truncate(time.Millisecond)
	c.Request = command.RequestID{id}
	c.Issued, c.Expires, c.ReplyTo = now, now.Add(24*time.Hour), "ipn:3000001.2"
	b, err := c.Sign(owner())
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// submit hands a command to the universe's terminal, before Run or from an event.
func submit(t *testing.T, u *Universe, signed []byte) terminal.Request {
	t.Helper()
	var r terminal.Request
	var err error
	m := u.members[Terminal]
	m.host.Do(func(now time.Time) { r, err = m.host.Core().(*terminal.Terminal).Submit(now, signed) })
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func runFor(t *testing.T, u *Universe, d time.Duration) {
	t.Helper()
	if err := u.Run(context.Background(), u.Now().Add(d)); err != nil {
		t.Fatal(err)
	}
}

// A command reaches a satellite that no station sees, and the reply comes home.
func TestCommandGoesOutAndReplyComesHome(t *testing.T) {
	u := universe(t, Options{Seed: 1, Pace: clock.AsFast()})
	r := submit(t, u, order(t, u, 1, command.Command{Op: command.List, Satellite: 90031}))
	runFor(t, u, 30*time.Minute)
	got, err := u.desk.Request(r.ID)
	if err != nil {
		t.Fatal(err)
	}
	if got.State != terminal.Done || got.Code != command.OK {
		t.Fatalf("request: %+v", got)
	}
	stages := map[terminal.StageName]int{}
	for i, s := range got.Stages {
		stages[s.Name]++
		t.Log(s.Name, s.Time, u.name(s.Node))
		_ = i
	}
	for _, want := range []terminal.StageName{terminal.StageQueued, terminal.StageArrived, terminal.StageExecuted, terminal.StageReplied} {
		if stages[want] != 1 {
			t.Errorf("stage %s happened %d times", want, stages[want])
		}
	}
}
