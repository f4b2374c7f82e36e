package receive

import (
	"math"

	"spacechain/link/modem"
	"spacechain/link/modem/dsp"
)

// Tuning says where in complex samples to listen.
type Tuning struct {
	// Offset of the carrier from the middle of the band, Hz.
	Offset float64
	// Search is by how much the carrier may be off that, Hz either way: Doppler and the clocks of
	// both ends. Besides, FSK bears an eighth of its bit rate and FM 2.5 kHz.
	Search float64
}

// maxChannels bounds the places in which a modem listens side by side, and with it how far it
// searches.
const maxChannels = 25

// IQBank listens in complex baseband: AFSK behind an FM receiver of its own, FSK and PSK directly.
// Where the carrier is searched for, FSK and FM listen in several places side by side; PSK
// searches by itself.
type IQBank struct {
	first    stage
	channels []*iqChannel
	recent   recent
	found    []Frame
	moved    []complex64
}

// stage moves a frequency to zero and reduces the sample rate.
type stage struct {
	mix      *dsp.NCO // nil for none
	resample *dsp.ComplexResampler
	filter   *dsp.ComplexFIR
	a, b, c  []complex64
}

// newStage takes what lies at a frequency to zero, at a rate of at least to, and leaves what is
// within half a bandwidth of it; 0 leaves all.
func newStage(frequency, half, from, to float64) (stage, float64) {
	var s stage
	if frequency != 0 {
		s.mix = dsp.NewNCO(-frequency, from)
	}
	rate := from
	if to < from {
		s.resample = dsp.NewComplexResampler(from, to)
		rate = to
	}
	if cutoff := half / rate; half > 0 && cutoff < 0.45 {
		// The transition is a quarter of the cutoff: Hamming's is 3.3 samples' worth over n.
		s.filter = dsp.NewComplexFIR(dsp.LowPass(cutoff, dsp.Hamming(2*int(6.6/cutoff)+1)))
	}
	return s, rate
}

func (s *stage) process(src []complex64) []complex64 {
	if s.mix != nil {
		s.a = s.mix.Mix(s.a[:0], src)
		src = s.a
	}
	if s.resample != nil {
		s.b = s.resample.Process(s.b[:0], src)
		src = s.b
	}
	if s.filter != nil {
		s.c = s.filter.Process(s.c[:0], src)
		src = s.c
	}
	return src
}

// iqReceiver is a receiver of complex samples.
type iqReceiver interface {
	Receiver
	ProcessIQ(dst []Frame, src []complex64) []Frame
}

// iqChannel is one modem in one place.
type iqChannel struct {
	stage
	offset    float64
	fm        *modem.FMDiscriminator // nil where the receivers take complex samples
	audio     []float32
	receivers []Receiver
}

// width is how far from its carrier a modem's signal reaches, and how far off a channel may be, in
// hertz.
func (m Modem) width() (half, bears float64) {
	switch m.kind {
	case keyAFSK:
		fm := m.FM()
		return fm.Bandwidth() / 2, fm.Search
	case keyFSK:
		deviation := m.fsk.Deviation
		if deviation == 0 {
			deviation = m.fsk.Baud / 4
		}
		return deviation + float64(0.4*m.fsk.Baud), m.fsk.Baud / 8
	}
	return m.Reach(), 0
}

// FM is the narrow-band FM that AFSK goes over: full audio shifts the carrier by 3 kHz.
func (m Modem) FM() modem.FM {
	return modem.FM{Deviation: 3000, Top: max(m.afsk.Mark, m.afsk.Space) + m.afsk.Baud/2, Search: 2500}
}

