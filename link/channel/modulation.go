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

// Code is the channel code: how much less Eb/N0 it needs.
type Code int

// The channel codes, with gains at a bit error rate of 1e-5 over uncoded BPSK
// (9.6 dB) after the performance curves of CCSDS 130.1-G-3.
const (
	Uncoded       Code = iota
	Convolutional      // K = 7, rate 1/2, soft decision: 5.4 dB
	Concatenated       // the same within Reed-Solomon (255,223): 7.2 dB
	LDPC               // AR4JA rate 1/2, k = 1024: 8.2 dB
)

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

// GainDB gives the coding gain in dB.
func (c Code) GainDB() float64 {
	switch c {
	case Convolutional:
		return 5.4
	case Concatenated:
		return 7.2
	case LDPC:
		return 8.2
	}
	return 0
}
