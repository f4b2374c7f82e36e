package topology

import (
	"math"
	"strings"
	"testing"

	"spacechain/link/channel"
	"spacechain/link/radio"
)

// ends are all ends of all links.
func ends(r *Radios) []*End {
	return []*End{&r.Satellite, &r.Station, &r.SatelliteDirect, &r.Terminal, &r.ISL, &r.Cable}
}

// A trunk of link/radio needs as many transfer frames for units as is counted here.
func TestZonesAreTheTrunks(t *testing.T) {
	r := DefaultRadios()
	for _, e := range ends(&r) {
		for i := range e.Waves {
			w := &e.Waves[i]
			if w.Zone == 0 {
				continue
			}
			for _, size := range []int{1, 253, 254, e.MTUBytes} {
				trunk, err := radio.NewTrunk(w.Waveform, 1)
				if err != nil {
					t.Fatal(err)
				}
				const units = 100
				for range units {
					if err := trunk.Send(radio.Mesh, make([]byte, size)); err != nil {
						t.Fatal(err)
					}
				}
				frames := 0
				for ; trunk.Pending() > 0; frames++ {
					b, err := trunk.Next(nil)
					if err != nil || len(b) != w.FrameSize {
						t.Fatalf("a frame of %d octets, %v", len(b), err)
					}
				}
				if want := (units*w.Octets(size) + w.Zone - 1) / w.Zone; frames != want {
					t.Errorf("%s %s: %d units of %d octets in %d frames, counted %d", w.Name, w.Modem, units, size, frames, want)
				}
			}
		}
	}
}

// Waveforms of an end go from slow to fast, need more the faster they are, and give the
// convergence layer a little less than their frames carry.
func TestFamilies(t *testing.T) {
	r := DefaultRadios()
	for _, e := range ends(&r) {
		for i := range e.Waves {
			w := &e.Waves[i]
			if share := w.RateBps() / w.InfoRateBps; share < 0.9 || share >= 1 {
				t.Errorf("%s %s: units get %.3f of the rate", w.Name, w.Modem, share)
			}
			if w.Modem == "" || w.Coding == "" || w.Framing == "" {
				t.Errorf("%s does not say what it is", w.Name)
			}
			if w.Zone == 0 {
				continue
			}
			if fer := w.FrameErrorRate(w.NeedDBHz); math.Abs(math.Log10(fer/requiredFER)) > 0.01 {
				t.Errorf("%s %s: at what it needs it loses %g of its frames", w.Name, w.Modem, fer)
			}
			if i == 0 {
				continue
			}
			slower := &e.Waves[i-1]
			if more := w.NeedDBHz - slower.NeedDBHz - 10*math.Log10(w.SymbolRate/slower.SymbolRate); w.RateBps() <= slower.RateBps() || math.Abs(more) > 0.3 {
				t.Errorf("%s %s needs %.1f dBHz, the slower one %.1f", w.Name, w.Modem, w.NeedDBHz, slower.NeedDBHz)
			}
		}
	}
}

// The sender goes as fast as the path allows, and not at all where the slowest leaves no margin.
func TestAssess(t *testing.T) {
	r := DefaultRadios()
	tx, rx := &r.Satellite, &r.Station
	rate := math.Inf(1)
	for _, km := range []float64{600, 1200, 2400, 4800, 9600, 40000, 400000} {
		path := channel.Path{RangeKm: km, ElevationDeg: 30}
		b := Assess(tx, rx, path)
		if b.RateBps > rate {
			t.Errorf("at %g km %g bit/s, nearer by %g", km, b.RateBps, rate)
		}
		rate = b.RateBps
		if b.Wave == nil {
			if b.RateBps != 0 || b.FrameErrorRate != 1 || b.MarginDB >= rx.MarginDB {
				t.Errorf("at %g km: %+v", km, b)
			}
			continue
		}
		if b.MarginDB < rx.MarginDB || b.FrameErrorRate > requiredFER || math.Abs(b.EbN0DB-b.RequiredEbN0DB-b.MarginDB) > 1e-9 {
			t.Errorf("at %g km: %+v", km, b)
		}
		if i := len(tx.Waves) - 1; b.Wave != &tx.Waves[i] {
			if faster := AssessWith(tx, rx, &tx.Waves[i], path); faster.MarginDB >= rx.MarginDB {
				t.Errorf("at %g km %s would do", km, faster.Wave.Modem)
			}
		}
		if got, err := tx.wave(b.RateBps); err != nil || got != b.Wave {
			t.Errorf("%g bit/s is %v, %v", b.RateBps, got, err)
		}
	}
	if rate != 0 {
		t.Error("from the Moon it closes too")
	}
	if _, err := tx.wave(1234); err == nil || !strings.Contains(err.Error(), "S-band satellite has no waveform of 1234 bit/s") {
		t.Error(err)
	}
	cable := Assess(&r.Cable, &r.Cable, channel.Path{RangeKm: 1e4, Medium: channel.Fibre})
	if cable.Wave == nil || cable.FrameErrorRate != 0 || cable.RateBps != r.Cable.Waves[0].RateBps() {
		t.Errorf("cable %+v", cable)
	}
}
