package budget

import (
	"math"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

func mustTumble(t *testing.T, a Antenna, s *Spin, p *Polarisation) Distribution {
	t.Helper()
	d, err := Tumble(a, s, p)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// An antenna that tumbles with no preferred attitude has the mean gain of an isotropic one, 0 dBi;
// closed forms give the rest: the turnstile's power 3/4 (1 + u²) with u uniform exceeds its median at
// u = 1/2, and its least tenth ends at u = 0.1.
func TestIsotropicTumbling(t *testing.T) {
	d := mustTumble(t, Turnstile{}, nil, nil)
	near(t, "mean", d.MeanDBi(), 0, 1e-5)
	near(t, "median", d.ExceededDBi(0.5), decibels(0.75*1.25), 1e-3)
	near(t, "exceeded in 90 %", d.ExceededDBi(0.9), decibels(0.75*1.01), 1e-3)
	near(t, "least", d.MinDBi(), decibels(0.75), 1e-3)
	near(t, "greatest", d.MaxDBi(), decibels(1.5), 2e-3)
	near(t, "below the median", d.Below(decibels(0.75*1.25)), 0.5, 1e-3)
	near(t, "below the least", d.Below(-10), 0, 0)
	near(t, "below the greatest", d.Below(10), 1, 0)
	near(t, "always exceeded", d.ExceededDBi(1), d.MinDBi(), 0)
	near(t, "never exceeded", d.ExceededDBi(0), d.MaxDBi(), 0)

	// A patch of cos^n (n = 1.23 for 6.5 dBi) is above half power within 55.3 degrees of its axis, 21.5 % of
	// the sphere; behind, half of the attitudes have 20 dB less than the peak.
	p := mustTumble(t, Patch{PeakDBi: 6.5, FrontToBackDB: 20}, nil, nil)
	n := ratio(6.5)/2 - 1
	near(t, "patch above half power", 1-p.Below(6.5-3.0103), (1-math.Pow(0.5, 1/n))/2, 1e-3)
	near(t, "patch, deep", p.ExceededDBi(0.6), -13.5, 1e-9)
	// Two of them leave only the waist.
	two := mustTumble(t, Opposite{Patch{PeakDBi: 6.5, FrontToBackDB: 20}}, nil, nil)
	near(t, "two patches, median", two.ExceededDBi(0.5), 6.5+10*n*math.Log10(0.5), 0.01)
}

// Spinning about the antenna's own axis changes nothing; about an axis across it the angle to a peer
// in the spin's plane is uniform.
func TestSpinning(t *testing.T) {
	still := mustTumble(t, Turnstile{}, &Spin{PeerDeg: 60}, nil)
	near(t, "least", still.MinDBi(), decibels(0.75*1.25), 1e-9)
	near(t, "greatest", still.MaxDBi(), decibels(0.75*1.25), 1e-9)
	// 3/4 (1 + cos² x) with x uniform: mean 3/4 · 3/2 = 1.125.
	wheel := mustTumble(t, Turnstile{}, &Spin{AntennaDeg: 90, PeerDeg: 90}, nil)
	near(t, "mean", wheel.MeanDBi(), decibels(1.125), 1e-6)
	near(t, "median", wheel.ExceededDBi(0.5), decibels(1.125), 1e-3)
	// With the peer anywhere it is a sphere again, whatever the spin: the mean is 0 dBi.
	any := mustTumble(t, Turnstile{}, &Spin{AntennaDeg: 37, AnyPeer: true}, nil)
	near(t, "mean over all peers", any.MeanDBi(), 0, 2e-3)
}

// What a station hears of a turnstile: with one hand only, the side that shows the other is lost;
// with both, at most the 3 dB between circular and linear.
func TestTumblingAndPolarisation(t *testing.T) {
	right, both := Polarisation{Sense: RightHand}, Polarisation{Sense: EitherHand}
	one, two := mustTumble(t, Turnstile{}, nil, &right), mustTumble(t, Turnstile{}, nil, &both)
	// Right-handed power of crossed dipoles: 3/8 (1+u)², exceeded in 90 % at u = -0.8.
	near(t, "one hand, exceeded in 90 %", one.ExceededDBi(0.9), decibels(0.375*0.04), 0.02)
	near(t, "one hand, mean", one.MeanDBi(), decibels(0.5), 1e-3)
	// The better hand: 3/8 (1+|u|)², at least 3/8.
	near(t, "both hands, exceeded in 90 %", two.ExceededDBi(0.9), decibels(0.375*1.21), 0.01)
	near(t, "both hands, least", two.MinDBi(), decibels(0.375), 0.01)
}

// The outage that a budget names is the share of attitudes without margin.
func TestOutage(t *testing.T) {
	l := mustPreset(t, "ttc-down")
	l.Signal.RequiredEbN0DB = 0
	b := mustBudget(t, l)
	// Exactly at the gain exceeded in 90 %, a tenth of the attitudes is lost.
	l.Signal.RequiredEbN0DB = b.MarginDB
	b = mustBudget(t, l)
	near(t, "margin", b.MarginDB, 0, 1e-9)
	near(t, "outage", b.Outage, 0.1, 1e-3)
	l.Transmitter.Pointing.Share = 0.5
	c := mustBudget(t, l)
	near(t, "outage does not depend on the share asked for", c.Outage, b.Outage, 1e-3)
	if c.MarginDB <= b.MarginDB || !strings.Contains(c.Table(), "10 % of attitudes") {
		t.Errorf("half of the attitudes leave %g dB, nine tenths %g dB:\n%s", c.MarginDB, b.MarginDB, c.Table())
	}
	l.Transmitter.Pointing.Spin = &Spin{AntennaDeg: 90, PeerDeg: 90}
	if d := mustBudget(t, l); d.Outage >= c.Outage {
		t.Errorf("a cartwheel that shows the axis loses %g, tumbling %g", d.Outage, c.Outage)
	}
}

func TestDistributionsAreOrdered(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := &Spin{AntennaDeg: rapid.Float64Range(0, 180).Draw(t, "antenna"), PeerDeg: rapid.Float64Range(0, 180).Draw(t, "peer"), AnyPeer: rapid.Bool().Draw(t, "any")}
		d, err := Tumble(Patch{PeakDBi: 7, FrontToBackDB: 18}, s, nil)
		if err != nil {
			t.Fatal(err)
		}
		a, b := rapid.Float64Range(0, 1).Draw(t, "a"), rapid.Float64Range(0, 1).Draw(t, "b")
		if (a < b) != (d.ExceededDBi(a) >= d.ExceededDBi(b)) && d.ExceededDBi(a) != d.ExceededDBi(b) {
			t.Fatalf("exceeded in %g: %g, in %g: %g", a, d.ExceededDBi(a), b, d.ExceededDBi(b))
		}
		g := d.ExceededDBi(a)
		if below := d.Below(g); below > 1-a+1e-3 {
			t.Fatalf("%g of attitudes are below what is exceeded in %g", below, a)
		}
		if m := d.MeanDBi(); m < d.MinDBi()-1e-9 || m > d.MaxDBi()+1e-9 {
			t.Fatalf("the mean is %g", m)
		}
	})
	if _, err := Tumble(nil, nil, nil); err == nil {
		t.Error("nothing tumbles")
	}
}
