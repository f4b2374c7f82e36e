package cop1

import (
	"container/heap"
	"math/rand/v2"
	"testing"
	"time"

	"pgregory.net/rapid"

	"spacechain/link/frame"
)

// flight is something under way between the two ends.
type flight struct {
	at    time.Time
	order int
	tc    *frame.TCFrame
	clcw  *[4]byte
}

type flights []flight

func (f flights) Len() int { return len(f) }
func (f flights) Less(i, j int) bool {
	if f[i].at.Equal(f[j].at) {
		return f[i].order < f[j].order
	}
	return f[i].at.Before(f[j].at)
}
func (f flights) Swap(i, j int) { f[i], f[j] = f[j], f[i] }
func (f *flights) Push(x any)   { *f = append(*f, x.(flight)) }
func (f *flights) Pop() any {
	old := *f
	x := old[len(old)-1]
	*f = old[:len(old)-1]
	return x
}

// pair is a FOP and a FARM with a bad channel between.
type pair struct {
	fop  *FOP
	farm *FARM
	rng  *rand.Rand
	air  flights
	now  time.Time
	n    int

	loss, twice float64       // of frames and of CLCWs
	jitter      time.Duration // of the delay, which lets things overtake each other
	busy        float64       // how often the FARM has no room

	next      uint64 // the next unit to hand in
	units     uint64
	delivered []uint64
	confirmed []uint64
	alerts    []Reason
	suspended int
}

func (p *pair) launch(f flight) {
	for {
		p.n++
		f.order = p.n
		if p.rng.Float64() >= p.loss {
			f.at = p.now.Add(300 * time.Millisecond)
			if p.jitter > 0 {
				f.at = f.at.Add(time.Duration(p.rng.Int64N(int64(p.jitter))))
			}
			heap.Push(&p.air, f)
		}
		if p.rng.Float64() >= p.twice {
			return
		}
	}
}

func (p *pair) handle(out []Output) {
	for i := 0; i < len(out); i++ {
		switch o := out[i]; o.Kind {
		case Send:
			tc := o.Frame.TC(7, false)
			tc.Data = append([]byte(nil), tc.Data...)
			p.launch(flight{tc: &tc})
			out = append(out, p.fop.Radiated(p.now, o.Frame.Type, true)...)
		case Confirm:
			if !o.Directive {
				p.confirmed = append(p.confirmed, o.ID)
			}
		case Alert:
			p.alerts = append(p.alerts, o.Reason)
		case Suspended:
			p.suspended++
		}
	}
}

// run lets the units go across until all are confirmed, the service has ended or the time
// is over.
func (p *pair) run(limit time.Duration) {
	end := p.now.Add(limit)
	report := p.now
	for p.now.Before(end) && len(p.alerts) == 0 && uint64(len(p.confirmed)) < p.units {
		for p.next < p.units && p.fop.Ready() {
			p.handle(p.fop.Transfer(p.now, FDU{ID: p.next, Data: []byte{byte(p.next), byte(p.next >> 8)}}))
			p.next++
		}
		if p.suspended > 0 {
			p.suspended--
			p.handle(p.fop.Direct(p.now, Directive{Order: Resume}))
		}
		// The next thing: an arrival, a report, the timer.
		at := report
		if len(p.air) > 0 && p.air[0].at.Before(at) {
			at = p.air[0].at
		}
		if d, ok := p.fop.Deadline(); ok && d.Before(at) {
			at = d
		}
		p.now = at
		if !report.After(at) {
			if p.farm.State() == Wait && p.rng.Float64() >= p.busy {
				p.farm.Release()
			}
			w := p.farm.CLCW().Encode()
			p.launch(flight{clcw: &w})
			report = report.Add(250 * time.Millisecond)
		}
		for len(p.air) > 0 && !p.air[0].at.After(at) {
			f := heap.Pop(&p.air).(flight)
			if f.tc != nil {
				if p.farm.Frame(f.tc, p.rng.Float64() >= p.busy) && !f.tc.Bypass {
					p.delivered = append(p.delivered, uint64(f.tc.Data[0])|uint64(f.tc.Data[1])<<8)
				}
				continue
			}
			w, err := frame.DecodeCLCW(*f.clcw)
			if err != nil {
				panic(err)
			}
			p.handle(p.fop.CLCW(p.now, w))
		}
		p.handle(p.fop.Tick(p.now))
	}
}

func newPair(t rapid.TB, c Config, window int, seed uint64) *pair {
	fop, err := NewFOP(c)
	if err != nil {
		t.Fatal(err)
	}
	farm, err := NewFARM(c.VC, window)
	if err != nil {
		t.Fatal(err)
	}
	return &pair{fop: fop, farm: farm, rng: rand.New(rand.NewPCG(seed, 1)), now: noon}
}

