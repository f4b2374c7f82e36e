package pass

import (
	"context"
	"errors"
	"fmt"
	"math"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"spacechain/link/cfdp"
	"spacechain/link/channel"
	"spacechain/spaceos/command"
	"spacechain/spaceos/sandbox"
	"spacechain/spaceos/system"
)

// box is a sandbox that the tests share.
var box = func() func(testing.TB) *system.Sandbox {
	var once sync.Once
	var b *system.Sandbox
	var err error
	return func(t testing.TB) *system.Sandbox {
		once.Do(func() {
			var e *sandbox.Engine
			if e, err = sandbox.NewEngine(sandbox.Options{Interpreter: true}); err == nil {
				b = system.NewSandbox(e)
			}
		})
		if err != nil {
			t.Fatal(err)
		}
		return b
	}
}()

func fly(t testing.TB, c Config) *Report {
	t.Helper()
	c.Sandbox = box(t)
	if testing.Verbose() && c.Tell == nil {
		c.Tell = func(e Event) { t.Log(e.At.Format("15:04:05.000"), e.Kind, e.Text) }
	}
	r, err := Fly(context.Background(), c)
	if err != nil {
		t.Fatal(err)
	}
	for _, l := range r.Links {
		t.Logf("%s %s: %d bursts, %d frames, %d lost (%d in fades), %d resent, Eb/N0 %.1f to %.1f dB",
			r.Depth, l.Name, l.Bursts, l.Sent, l.Lost, l.Faded, l.Resent, l.MinEbN0DB, l.MaxEbN0DB)
	}
	return r
}

// flown are passes that several tests look at.
var flown sync.Map

func flight1(t testing.TB, d Depth) *Report {
	if r, ok := flown.Load(d); ok {
		return r.(*Report)
	}
	r := fly(t, Config{Depth: d})
	flown.Store(d, r)
	return r
}

func (r *Report) link(t testing.TB, name string) LinkReport {
	t.Helper()
	for _, l := range r.Links {
		if l.Name == name {
			return l
		}
	}
	t.Fatalf("no link %s", name)
	return LinkReport{}
}

// check holds a pass against what it is for: nothing is lost and nothing done twice,
// although frames were lost.
func check(t testing.TB, r *Report) {
	t.Helper()
	if span := r.Set.Sub(r.Rise); span < 6*time.Minute || span > 14*time.Minute || r.PeakDeg < 30 || r.MostDopplerHz < 40e3 {
		t.Errorf("a pass of %v, %.1f degrees high, with a Doppler shift of %.0f Hz", span, r.PeakDeg, r.MostDopplerHz)
	}
	// The file.
	f := r.File
	if !f.Identical || f.Condition != cfdp.NoError.String() || f.Size < 64<<10-200 || f.Size > 64<<10 || f.Ended.IsZero() || f.Arrived.Before(f.Begun) {
		t.Errorf("the file: %+v", f)
	}
	a := r.App
	if a.Tenants != 1 || a.Installed.IsZero() || a.Code != command.OK || a.Replies != 1 || a.Results != 1 || a.Answered.Before(a.Installed) {
		t.Errorf("the app: %+v", a)
	}
	// The commands.
	if len(r.Commands) != 16 {
		t.Errorf("%d commands", len(r.Commands))
	}
	for _, c := range r.Commands {
		if c.State != "verified" || c.Verified.Before(c.Given) || c.Counted && c.Performed != 1 {
			t.Errorf("command %+v", c)
		}
	}
	// The sensor errs by 3 m an axis and 2 cm/s; the clock of the report is the fix's own.
	if o := r.Orbit; o.Reports < 10 || o.WorstM > 3*5*math.Sqrt(3) || o.WorstM == 0 || o.WorstMS > 0.02*6*math.Sqrt(3) || o.Beacons < 1 {
		t.Errorf("orbit measurements: %+v", o)
	}
	if s := r.Space; s.Forged+s.Replayed+s.Unsecured != 0 {
		t.Errorf("on board: %+v", s)
	}
}

