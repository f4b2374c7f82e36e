// Package ladder makes noise ladders: frames of AX.25 in noise that grows from frame to frame, as
// direwolf's gen_packets makes them, to count how many a receiver hears. The noise comes from a
// seed, so that a figure can be held against noise that nobody has tuned to.
package ladder

import (
	"fmt"
	"math/rand/v2"
	"regexp"
	"strconv"

	"spacechain/link/ax25"
	"spacechain/link/modem"
)

// Rate is the sample rate of ladders, hertz.
const Rate = 44100

// Ladder is a kind of ladder. The amplitudes of signal and noise are those measured in files of
// gen_packets: the noise is spread evenly between bounds that grow in proportion to the frame's
// number.
type Ladder struct {
	Name string // of the modem, as link decode has it
	Line ax25.Line
	// Amplitude of the signal, and Noise of the largest sample in the last frame, of full scale.
	Amplitude, Noise float64
	// Direwolf and Multimon are how many frames of 100 direwolf 1.6 (atest) and multimon-ng 1.2.0
	// hear in gen_packets' own file; 0 where it was not tried.
	Direwolf, Multimon int
	// Least is how many ours must hear.
	Least int

	open func(rate, amplitude float64) (modulator, error)
}

type modulator interface {
	Modulate(dst []float32, bits []byte) []float32
}

// The ladders.
var (
	AFSK1200 = Ladder{Name: "afsk1200", Line: ax25.LineAFSK, Amplitude: 0.25, Noise: 0.577, Direwolf: 67, Multimon: 56, Least: 93,
		open: func(rate, amplitude float64) (modulator, error) {
			return modem.NewAFSKModulator(modem.Bell202, rate, amplitude)
		}}
	G3RUH9600 = Ladder{Name: "g3ruh9600", Line: ax25.LineG3RUH, Amplitude: 0.27, Noise: 0.404, Direwolf: 61, Least: 72,
		open: func(rate, amplitude float64) (modulator, error) {
			return modem.NewFSKModulator(modem.G3RUH9600, rate, amplitude)
		}}
)

// All lists the ladders.
func All() []Ladder { return []Ladder{AFSK1200, G3RUH9600} }

// Signal appends the audio of levels, one a byte, at a sample rate in hertz.
func (l Ladder) Signal(levels []byte, rate float64) ([]float32, error) {
	m, err := l.open(rate, l.Amplitude)
	if err != nil {
		return nil, fmt.Errorf("ladder %s: %w", l.Name, err)
	}
	return m.Modulate(nil, levels), nil
}

// most is how many frames a ladder has at most: their numbers have four digits.
const most = 9999

// Audio makes a ladder of n frames at [Rate]. The same seed gives the same noise.
func (l Ladder) Audio(n int, seed uint64) ([]float32, error) {
	if n < 1 || n > most {
		return nil, fmt.Errorf("ladder %s: %d frames, want 1 to %d", l.Name, n, most)
	}
	rng := rand.New(rand.NewPCG(seed, 0x1adde2))
	var x []float32
	for i := 1; i <= n; i++ {
		data, err := ax25.UI(ax25.Address{Call: "TEST"}, ax25.Address{Call: "DK0XYZ", SSID: 11},
			fmt.Appendf(nil, ",The quick brown fox jumps over the lazy dog!  %04d of %04d", i, n)).Encode()
		if err != nil {
			return nil, fmt.Errorf("ladder %s: %w", l.Name, err)
		}
		f := ax25.NewFramer(l.Line)
		y, err := l.Signal(f.Flags(f.Frame(f.Flags(nil, 32), data), 8), Rate)
		if err != nil {
			return nil, err
		}
		top := l.Noise * float64(i) / float64(n)
		for j := range y {
			y[j] += float32(top * (2*rng.Float64() - 1))
		}
		x = append(x, y...)
	}
	return x, nil
}

var numbered = regexp.MustCompile(`lazy dog!  (\d{4}) of (\d{4})$`)

// Count tells how many different frames of a ladder, ours or gen_packets', are among frames
// without their check sequences, and how many others.
func Count(frames [][]byte) (heard, others int) {
	seen := map[int]bool{}
	for _, f := range frames {
		m := numbered.FindSubmatch(f)
		if m == nil {
			others++
			continue
		}
		n, err := strconv.Atoi(string(m[1]))
		of, err2 := strconv.Atoi(string(m[2]))
		if err != nil || err2 != nil || n < 1 || n > of || seen[n] {
			others++
			continue
		}
		seen[n] = true
	}
	return len(seen), others
}
