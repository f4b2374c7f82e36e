package radio

import (
	"testing"
	"time"
)

func TestBurst(t *testing.T) {
	w := TTCUp()
	at := time.Date(2026, 11, 23, 0, 0, 0, 0, time.UTC)
	b := Burst{At: at, Waveform: w, Frames: [][]byte{make([]byte, 40), make([]byte, 90)}}
	first, second := w.Airtime(40), w.Airtime(90)
	if got := b.End().Sub(at); got != w.Lead()+first+second+w.Tail() {
		t.Errorf("lasts %v", got)
	}
	for i, want := range []time.Duration{w.Lead() + first, w.Lead() + first + second} {
		if got := b.Arrival(i, 7*time.Millisecond).Sub(at); got != want+7*time.Millisecond {
			t.Errorf("frame %d arrives after %v", i, got)
		}
	}
	b.IdleTo = at.Add(time.Minute)
	if got := b.End().Sub(at); got != time.Minute+w.Tail() {
		t.Errorf("kept up, it lasts %v", got)
	}
}
