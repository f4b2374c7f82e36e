package radio

import (
	"spacechain/link/coding"
	"spacechain/link/coding/cadu"
	"spacechain/link/coding/conv"
	"spacechain/link/coding/ldpc"
	"spacechain/link/modem"
)

// caduReceiver finds channel access data units in samples. It seeks the sync marker among the
// channel's own bits, convolutionally coded where the code runs over everything, and so learns
// the phase of the carrier; each unit is then decoded on its own.
type caduReceiver struct {
	c      cadu.Config
	demod  *modem.PSKDemodulator
	sync   *unitSync
	prefix []int8 // what the marker in front of a unit is to the Viterbi decoder
	inner  *conv.Decoder
	ldpc   *ldpc.Decoder
	soft   []int8
	hard   []byte
}

// codedMarker gives the bits of a unit's marker on the channel that do not depend on what came
// before.
func codedMarker(c cadu.Config) []byte {
	bits := coding.Unpack(nil, marker(c))
	if c.Inner == nil {
		return bits
	}
	e := conv.Encoder{Code: *c.Inner}
	return e.Encode(nil, bits)[2*(conv.K-1):]
}

func newCADUReceiver(c cadu.Config, p modem.PSK, rate float64) (detector, error) {
	d, err := p.NewDemodulator(rate)
	if err != nil {
		return nil, err
	}
	bits := codedMarker(c)
	r := &caduReceiver{c: c, demod: d}
	spare := 0
	if c.Inner != nil {
		r.inner = conv.NewDecoder(*c.Inner, 0)
		r.prefix = coding.Soften(nil, bits, 127)
		spare = len(bits) // with those that depend on the unit, all that the next marker has
	} else {
		r.ldpc = ldpc.NewDecoder(c.LDPC, ldpc.Options{MaxIterations: 60})
	}
	r.sync = newUnitSync(p.Scheme, bits, caduBits(c), spare)
	return r, nil
}

func (r *caduReceiver) detect(dst []Frame, in []complex64) []Frame {
	r.soft = r.demod.ProcessIQ(r.soft[:0], in)
	return r.take(dst)
}

func (r *caduReceiver) flush(dst []Frame) []Frame {
	r.soft = r.demod.Flush(r.soft[:0])
	return r.take(dst)
}

func (r *caduReceiver) take(dst []Frame) []Frame {
	r.sync.process(r.soft, func(unit []int8) bool {
		f, ok := r.decode(unit)
		if ok {
			dst = append(dst, f)
			r.demod.Trust()
		}
		return ok
	})
	return dst
}

func (r *caduReceiver) decode(soft []int8) (Frame, bool) {
	if r.ldpc != nil {
		r.c.Randomizer.ApplySoft(soft)
		bits, res, err := r.ldpc.Decode(r.hard[:0], soft)
		r.hard = bits
		if err != nil || !res.OK {
			return Frame{}, false
		}
		return Frame{Data: coding.Pack(nil, bits), Corrected: res.Iterations}, true
	}
	r.inner.Reset(false)
	r.hard = r.inner.Decode(r.hard[:0], r.prefix)
	r.hard = r.inner.Decode(r.hard, soft)
	r.hard = r.inner.Flush(r.hard, false)
	at := len(r.prefix) / 2
	n := 8 * r.c.RS.Size()
	bits := r.hard[at : at+n]
	r.c.Randomizer.ApplyBits(bits)
	block := coding.Pack(nil, bits)
	report, err := r.c.RS.Decode(block, nil)
	if err != nil {
		return Frame{}, false
	}
	return Frame{Data: block[:r.c.RS.FrameSize()], Corrected: report.Total()}, true
}

func (r *caduReceiver) state() (bool, float64, float64) { return pskState(r.demod) }

func pskState(d *modem.PSKDemodulator) (bool, float64, float64) {
	s := d.State()
	return s.Locked, s.Frequency, s.EsN0DB
}
