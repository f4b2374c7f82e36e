package process

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"sync"
	"testing"
	"time"

	"spacechain/clock"
	"spacechain/dtn/node"
	"spacechain/world/host"
)

// ear is a core that sends what it is told to and writes down what it hears.
type ear struct {
	mu    sync.Mutex
	heard []string
	links []string
	out   []node.OutFrame
}

func (e *ear) note(list *[]string, format string, args ...any) {
	e.mu.Lock()
	defer e.mu.Unlock()
	*list = append(*list, fmt.Sprintf(format, args...))
}

func (e *ear) LinkUp(_ time.Time, l node.LinkInfo) error {
	e.note(&e.links, "up %d", l.Peer)
	return nil
}
func (e *ear) LinkDown(_ time.Time, peer uint64) { e.note(&e.links, "down %d", peer) }
func (e *ear) Frame(now time.Time, peer uint64, frame []byte) {
	e.note(&e.heard, "%s from %d", frame, peer)
	_ = now
}
func (e *ear) Tick(time.Time)              {}
func (e *ear) NextWake() (time.Time, bool) { return time.Time{}, false }
func (e *ear) Drain(time.Time) []node.OutFrame {
	out := e.out
	e.out = nil
	return out
}

// end is one end of the link in TestWires.
type end struct {
	core  *ear
	wires *wires
	loop  *clock.Loop
}

// say has an end send frames now.
func (e *end) say(to uint64, frames ...string) {
	e.wires.host.Do(func(time.Time) {
		for _, f := range frames {
			e.core.out = append(e.core.out, node.OutFrame{Peer: to, Data: []byte(f)})
		}
	})
}

// Frames cross while a contact lasts, in order and not before their airtime and light
// time; before and after it, and from strangers, nothing is heard.
func TestWires(t *testing.T) {
	const speed = 100
	epoch := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	at := func(s int) time.Time { return epoch.Add(time.Duration(s) * time.Second) }
	pace := clock.Pace{Factor: speed, Wall: clock.Wall().Now(), Sim: epoch}
	contacts := &Contacts{Windows: []Window{{A: 1, B: 2, Start: at(60), End: at(240), RateAB: 8000, RateBA: 8000, OWLT: time.Second}}}

	sockets := [2]string{free(t), free(t)}
	var ends [2]*end
	for i := range ends {
		loop := clock.NewLoop(epoch)
		c := &Config{Node: uint64(i + 1), Listen: sockets[i], Peers: map[uint64]string{uint64(2 - i): sockets[1-i]}}
		w, err := newWires(c, loop, pace, func(err error) { t.Error(err) })
		if err != nil {
			t.Fatal(err)
		}
		e := &end{core: &ear{}, wires: w, loop: loop}
		w.host = host.New(loop, e.core, w, epoch, 0)
		w.schedule(contacts)
		ends[i] = e
	}
	a, b := ends[0], ends[1]
	var left, came time.Time
	a.loop.At(at(30), func() { a.say(2, "early") })
	a.loop.At(at(90), func() { left = a.loop.Now(); a.say(2, "one", "two") })
	a.loop.At(at(250), func() { a.say(2, "late") })
	b.loop.At(at(100), func() { b.say(1, "back") })
	b.loop.At(at(110), func() { b.say(7, "nobody") })
	stranger, err := net.Dial("udp", sockets[1])
	if err != nil {
		t.Fatal(err)
	}
	defer stranger.Close()
	b.loop.At(at(120), func() { _, _ = stranger.Write([]byte("strange")) })

	ctx, cancel := context.WithCancel(context.Background())
	var group sync.WaitGroup
	for _, e := range ends {
		group.Go(func() {
			err := e.wires.sock.read(ctx, func(from netip.AddrPort, data []byte) {
				if e == b && string(data) == "one" {
					came = pace.At(clock.Wall().Now())
				}
				e.wires.receive(from, data)
			})
			if !errors.Is(err, context.Canceled) {
				t.Error(err)
			}
		})
	}
	var loops sync.WaitGroup
	for _, e := range ends {
		loops.Go(func() {
			if err := e.loop.Run(ctx, at(400), pace); err != nil {
				t.Error(err)
			}
		})
	}
	loops.Wait()
	cancel()
	group.Wait()

	if got, want := fmt.Sprint(b.core.heard), "[one from 1 two from 1]"; got != want {
		t.Errorf("2 heard %s, want %s", got, want)
	}
	if got, want := fmt.Sprint(a.core.heard), "[back from 2]"; got != want {
		t.Errorf("1 heard %s, want %s", got, want)
	}
	if got, want := fmt.Sprint(a.core.links, b.core.links), "[up 2 down 2] [up 1 down 1]"; got != want {
		t.Errorf("links %s, want %s", got, want)
	}
	if d := came.Sub(left); d < time.Second {
		t.Errorf("a frame took %v, its light time is 1 s", d)
	}
}

// free gives a UDP address on which nobody listens.
func free(t *testing.T) string {
	t.Helper()
	c, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	return c.LocalAddr().String()
}
