package satellite

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"spacechain/dtn/bundle"
	"spacechain/dtn/node"
	"spacechain/dtn/store"
	"spacechain/internal/kv"
	"spacechain/platform/bus"
	"spacechain/spaceos/command"
	"spacechain/spaceos/manifest"
	"spacechain/spaceos/spk"
)

// An app is deployed, runs when it is due with what its sensors read, and what it gives
// comes home.
func TestAppRuns(t *testing.T) {
	s := newSky(t)
	s.link()
	s.order(command.Command{Op: command.Deploy, Body: app(t, "magnetometer broken", byMinute)})
	s.run(2*time.Minute + time.Second)
	if got := s.replies(); !slices.Equal(got, []command.Code{command.OK}) {
		t.Fatalf("replies: %v", got)
	}
	want := []string{
		"1 returned: schedule tick, magnetometer [7] at 12:00:00, broken unavailable",
		"2 returned: schedule tick, magnetometer [7] at 12:00:00, broken unavailable",
	}
	if got := s.results(); !slices.Equal(got, want) {
		t.Errorf("results: %q", got)
	}
	if s.payload.Tenants() != 1 || s.payload.QueuedBytes() != 0 {
		t.Errorf("%d tenants, %d bytes wait", s.payload.Tenants(), s.payload.QueuedBytes())
	}
}

// A satellite that only passes bundles on starts no operating system, and wants no
// waking but for them; the first command starts it, and after a restart tenants have
// it started at once.
func TestOperatingSystemStartsWhenItIsNeeded(t *testing.T) {
	s := newSky(t)
	s.link()
	s.run(time.Hour)
	if s.payload.system != nil || len(s.asked) != 0 || s.payload.Tenants() != 0 {
		t.Fatal("a relay has an operating system")
	}
	if at, ok := s.payload.NextWake(); ok {
		t.Fatalf("a relay wants to be woken at %v", at)
	}
	for _, service := range []uint64{0, 2, 63} { // nobody lives there
		_, err := s.home.Send(s.now, node.SendRequest{Service: 2, Dst: bundle.IPN(number, service), Payload: []byte("x")})
		s.check(err)
	}
	s.run(time.Minute)
	s.restart()
	if s.payload.system != nil {
		t.Fatal("a bundle for nobody started the operating system")
	}
	s.order(command.Command{Op: command.Deploy, Body: app(t, "magnetometer", byMinute)})
	s.run(time.Second)
	if s.payload.system == nil || s.payload.Tenants() != 1 {
		t.Fatal("a command did not start the operating system")
	}
	s.restart()
	if s.payload.system == nil {
		t.Fatal("the restart left tenants lying")
	}
	s.run(time.Minute)
	if got := s.results(); len(got) != 1 {
		t.Errorf("results: %q", got)
	}
}

// A delivery that was not yet handled when power was cut is handled after the restart.
func TestUnhandledDeliverySurvives(t *testing.T) {
	s := newSky(t)
	s.link()
	s.order(command.Command{Op: command.List})
	for len(s.payload.bundles.Entries()) == 0 { // until the bundle is aboard, undrained
		ready := s.home.Ready()
		for _, f := range ready.Frames {
			s.payload.Frame(s.now, home, f.Data)
		}
		if len(s.payload.bundles.Entries()) > 0 {
			break
		}
		for _, f := range s.payload.node.Ready().Frames {
			s.home.Frame(s.now, number, f.Data)
		}
	}
	s.restart()
	s.run(time.Minute)
	if got := s.replies(); !slices.Equal(got, []command.Code{command.OK}) {
		t.Errorf("replies: %v", got)
	}
}

