package ber

import (
	"errors"
	"math"
	"math/rand/v2"

	"spacechain/link/coding"
	"spacechain/link/coding/conv"
	"spacechain/link/coding/ldpc"
	"spacechain/link/coding/rs"
)

// codedCurves are those of channel codes over ideal BPSK, soft decisions as the demodulators give
// them.
func codedCurves() []Curve {
	out := []Curve{
		{Name: "conv", About: "convolutional K=7 rate 1/2, soft Viterbi", Theory: Convolutional, Law: "K=7, union bound", trial: convolutional},
		{Name: "rs255-223", About: "Reed-Solomon (255,223)", Theory: ReedSolomon(255, 16), Law: "(255,223), closed form", Words: true,
			trial: func(rng *rand.Rand, eb float64) (int64, int64, error) { return reedSolomon(rng, 16, false, eb) }},
		{Name: "rs255-239", About: "Reed-Solomon (255,239)", Theory: ReedSolomon(255, 8), Law: "(255,239), closed form", Words: true,
			trial: func(rng *rand.Rand, eb float64) (int64, int64, error) { return reedSolomon(rng, 8, false, eb) }},
		{Name: "concatenated", About: "Reed-Solomon (255,223), interleaving 5, over convolutional K=7 rate 1/2", Words: true,
			trial: func(rng *rand.Rand, eb float64) (int64, int64, error) { return reedSolomon(rng, 16, true, eb) }},
		ldpcCurve("ldpc-tc128", "LDPC telecommand (128,64)", func() (*ldpc.Code, error) { return ldpc.TC128, nil }),
		ldpcCurve("ldpc-tc512", "LDPC telecommand (512,256)", func() (*ldpc.Code, error) { return ldpc.TC512, nil }),
	}
	for _, r := range []struct {
		name string
		rate ldpc.Rate
	}{{"1/2", ldpc.Rate1of2}, {"2/3", ldpc.Rate2of3}, {"4/5", ldpc.Rate4of5}} {
		for _, k := range []int{1024, 4096} {
			name := "ldpc-" + string(r.name[0]) + string(r.name[2]) + "-" + map[int]string{1024: "1k", 4096: "4k"}[k]
			out = append(out, ldpcCurve(name, "LDPC AR4JA rate "+r.name+", k="+map[int]string{1024: "1024", 4096: "4096"}[k],
				func() (*ldpc.Code, error) { return ldpc.AR4JA(r.rate, k) }))
		}
	}
	return out
}

// soften sends bits as BPSK symbols of amplitude softAmplitude in noise.
func soften(rng *rand.Rand, dst []int8, bits []byte, rate, eb float64) []int8 {
	const amplitude = 36 // what the demodulators of link/modem make of one
	sigma := amplitude * math.Sqrt(0.5/(rate*linear(eb)))
	for _, b := range bits {
		v := math.Round(amplitude*(2*float64(b)-1) + sigma*rng.NormFloat64())
		dst = append(dst, int8(max(-127, min(127, v))))
	}
	return dst
}

func convolutional(rng *rand.Rand, eb float64) (int64, int64, error) {
	const n = 20000
	bits := randomBits(rng, nil, n)
	var e conv.Encoder
	e.Code = conv.CCSDS
	sent := e.Tail(e.Encode(nil, bits))
	got := conv.CCSDS.DecodeBlock(nil, soften(rng, nil, sent, 0.5, eb))
	return n, differ(bits, got), nil
}

// reedSolomon sends a block, bare or within the convolutional code.
func reedSolomon(rng *rand.Rand, e int, inner bool, eb float64) (int64, int64, error) {
	b := rs.Block{Code: rs.CCSDS(e, rs.Dual), Depth: 1}
	if inner {
		b.Depth = 5
	}
	frame := make([]byte, b.FrameSize())
	for i := range frame {
		frame[i] = byte(rng.Uint32())
	}
	block, err := b.Encode(nil, frame)
	if err != nil {
		return 0, 0, err
	}
	rate := float64(len(frame)) / float64(len(block))
	bits := coding.Unpack(nil, block)
	if inner {
		var e conv.Encoder
		e.Code = conv.CCSDS
		sent := e.Tail(e.Encode(nil, bits))
		bits = conv.CCSDS.DecodeBlock(nil, soften(rng, nil, sent, rate/2, eb))[:len(bits)]
	} else {
		for i, s := range soften(rng, nil, bits, rate, eb) {
			bits[i] = 0
			if s > 0 {
				bits[i] = 1
			}
		}
	}
	got := coding.Pack(nil, bits)
	// Words beyond correction stand as received.
	if _, err := b.Decode(got, nil); err != nil && !errors.Is(err, rs.ErrUncorrectable) {
		return 0, 0, err
	}
	return int64(8 * len(frame)), differ(coding.Unpack(nil, frame), coding.Unpack(nil, got[:len(frame)])), nil
}

func ldpcCurve(name, about string, code func() (*ldpc.Code, error)) Curve {
	var decoder *ldpc.Decoder
	return Curve{Name: name, About: about, Words: true, Published: published(code), trial: func(rng *rand.Rand, eb float64) (int64, int64, error) {
		c, err := code()
		if err != nil {
			return 0, 0, err
		}
		if decoder == nil {
			decoder = ldpc.NewDecoder(c, ldpc.Options{})
		}
		data := randomBits(rng, nil, c.DataBits())
		word, err := c.Encode(nil, data)
		if err != nil {
			return 0, 0, err
		}
		got, _, err := decoder.Decode(nil, soften(rng, nil, word, c.Rate(), eb))
		if err != nil {
			return 0, 0, err
		}
		return int64(len(data)), differ(data, got), nil
	}}
}

// published are the points that link/coding/ldpc has of a code.
func published(code func() (*ldpc.Code, error)) (out []Published) {
	c, err := code()
	if err != nil {
		return nil // the trial says so
	}
	for _, p := range ldpc.References() {
		if p.Code == c {
			out = append(out, Published{p.EbN0DB, p.CodewordErrorRate, p.Source})
		}
	}
	return out
}

func differ(a, b []byte) (wrong int64) {
	for i, v := range a {
		if v != b[i] {
			wrong++
		}
	}
	return wrong
}