// repaired asserts that the fades of the default pass cost frames, and that the protocols
// made up for them.
func repaired(t testing.TB, r *Report) {
	t.Helper()
	up, down, tc := r.link(t, "payload-up"), r.link(t, "payload-down"), r.link(t, "ttc-up")
	if up.Faded < 10 || up.Resent < 8000 || r.File.Octets <= r.File.Size || r.File.NAKs == 0 {
		t.Errorf("the fade cost the file nothing: %+v, %+v", up, r.File)
	}
	if down.Lost == 0 {
		t.Errorf("no answer of the file was lost: %+v", down)
	}
	if tc.Faded == 0 || tc.Resent == 0 || r.Control.FramesSent <= r.Space.FramesAccepted {
		t.Errorf("no telecommand was sent again: %+v, %+v", tc, r.Control)
	}
	if tm := r.link(t, "ttc-down"); tm.Faded < 5 || r.Control.FramesMissing != tm.Lost {
		t.Errorf("telemetry: %+v, the station misses %d", tm, r.Control.FramesMissing)
	}
	for _, l := range r.Links {
		if l.Lost > l.Faded+l.Sent/50 {
			t.Errorf("%s lost %d frames of %d, of which %d in fades", l.Name, l.Lost, l.Sent, l.Faded)
		}
	}
}

func TestPassByFrames(t *testing.T) {
	r := flight1(t, Frames)
	check(t, r)
	repaired(t, r)
}

// The whole pass, from rise to set, sample by sample wherever there is a signal.
func TestPassBySamples(t *testing.T) {
	r := flight1(t, Samples)
	check(t, r)
	repaired(t, r)
	if r.Samples < 15e6 {
		t.Errorf("only %d samples", r.Samples)
	}
}

// What the frames' curves say is what the modems do: the same frames, as many losses, the
// same times.
func TestDepthsAgree(t *testing.T) {
	a, b := flight1(t, Frames), flight1(t, Samples)
	for i, x := range a.Links {
		y := b.Links[i]
		near := func(what string, x, y, slack float64) {
			if math.Abs(x-y) > slack {
				t.Errorf("%s: %s %g by frames, %g by samples, want within %g", a.Links[i].Name, what, x, y, slack)
			}
		}
		near("frames", float64(x.Sent), float64(y.Sent), 3+0.03*float64(x.Sent))
		near("lost", float64(x.Lost), float64(y.Lost), 3+0.25*float64(x.Lost))
		near("airtime in s", x.Airtime.Seconds(), y.Airtime.Seconds(), 1+0.03*x.Airtime.Seconds())
		near("greatest Eb/N0", x.MaxEbN0DB, y.MaxEbN0DB, 1)
	}
	within := func(what string, x, y time.Time, slack time.Duration) {
		if d := x.Sub(y).Abs(); d > slack {
			t.Errorf("%s: %v by frames, %v by samples, want within %v", what, x, y, slack)
		}
	}
	// A frame of the payload takes 32 ms, one of telemetry 430 ms; where another one is
	// lost a round of COP-1 more is 12 s.
	within("file arrives", a.File.Arrived, b.File.Arrived, 300*time.Millisecond)
	within("file ends", a.File.Ended, b.File.Ended, 2*time.Second+300*time.Millisecond)
	within("answer", a.App.Answered, b.App.Answered, time.Second)
	late := 0
	for i, c := range a.Commands {
		if d := c.Verified.Sub(b.Commands[i].Verified).Abs(); d > 12*time.Second+450*time.Millisecond {
			t.Errorf("command %d is verified %v apart", i, d)
		} else if d > 450*time.Millisecond {
			late++
		}
	}
	if late > 3 {
		t.Errorf("%d commands are verified at other times", late)
	}
}

// One seed, one history; another seed, another one.
func TestSameSeedSameHistory(t *testing.T) {
	for _, d := range []Depth{Frames, Samples} {
		if d == Samples && testing.Short() {
			continue
		}
		first := flight1(t, d)
		if again := fly(t, Config{Depth: d}); again.Digest != first.Digest {
			t.Errorf("%v: the same seed gives %s and %s", d, first.Digest, again.Digest)
		}
	}
	if other := fly(t, Config{Seed: 1}); other.Digest == flight1(t, Frames).Digest {
		t.Error("another seed gives the same history")
	}
}