// Packages that are aboard are there from the start and are nobody's tenants.
func TestPackagesAboard(t *testing.T) {
	m := manifest.Manifest{App: "spacechain.runtime.js", Version: "1.0.0", Counter: 1, Runtime: manifest.RuntimeWasm,
		Provides: manifest.RuntimeJS, Limits: manifest.Limits{MemoryBytes: manifest.DefaultMemory, StorageBytes: manifest.MinMemory, GasPerActivation: 1000},
		Permissions: manifest.Permissions{Roles: []string{manifest.RoleRuntime}}}
	p, err := spk.Sign(m, []byte("engine"), house)
	if err != nil {
		t.Fatal(err)
	}
	s := newSky(t, func(s *sky) { s.aboard = [][]byte{p.Encode()} })
	s.link()
	s.order(command.Command{Op: command.List})
	s.run(time.Second)
	if s.payload.Tenants() != 0 || !slices.Contains(s.engine.installed, manifest.RuntimeJS) {
		t.Errorf("%d tenants, installed %v", s.payload.Tenants(), s.engine.installed)
	}
	s.restart()
	if s.payload.Tenants() != 0 {
		t.Errorf("%d tenants after a restart", s.payload.Tenants())
	}

	stranger, err := spk.Sign(m, []byte("engine"), publisher)
	if err != nil {
		t.Fatal(err)
	}
	s = newSky(t, func(s *sky) { s.aboard = [][]byte{stranger.Encode()} })
	s.link()
	s.order(command.Command{Op: command.List})
	s.run(time.Second)
	if s.failure == nil || !strings.Contains(s.failure.Error(), "package 0 aboard") {
		t.Errorf("a stranger's runtime aboard: %v", s.failure)
	}
}

// Messages that the bundle store has no room for wait, also through a restart, and go
// out in their order when there is room.
func TestMessagesWaitForRoom(t *testing.T) {
	s := newSky(t)
	s.link()
	s.order(command.Command{Op: command.Deploy, Body: app(t, "big", manifest.Trigger{Name: "tick", Kind: manifest.Schedule, Every: 5 * time.Minute})})
	s.run(time.Second)
	// Home is out of sight, and the store is filled to the brim with something that
	// expires.
	s.home.LinkDown(s.now, number)
	s.payload.LinkDown(s.now, home)
	s.links = false
	for size := 8 << 20; size >= 64; {
		_, err := s.payload.node.Send(s.now, node.SendRequest{Service: 64, Dst: bundle.IPN(home, 9), Payload: make([]byte, size), Lifetime: 90 * time.Minute})
		if errors.Is(err, store.ErrFull) {
			size /= 2
		} else {
			s.check(err)
		}
	}
	s.run(11 * time.Minute)
	if n := len(s.payload.unsent); n != 2 {
		t.Fatalf("%d messages wait, want 2", n)
	}
	if at, ok := s.payload.NextWake(); !ok || at.After(s.now.Add(sendAgain)) {
		t.Errorf("wakes at %v", at)
	}
	s.restart()
	s.run(10 * time.Minute)
	if n := len(s.payload.unsent); n != 4 {
		t.Fatalf("%d messages wait after a restart, want 4", n)
	}
	s.run(75 * time.Minute) // the store has room again
	if n := len(s.payload.unsent); n != 0 || !s.payload.retry.IsZero() {
		t.Fatalf("%d messages wait though there is room", n)
	}
	s.link()
	s.run(10 * time.Minute)
	got := s.results()
	for i, r := range got {
		if want := fmt.Sprintf("%d returned", i+1); !strings.HasPrefix(r, want) {
			t.Fatalf("result %d is %.40q", i+1, r)
		}
	}
	if len(got) < 18 {
		t.Errorf("%d results", len(got))
	}
}

// An activation that a restart interrupts runs again under the same number, and what
// came of its first run is nothing.
func TestRestartMidActivation(t *testing.T) {
	s := newSky(t)
	s.link()
	s.order(command.Command{Op: command.Deploy, Body: app(t, "magnetometer", byMinute)})
	s.hold = true
	s.run(time.Minute)
	if len(s.jobs) != 1 {
		t.Fatalf("%d activations run", len(s.jobs))
	}
	s.run(10 * time.Second)
	s.restart()
	s.hold = false
	s.run(2 * time.Minute)
	var numbers []string
	for _, r := range s.results() {
		numbers = append(numbers, strings.Fields(r)[0])
	}
	if !slices.Equal(numbers, []string{"1", "2", "3"}) {
		t.Errorf("results: %q", s.results())
	}
}

