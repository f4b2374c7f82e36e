package channel

import "math"

// Modulation is how bits ride on the carrier; it decides the uncoded bit error
// rate at a given Eb/N0.
type Modulation int

// The modulations.
const (
	BPSK Modulation = iota // coherent; P = Q(sqrt(2 Eb/N0))
	QPSK                   // coherent, Gray coded: per bit the same as BPSK
	GMSK                   // coherent, BT = 0.5; 0.46 dB behind BPSK (Murota and Hirade 1981, alpha 0.9)
	FSK                    // two tones, non-coherent; P = exp(-Eb/2N0) / 2
)

// String names the modulation.
func (m Modulation) String() string {
	switch m {
	case BPSK:
		return "BPSK"
	case QPSK:
		return "QPSK"
	case GMSK:
		return "GMSK"
	case FSK:
		return "FSK"
	}
	return "unknown modulation"
}

// BitErrorRate gives the probability of a wrong bit at an Eb/N0 in dB without coding.
func (m Modulation) BitErrorRate(ebN0DB float64) float64 {
	x := math.Pow(10, ebN0DB/10)
	switch m {
	case FSK:
		return math.Exp(-x/2) / 2
	case GMSK:
		return math.Erfc(math.Sqrt(0.9*x)) / 2
	default:
		return math.Erfc(math.Sqrt(x)) / 2
	}
}

// RequiredEbN0DB gives the uncoded Eb/N0 in dB at which the bit error rate is ber.
func (m Modulation) RequiredEbN0DB(ber float64) float64 {
	low, high := -40.0, 30.0
	for range 60 {
		middle := (low + high) / 2
		if m.BitErrorRate(middle) > ber {
			low = middle
		} else {
			high = middle
		}
	}
	return high
}

// Code is the channel code: how much less Eb/N0 it needs, and how much more steeply
// errors fall.
type Code int

// The channel codes. Each has its gain over no code at a bit error rate of 1e-5,
// where uncoded BPSK needs 9.59 dB.
const (
	Uncoded       Code = iota
	Convolutional      // K = 7, rate 1/2, soft decision: 5.4 dB
	Concatenated       // the same within Reed-Solomon (255,223), interleaved five deep: 7.2 dB
	LDPC               // AR4JA rate 1/2, k = 4096: 8.3 dB
)

// referenceBER is where gains are stated.
const referenceBER = 1e-5

// codes holds each code's gain and steepness. A decibel more of Eb/N0 moves the
// error rate as far down the uncoded curve as that many decibels would: a straight
// line through the code's own curve, good to 0.1 dB from 1e-4 to 1e-7. The lines are
// laid through the union bound of the convolutional code, the curves of CCSDS
// 130.1-G-3 for the others.
var codes = map[Code]struct{ gainDB, steepness float64 }{
	Uncoded:       {0, 1},
	Convolutional: {5.4, 1.55},
	Concatenated:  {7.2, 8},
	LDPC:          {8.3, 15},
}

// String names the code.
func (c Code) String() string {
	switch c {
	case Uncoded:
		return "uncoded"
	case Convolutional:
		return "convolutional"
	case Concatenated:
		return "concatenated"
	case LDPC:
		return "LDPC"
	}
	return "unknown code"
}

// GainDB gives the coding gain at a bit error rate of 1e-5 in dB; an unknown code
// gains nothing.
func (c Code) GainDB() float64 { return codes[c].gainDB }

// steepness is 1 for an unknown code.
func (c Code) steepness() float64 { return max(1, codes[c].steepness) }

// BitErrorRate gives the probability of a wrong bit after decoding at an Eb/N0, per
// information bit, in dB.
func (c Code) BitErrorRate(m Modulation, ebN0DB float64) float64 {
	at := reference(m)
	return m.BitErrorRate(at + c.steepness()*(ebN0DB-at+c.GainDB()))
}

// RequiredEbN0DB gives the Eb/N0 in dB at which the bit error rate after decoding is
// ber.
func (c Code) RequiredEbN0DB(m Modulation, ber float64) float64 {
	at := reference(m)
	uncoded := uncodedDB[m]
	if ber != requiredBER || uncoded == 0 {
		uncoded = m.RequiredEbN0DB(ber)
	}
	return at - c.GainDB() + (uncoded-at)/c.steepness()
}

// What the modulations need without a code at the reference and at the rate that
// decides margins, which budgets ask for often.
var (
	references = uncodedAt(referenceBER)
	uncodedDB  = uncodedAt(requiredBER)
)

func uncodedAt(ber float64) map[Modulation]float64 {
	at := map[Modulation]float64{}
	for _, m := range []Modulation{BPSK, QPSK, GMSK, FSK} {
		at[m] = m.RequiredEbN0DB(ber)
	}
	return at
}

// reference is what a modulation needs without a code at the reference; one that is
// unknown is taken for BPSK, as [Modulation.BitErrorRate] does.
func reference(m Modulation) float64 {
	if at, ok := references[m]; ok {
		return at
	}
	return references[BPSK]
}