// OpenIQ makes one receiver of several combinations for complex samples. What cannot work at the
// sample rate is left out and named in the second result.
func OpenIQ(combinations []Combination, opt Options, tune Tuning) (*IQBank, []error) {
	bank := &IQBank{recent: recent{window: sameFrame}}
	// First all is brought down to what the widest modem needs.
	widest := 0.0
	for _, c := range combinations {
		if m, err := ParseModem(c.Modem); err == nil {
			half, bears := m.width()
			widest = max(widest, half+bears)
			switch {
			case m.psk.Scheme != modem.BPSK:
				widest = max(widest, 2*m.psk.Baud)
			case m.kind != keyAFSK:
				widest = max(widest, 2*m.Baud())
			}
		}
	}
	to := float64(2.5 * (widest + tune.Search))
	if to > 0.8*opt.Rate {
		to = opt.Rate
	}
	var rate float64
	bank.first, rate = newStage(tune.Offset, 0, opt.Rate, to)
	refused := group(combinations, func(m Modem, of []Combination) error {
		half, bears := m.width()
		if m.kind == keyPSK {
			m.psk.Centre = 0
			m.psk.Search = max(tune.Search, m.psk.Baud/4)
			s, at := newStage(0, 0, rate, max(4*half, 2.5*(m.psk.Search+half)))
			return bank.listen(m, of, opt, s, at, tune.Offset)
		}
		n := 0 // channels on either side
		step := 2 * bears
		if tune.Search > bears {
			n = min(int(math.Ceil((tune.Search-bears)/step)), maxChannels/2)
		}
		work := 5 * m.Baud()
		if m.kind == keyAFSK {
			work = 48000
		}
		for i := -n; i <= n; i++ {
			filter := half + bears
			if m.kind == keyAFSK {
				filter = 0 // the FM receiver has its own
			}
			s, at := newStage(float64(i)*step, filter, rate, work)
			if err := bank.listen(m, of, opt, s, at, tune.Offset+float64(float64(i)*step)); err != nil {
				return err
			}
		}
		return nil
	})
	return bank, refused
}

// listen adds a channel.
func (b *IQBank) listen(m Modem, of []Combination, opt Options, s stage, rate, offset float64) error {
	opt.Rate = rate
	receivers, err := openModem(m, of, opt)
	if err != nil {
		return err
	}
	c := &iqChannel{stage: s, offset: offset, receivers: receivers}
	if m.kind == keyAFSK {
		if c.fm, err = modem.NewFMDiscriminator(m.FM(), rate); err != nil {
			return err
		}
	}
	b.channels = append(b.channels, c)
	return nil
}

// Process takes the next samples and appends the frames that are settled to dst.
func (b *IQBank) Process(dst []Frame, src []complex64) []Frame {
	const portion = 1 << 14
	for len(src) > 0 {
		n := min(len(src), portion)
		b.moved = append(b.moved[:0], src[:n]...)
		for i, v := range b.moved {
			if p := real(v)*real(v) + imag(v)*imag(v); !(p < 1e30) {
				b.moved[i] = 0 // no number, or one that no receiver gives
			}
		}
		src = src[n:]
		low := b.first.process(b.moved)
		source := 0
		for _, c := range b.channels {
			in := c.process(low)
			if c.fm != nil {
				c.audio = c.fm.Process(c.audio[:0], in)
			}
			for _, r := range c.receivers {
				if c.fm != nil {
					b.found = r.Process(b.found[:0], c.audio)
				} else {
					b.found = r.(iqReceiver).ProcessIQ(b.found[:0], in)
				}
				dst = b.take(dst, c, source)
				source++
			}
		}
	}
	return dst
}

// Flush appends what is still under way at the end.
func (b *IQBank) Flush(dst []Frame) []Frame {
	source := 0
	for _, c := range b.channels {
		for _, r := range c.receivers {
			b.found = r.Flush(b.found[:0])
			dst = b.take(dst, c, source)
			source++
		}
	}
	return dst
}

// take passes on what a receiver of a channel has found; each receiver of each channel is a source
// of its own.
func (b *IQBank) take(dst []Frame, c *iqChannel, source int) []Frame {
	for _, f := range b.found {
		f.Offset = c.offset
		if !b.recent.known(source, f) {
			dst = append(dst, f)
		}
	}
	return dst
}