// rough is a pass with many short fades of all links.
func rough(course *Course, seed int) Config {
	c := Config{Course: course, Seed: uint64(seed), Tell: func(Event) {}}
	for i := range 12 {
		at := time.Duration((seed*37+i*41)%380) * time.Second
		c.Fades = append(c.Fades, Fade{After: at, For: time.Duration(1+(seed+i)%9) * time.Second, BelowDB: 10})
	}
	return c
}

func manySeeds(t *testing.T, d Depth, n int) {
	t.Helper()
	course, err := Plan(Config{})
	if err != nil {
		t.Fatal(err)
	}
	for seed := range n {
		c := rough(course, seed)
		c.Depth, c.Sandbox = d, box(t)
		r, err := Fly(context.Background(), c)
		if err != nil {
			t.Fatalf("seed %d: %v", seed, err)
		}
		if r.Orbit.Beacons == 0 {
			r.Orbit.Beacons = 1 // a fade may well hit the only one
		}
		if check(t, r); t.Failed() {
			t.Fatalf("seed %d", seed)
		}
	}
}

// Many histories, each with fades of its own.
func TestManySeeds(t *testing.T) {
	if os.Getenv("SPACECHAIN_LONG") == "" {
		manySeeds(t, Frames, 25)
		return
	}
	manySeeds(t, Frames, 1000)
	manySeeds(t, Samples, 10)
}

// The payload computer is cut off from power in the middle of the file, and goes on from its
// store: what had come before is not sent again.
func TestRebootInTheMiddleOfTheFile(t *testing.T) {
	c := Config{Fades: []Fade{}, Reboot: 41200 * time.Millisecond}
	r := fly(t, c)
	check(t, r)
	f := r.File
	if again := f.Octets - f.Size; again < 32<<10 || again > 44<<10 {
		t.Errorf("%d octets were sent again: %+v", again, f)
	}
	if took := f.Arrived.Sub(f.Begun); took < downTime || took > downTime+10*time.Second {
		t.Errorf("it took %v", took)
	}
}

// Without fades next to nothing is lost, at either depth.
func TestClearSky(t *testing.T) {
	c := Config{Fades: []Fade{}, Shimmer: channel.Fading{ScatterDB: -30, RateHz: 0.5}, AppOctets: 20 << 10, Commands: 4}
	r := fly(t, c)
	for _, l := range r.Links {
		if l.Lost > 0 {
			t.Errorf("%s lost %d frames of %d", l.Name, l.Lost, l.Sent)
		}
	}
	if r.File.Octets != r.File.Size || r.File.Size > 20<<10 || r.App.Code != command.OK {
		t.Errorf("%+v, %+v", r.File, r.App)
	}
}

// A package that the gate does not like arrives all the same, and is refused by it.
func TestRefusedByTheGate(t *testing.T) {
	c := Config{Package: []byte("no package"), Commands: -1}
	r := fly(t, c)
	if r.App.Tenants != 0 || r.App.Code == command.OK || r.App.Replies != 1 || !r.File.Identical || len(r.Commands) != 0 {
		t.Errorf("%+v, %+v", r.App, r.File)
	}
}

func TestFlyErrors(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := Fly(ctx, Config{Sandbox: box(t)}); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
	if _, err := Fly(context.Background(), Config{PeakDeg: 89.9999, Sandbox: box(t)}); err == nil || !strings.Contains(err.Error(), "has none") {
		t.Errorf("a pass that there is not: %v", err)
	}
	if _, err := ParseDepth("bits"); err == nil {
		t.Error("a depth that there is not is taken")
	}
	for _, d := range []Depth{Frames, Samples} {
		if got, err := ParseDepth(fmt.Sprint(d)); got != d || err != nil {
			t.Errorf("%v: %v, %v", d, got, err)
		}
	}
}

// The whole pass with both carriers of the payload on from rise to set and every receiver
// listening to every sample.
func TestPassBySamplesAllTheTime(t *testing.T) {
	if os.Getenv("SPACECHAIN_LONG") == "" {
		t.Skip("several minutes; set SPACECHAIN_LONG=1, or run make pass-long")
	}
	r := fly(t, Config{Depth: Samples, Listen: true})
	check(t, r)
	if r.Samples < 1e9 {
		t.Errorf("only %d samples", r.Samples)
	}
}
