// Package modem turns bits into samples and samples into soft bits: AFSK (Bell 202 at 1200 baud,
// 4800 baud MSK on an audio carrier), FSK and GMSK with or without the G3RUH scrambler of
// link/ax25, PSK, and FM of a carrier by audio. Samples are real audio or complex baseband at any rate; what the parts are
// made of is in link/modem/dsp.
//
// Everything streams. A modulator's Modulate appends the samples of the next bits to dst, a
// demodulator's Process appends the soft bits that the next samples settle; Flush gives what was
// still under way at the end. Soft bits are int8: positive means that a 1 is more likely (mark of
// AFSK, the higher frequency of FSK), the magnitude how sure that is, up to 127.
//
// Demodulators look ahead by some tens of bits: they estimate the timing from both sides and
// decide on sequences of bits, not on one at a time. Nothing here is safe for use by several
// goroutines at once.
package modem

// AudioDemodulator turns real samples into soft bits.
type AudioDemodulator interface {
	// Process takes the next samples and appends the soft bits that they settle to dst.
	Process(dst []int8, src []float32) []int8
	// Flush appends the bits still under way at the end of the stream.
	Flush(dst []int8) []int8
}

// IQDemodulator turns complex baseband samples into soft bits.
type IQDemodulator interface {
	ProcessIQ(dst []int8, src []complex64) []int8
	Flush(dst []int8) []int8
}

// saturate rounds v to a soft bit.
func saturate(v float32) int8 {
	switch {
	case v >= 127:
		return 127
	case v <= -127:
		return -127
	case v >= 0:
		return int8(v + 0.5)
	}
	return int8(v - 0.5)
}

// maxRatio bounds the samples a bit, and with them the memory of filters.
const maxRatio = 20000

// maxSample bounds samples: beyond it powers of them no longer fit a float32.
const maxSample = 1e6

// clean appends src to dst with samples that no converter gives, infinities and things that are
// not numbers, replaced by nothing: one of them would stay in the loops for ever.
func clean(dst, src []float32) []float32 {
	for _, v := range src {
		if !(v <= maxSample && v >= -maxSample) {
			v = 0
		}
		dst = append(dst, v)
	}
	return dst
}
