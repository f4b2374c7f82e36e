package radio

import (
	"time"
)

// Burst is one keying of a transmitter: from At on the carrier's lead, the frames one after
// the other, the tail.
type Burst struct {
	At       time.Time
	Waveform Waveform
	Frames   [][]byte
	// IdleTo keeps the carrier on, with idle frames, up to then; zero ends the burst after
	// the last frame.
	IdleTo time.Time
}

// End is when the carrier goes off.
func (b Burst) End() time.Time {
	end := b.At.Add(b.Waveform.Lead())
	for _, f := range b.Frames {
		end = end.Add(b.Waveform.Airtime(len(f)))
	}
	if b.IdleTo.After(end) {
		end = b.IdleTo
	}
	return end.Add(b.Waveform.Tail())
}

// Arrival is when a frame of the burst, counted from 0, is complete at a receiver to which
// the signal takes so long.
func (b Burst) Arrival(frame int, light time.Duration) time.Time {
	at := b.At.Add(b.Waveform.Lead() + light)
	for _, f := range b.Frames[:min(frame+1, len(b.Frames))] {
		at = at.Add(b.Waveform.Airtime(len(f)))
	}
	return at
}