// TestDeliveryInOrderOnce: over a channel that loses, repeats, delays and reorders, what
// was handed in arrives once and in order, and what was confirmed has arrived; when that
// cannot go on an alert is raised.
func TestDeliveryInOrderOnce(t *testing.T) {
	var whole, ended int
	rapid.Check(t, func(t *rapid.T) {
		window := 2 * rapid.IntRange(1, 127).Draw(t, "half window")
		c := Config{
			VC:      3,
			Window:  rapid.IntRange(1, window/2).Draw(t, "window"),
			Timeout: time.Duration(rapid.IntRange(700, 4000).Draw(t, "timeout")) * time.Millisecond,
			Limit:   rapid.IntRange(1, 30).Draw(t, "limit"),
			Suspend: rapid.Bool().Draw(t, "suspend"),
		}
		p := newPair(t, c, window, rapid.Uint64().Draw(t, "seed"))
		p.loss = rapid.SampledFrom([]float64{0, 0.01, 0.1, 0.3, 0.6}).Draw(t, "loss")
		p.twice = rapid.SampledFrom([]float64{0, 0.05, 0.3}).Draw(t, "twice")
		p.busy = rapid.SampledFrom([]float64{0, 0.05, 0.5}).Draw(t, "busy")
		p.jitter = rapid.SampledFrom([]time.Duration{0, 0, 0, 50 * time.Millisecond, time.Second}).Draw(t, "jitter")
		p.units = uint64(rapid.IntRange(1, 600).Draw(t, "units"))
		start := rapid.IntRange(0, 255).Draw(t, "first number")
		p.farm.vr = uint8(start)
		p.handle(p.fop.Direct(p.now, Directive{Order: SetVS, Value: start}))
		p.handle(p.fop.Direct(p.now, Directive{Order: InitiateWithoutCheck}))
		p.run(30 * time.Minute)
		for i, id := range p.delivered {
			if id != uint64(i) {
				t.Fatalf("unit %d delivered at place %d", id, i)
			}
		}
		for i, id := range p.confirmed {
			if id != uint64(i) || i >= len(p.delivered) {
				t.Fatalf("unit %d confirmed at place %d of %d delivered", id, i, len(p.delivered))
			}
		}
		switch {
		case len(p.alerts) > 0:
			ended++
			if p.fop.State() != Initial {
				t.Fatalf("alert %v and still %v", p.alerts, p.fop.State())
			}
		case uint64(len(p.confirmed)) == p.units:
			whole++
			if uint64(len(p.delivered)) != p.units {
				t.Fatalf("%d of %d delivered, all confirmed", len(p.delivered), p.units)
			}
		default:
			// Neither done nor over: allowed only while it is still going on.
			if _, running := p.fop.Deadline(); !running && p.fop.State() != Initial && p.next == p.units {
				t.Fatalf("stuck in %v with %d of %d confirmed", p.fop.State(), len(p.confirmed), p.units)
			}
		}
	})
	if whole == 0 || ended == 0 {
		t.Errorf("%d runs came through, %d ended in an alert: the cases are one-sided", whole, ended)
	}
}

// TestLockoutAndRecovery: a FOP whose numbers are wrong drives the FARM into lockout, sees
// it, and comes back with an Unlock and with a Set V(R).
func TestLockoutAndRecovery(t *testing.T) {
	p := newPair(t, Config{VC: 3, Window: 5, Timeout: 2 * time.Second, Limit: 3}, 10, 1)
	p.units = 10
	p.handle(p.fop.Direct(p.now, Directive{Order: SetVS, Value: 100}))
	p.handle(p.fop.Direct(p.now, Directive{Order: InitiateWithoutCheck}))
	p.run(time.Minute)
	// The first report was on its way before the FARM was locked.
	if len(p.alerts) != 1 || p.alerts[0] != InvalidNR || p.farm.State() != Locked {
		t.Fatalf("alerts %v, farm %v", p.alerts, p.farm.State())
	}
	// A check of the CLCW alone finds the lockout.
	p.alerts, p.air = nil, nil
	p.handle(p.fop.Direct(p.now, Directive{Order: InitiateWithCheck}))
	p.run(time.Minute)
	if len(p.alerts) != 1 || p.alerts[0] != Lockout {
		t.Fatalf("alerts %v", p.alerts)
	}
	// Set V(R) does nothing in lockout, so an Unlock goes first, with V(S) as the FARM has it.
	p.alerts, p.air, p.next, p.delivered, p.confirmed = nil, nil, 0, nil, nil
	p.handle(p.fop.Direct(p.now, Directive{Order: SetVS, Value: int(p.farm.VR())}))
	p.handle(p.fop.Direct(p.now, Directive{Order: InitiateWithUnlock}))
	p.run(time.Minute)
	if len(p.alerts) > 0 || len(p.delivered) != 10 || p.farm.State() != Open || p.fop.State() != Active {
		t.Fatalf("after unlock: alerts %v, %d delivered, %v, %v", p.alerts, len(p.delivered), p.farm.State(), p.fop.State())
	}
	p.handle(p.fop.Direct(p.now, Directive{Order: Terminate}))
	p.alerts, p.air, p.next, p.delivered, p.confirmed = nil, nil, 0, nil, nil
	p.handle(p.fop.Direct(p.now, Directive{Order: InitiateWithSetVR, Value: 250}))
	p.run(time.Minute)
	if len(p.alerts) > 0 || len(p.delivered) != 10 || p.farm.VR() != 4 {
		t.Fatalf("after set V(R): alerts %v, %d delivered, V(R) %d", p.alerts, len(p.delivered), p.farm.VR())
	}
}

