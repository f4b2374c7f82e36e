package receive

import "spacechain/link/modem/tnc"

const (
	flagBits   = 8
	flagRun    = 40 * flagBits // bits of flags that mislead a demodulator, fewer than which do not
	flagBefore = 48 * flagBits // bits that a new one is given of what has been
	flagLife   = 16384         // bits that it lives for without a frame
)

// flagRuns has a second receiver listen to what follows a long run of flags. Over FSK without a
// scrambler flags are high for seven bits of eight, or low: hundreds of them teach a demodulator
// a wrong middle, as some satellites do that send nothing else before a frame. One that is
// started a short while before the run ends is not misled.
//
// The run shows by its period: samples are like those of eight bits before.
type flagRuns struct {
	rate, baud float64
	open       func() (*tnc.Receiver, error)
	complex    bool
	fresh      *tnc.Receiver
	born       int64 // samples taken when it began to listen, what it was given of the past not counted
	base       int64 // sample that its first one was

	ring  []complex64 // the last samples
	taken int64
	lag   int64
	keep  int // samples a new receiver is given
	part  int // samples that are looked at together
	gain  float32
	alike complex64 // mean product with what was a period before
	power float32
	run   int // samples for which there have been flags
	audio []float32
	found []tnc.Frame
}

func newFlagRuns(baud, rate float64, open func() (*tnc.Receiver, error)) *flagRuns {
	f := &flagRuns{rate: rate, baud: baud, open: open}
	bit := rate / baud
	f.lag = int64(flagBits*bit + 0.5)
	f.keep = int(flagBefore * bit)
	f.part = max(1, int(16*bit))
	f.gain = float32(1 / (48 * bit))
	f.ring = make([]complex64, f.keep)
	return f
}

// process takes samples and appends what the second receiver finds to f.found, times from the start.
func (f *flagRuns) process(src []complex64) {
	f.found = f.found[:0]
	for len(src) > 0 {
		n := min(len(src), f.part)
		f.feed(src[:n])
		f.watch(src[:n])
		src = src[n:]
	}
}

// portion is how many samples go to both receivers in turn, so that what they find of one frame is
// found at about one time.
func (f *flagRuns) portion() int { return max(1, int(f.rate/4)) }

// feed gives samples to the second receiver, if there is one.
func (f *flagRuns) feed(src []complex64) {
	if f.fresh == nil {
		return
	}
	from := len(f.found)
	if f.complex {
		f.found = f.fresh.ProcessIQ(f.found, src)
	} else {
		f.audio = f.audio[:0]
		for _, v := range src {
			f.audio = append(f.audio, real(v))
		}
		f.found = f.fresh.Process(f.found, f.audio)
	}
	if len(f.found) > from {
		f.born = f.taken
	}
	f.place(from)
	if float64(f.taken-f.born)*f.baud > flagLife*f.rate {
		f.flush()
	}
}

// flush ends the second receiver.
func (f *flagRuns) flush() {
	if f.fresh != nil {
		from := len(f.found)
		f.found = f.fresh.Flush(f.found)
		f.place(from)
		f.fresh = nil
	}
}

// place counts times from the first sample of all.
func (f *flagRuns) place(from int) {
	for i := range f.found[from:] {
		f.found[from+i].Time += float64(f.base) / f.rate
	}
}

// watch looks for the end of a run.
func (f *flagRuns) watch(src []complex64) {
	size := int64(len(f.ring))
	for _, v := range src {
		old := f.ring[(f.taken+size-f.lag)%size]
		// v by the conjugate of old
		product := complex(real(v)*real(old)+imag(v)*imag(old), imag(v)*real(old)-real(v)*imag(old))
		f.alike += complex(f.gain, 0) * (product - f.alike)
		f.power += f.gain * (real(v)*real(v) + imag(v)*imag(v) - f.power)
		f.ring[f.taken%size] = v
		f.taken++
	}
	alike := real(f.alike)*real(f.alike) + imag(f.alike)*imag(f.alike)
	switch level := f.power * f.power; {
	case alike > 0.36*level:
		f.run += len(src)
		return
	case alike > 0.2*level:
		return
	}
	if float64(f.run)*f.baud > flagRun*f.rate && f.taken > size {
		f.flush()
		if r, err := f.open(); err == nil {
			f.fresh, f.born, f.base = r, f.taken, f.taken-size
			at := f.taken % size
			past := append(append(make([]complex64, 0, size), f.ring[at:]...), f.ring[:at]...)
			f.feed(past)
		}
	}
	f.run = 0
}