// A store that fails ends the payload: it says so once and does nothing more.
func TestStoreFails(t *testing.T) {
	for writes := 0; ; writes++ {
		whole := kv.NewMemory()
		disk := &broken{Store: whole, left: -1}
		s := newSky(t, func(s *sky) { s.store = disk })
		s.link()
		s.order(command.Command{Op: command.Deploy, Body: app(t, "magnetometer", byMinute)})
		disk.left = writes
		s.run(90 * time.Second)
		if s.failure == nil {
			if writes < 6 || len(s.results()) != 1 {
				t.Fatalf("after %d writes: results %q", writes, s.results())
			}
			return // no write failed any more
		}
		if !errors.Is(s.failure, errDisk) {
			t.Fatalf("write %d failed: %v", writes, s.failure)
		}
		if at, ok := s.payload.NextWake(); ok {
			t.Fatalf("write %d failed: wants to be woken at %v", writes, at)
		}
		if frames := s.payload.Drain(s.now); len(frames) > 0 {
			t.Fatalf("write %d failed: sends %d frames", writes, len(frames))
		}
		s.store, s.failure = whole, nil
		s.restart()
		s.run(2 * time.Minute)
		// What a crash makes go out twice is told apart by its number.
		replies, results := slices.Compact(s.replies()), slices.Compact(s.results())
		if s.failure != nil || !slices.Equal(replies, []command.Code{command.OK}) || len(results) < 2 || results[0][0] != '1' || results[1][0] != '2' {
			t.Fatalf("write %d failed: after the restart replies %v, results %q, %v", writes, replies, results, s.failure)
		}
	}
}

// broken is a store of which one change fails, and then all.
type broken struct {
	kv.Store
	left int // changes until then; negative for ever
}

var errDisk = errors.New("the disk is gone")

func (b *broken) Apply(batch *kv.Batch) error {
	if b.left == 0 {
		return errDisk
	}
	b.left--
	return b.Store.Apply(batch)
}

// The power budget is asked for from time to time, and again when the question is lost.
func TestPowerBudget(t *testing.T) {
	asked := func(s *sky) (n int) {
		for _, m := range s.asked {
			if m.Kind == bus.AskPower {
				n++
			}
		}
		s.asked = nil
		return n
	}
	s := newSky(t)
	s.link()
	s.order(command.Command{Op: command.List})
	s.run(time.Minute)
	if b, ok := s.payload.Power(); !ok || b.BatteryFraction != 0.75 || asked(s) != 1 {
		t.Fatalf("power: %+v, %v", b, ok)
	}
	s.answer = func(bus.Message) []bus.Message { return nil }
	s.run(10 * time.Minute)
	if n := asked(s); n != askTimes {
		t.Errorf("asked a platform that is silent %d times", n)
	}
	s.answer = func(bus.Message) []bus.Message {
		return []bus.Message{{Kind: bus.Power, Budget: bus.Budget{BatteryFraction: 0.5}}}
	}
	s.run(10 * time.Minute)
	if b, _ := s.payload.Power(); b.BatteryFraction != 0.5 || asked(s) != 1 {
		t.Errorf("power: %+v", b)
	}
}

// A clock that was a year ahead and has been set right puts nothing off for a year.
func TestClockSetRight(t *testing.T) {
	s := ask(t)
	s.answer = func(bus.Message) []bus.Message { return nil }
	s.run(1100 * time.Millisecond) // a question is open
	if len(s.payload.asked) != 1 {
		t.Fatalf("%d questions are open", len(s.payload.asked))
	}
	year := s.now.AddDate(1, 0, 0)
	s.payload.retry, s.payload.power.next = year, year
	for _, q := range s.payload.asked {
		q.again = year
	}
	s.payload.Tick(s.now)
	for _, q := range s.payload.asked {
		if q.again.After(s.now.Add(askAfter)) {
			t.Errorf("the question is asked again at %v", q.again)
		}
	}
	if p := s.payload; p.retry.After(s.now.Add(sendAgain)) || p.power.next.After(s.now.Add(powerEvery)) {
		t.Errorf("messages wait until %v, the power budget until %v", p.retry, p.power.next)
	}
}