// TestBDPassesByTheSequence: BD frames go in every state of both ends.
func TestBDPassesByTheSequence(t *testing.T) {
	p := newPair(t, Config{VC: 3}, 10, 1)
	p.farm.state, p.farm.lockout = Locked, true
	out := p.fop.TransferBD(p.now, FDU{ID: 9, Data: []byte("hello")})
	if len(out) != 2 || out[0].Kind != Accept || out[1].Kind != Send {
		t.Fatalf("outputs %v", out)
	}
	tc := out[1].Frame.TC(7, false)
	if !tc.Bypass || tc.Control || !p.farm.Frame(&tc, true) || p.farm.CLCW().FARMB != 1 {
		t.Fatalf("frame %+v, clcw %+v", tc, p.farm.CLCW())
	}
	if out := p.fop.TransferBD(p.now, FDU{ID: 10}); len(out) != 1 || out[0].Kind != Reject {
		t.Fatalf("a second one at once: %v", out)
	}
	if out := p.fop.Radiated(p.now, BD, true); len(out) != 1 || out[0].Kind != Confirm || out[0].ID != 9 {
		t.Fatalf("sent: %v", out)
	}
}

func TestForeignCLCWIsIgnored(t *testing.T) {
	p := newPair(t, Config{VC: 3}, 10, 1)
	p.handle(p.fop.Direct(p.now, Directive{Order: InitiateWithoutCheck}))
	for _, w := range []frame.CLCW{{COP: 1, VC: 4, Lockout: true}, {COP: 2, VC: 3, Lockout: true}, {COP: 0, VC: 3, Lockout: true}} {
		if out := p.fop.CLCW(p.now, w); out != nil || p.fop.State() != Active {
			t.Errorf("%+v: %v, %v", w, out, p.fop.State())
		}
	}
}

// FuzzFOP feeds a FOP any events in any order: it never panics, and its queues keep to
// the window.
func FuzzFOP(f *testing.F) {
	f.Add([]byte{0, 0, 1, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 200, 100, 50})
	f.Add([]byte{3, 23, 0, 0, 1, 0, 2, 1, 5, 0, 2, 0x81, 6, 6, 6, 6, 6})
	f.Fuzz(func(t *testing.T, b []byte) {
		fop, err := NewFOP(Config{VC: 3, Window: 7, Limit: 2, Timeout: time.Second})
		if err != nil {
			t.Fatal(err)
		}
		now := noon
		for len(b) >= 2 {
			x := b[1]
			switch b[0] % 8 {
			case 0, 1:
				fop.Transfer(now, FDU{ID: uint64(x)})
			case 2:
				fop.CLCW(now, frame.CLCW{COP: 1, VC: 3, ReportValue: fop.nnr + x&15 - 2, Wait: x&16 != 0, Retransmit: x&32 != 0, Lockout: x&0xc0 == 0xc0})
			case 3:
				fop.Direct(now, Directive{Order: Order(x & 15), Value: int(x >> 4), Timeout: time.Second})
			case 4:
				fop.Radiated(now, FrameType(x%3), x&0x80 == 0)
			case 5:
				now = now.Add(time.Duration(x) * 20 * time.Millisecond)
				fop.Tick(now)
			case 6:
				fop.TransferBD(now, FDU{ID: uint64(x)})
			case 7:
				fop.InvalidCLCW(now)
			}
			b = b[2:]
			if fop.state < Active || fop.state > Initial || len(fop.waiting) > 1 || len(fop.sent) > 255 {
				t.Fatalf("state %v, %d waiting, %d sent", fop.state, len(fop.waiting), len(fop.sent))
			}
			if n := int(fop.vs - fop.nnr); fop.state <= RetransmitWithWait && n != len(fop.sent) {
				t.Fatalf("%v: V(S) %d, NN(R) %d, %d sent", fop.state, fop.vs, fop.nnr, len(fop.sent))
			}
		}
	})
}

func BenchmarkFOPAndFARM(b *testing.B) {
	fop, err := NewFOP(Config{VC: 3, Window: 50})
	if err != nil {
		b.Fatal(err)
	}
	farm, err := NewFARM(3, 200)
	if err != nil {
		b.Fatal(err)
	}
	fop.Direct(noon, Directive{Order: InitiateWithoutCheck})
	data := make([]byte, 200)
	b.ReportAllocs()
	for i := range b.N {
		for _, o := range fop.Transfer(noon, FDU{ID: uint64(i), Data: data}) {
			if o.Kind == Send {
				tc := o.Frame.TC(7, false)
				farm.Frame(&tc, true)
				fop.Radiated(noon, AD, true)
			}
		}
		fop.CLCW(noon, farm.CLCW())
	}
	if farm.Accepted != uint64(b.N) {
		b.Fatalf("%d of %d accepted", farm.Accepted, b.N)
	}
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "frames/s")
}
