package ldpc

// ReferencePoint is a published codeword error rate to hold a decoder against.
type ReferencePoint struct {
	Code              *Code
	EbN0DB            float64
	CodewordErrorRate float64
	Source            string
}

// References gives points of codeword error rate over Eb/N0 for BPSK in white noise, of
// every code but those of k=16384 in order of Eb/N0. The figures of CCSDS 130.1-G-3 and 230.1-G-3 print no
// numbers; these are, in the order of preference:
//
//   - The curve of AR4JA 1/2 k=1024 in figure 14 of J. Hamkins, Performance of
//     Low-Density Parity-Check Coded Modulation, JPL IPN Progress Report 42-184D (2011),
//     by the authors of the code: the corners of the polyline in the published PDF, which
//     stand for 0.001 dB and 0.002 decades.
//   - Tables of the AFF3CT database of error rates (github.com/aff3ct/error_rate_references,
//     May 2018, 100 wrong codewords a point).
//   - Runs for this project of an independent open simulator, which has its own
//     construction of the AR4JA matrices and exact sum-product decoding in 64-bit
//     floating point by layers, 200 iterations: ldpc-toolbox 0.12.0
//     (github.com/daniestevez/ldpc-toolbox), decoder HLPhif64, 100 wrong codewords a
//     point where not said otherwise.
func References() []ReferencePoint {
	const (
		jpl  = "JPL IPN PR 42-184D figure 14"
		tc   = "AFF3CT LDPC_N128_K64_hlayered_SPA_i50_CCSDS"
		tm   = "AFF3CT LDPC_N8192_K4096_flooding_AMS_i100_AR4JA"
		tool = "ldpc-toolbox 0.12.0 HLPhif64 i200"
	)
	half, twoThirds, fourFifths := ar4ja[Rate1of2], ar4ja[Rate2of3], ar4ja[Rate4of5]
	return []ReferencePoint{
		{TC128, 2.5, 1.41e-1, tc}, {TC128, 3.0, 4.96e-2, tc}, {TC128, 3.5, 1.03e-2, tc},
		{TC128, 4.0, 1.52e-3, tc}, {TC128, 4.5, 2.07e-4, tc}, {TC128, 5.0, 1.77e-5, tc}, {TC128, 5.5, 1.12e-6, tc},

		{TC512, 1.8, 3.61e-1, tool}, {TC512, 2.0, 1.56e-1, tool}, {TC512, 2.2, 6.62e-2, tool}, {TC512, 2.4, 2.92e-2, tool},
		{TC512, 2.6, 9.04e-3, tool}, {TC512, 2.8, 2.47e-3, tool}, {TC512, 3.0, 5.91e-4, tool},

		{half[0], 0.8, 5.90e-1, jpl}, {half[0], 0.9, 4.16e-1, jpl}, {half[0], 1.0, 2.61e-1, jpl}, {half[0], 1.1, 1.43e-1, jpl},
		{half[0], 1.2, 6.92e-2, jpl}, {half[0], 1.3, 3.01e-2, jpl}, {half[0], 1.4, 1.14e-2, jpl}, {half[0], 1.5, 3.80e-3, jpl},
		{half[0], 1.6, 1.15e-3, jpl}, {half[0], 1.7, 3.22e-4, jpl}, {half[0], 1.8, 7.87e-5, jpl}, {half[0], 1.9, 1.78e-5, jpl},
		{half[0], 2.0, 3.63e-6, jpl}, {half[0], 2.1, 8.10e-7, jpl}, {half[0], 2.2, 1.71e-7, jpl},

		{half[1], 0.8, 7.38e-1, tm}, {half[1], 0.9, 3.50e-1, tm}, {half[1], 1.0, 9.59e-2, tm},
		{half[1], 1.1, 1.07e-2, tm}, {half[1], 1.2, 8.89e-4, tm}, {half[1], 1.3, 3.58e-5, tm},

		{twoThirds[0], 1.9, 1.29e-1, tool}, {twoThirds[0], 2.1, 2.24e-2, tool}, {twoThirds[0], 2.2, 8.69e-3, tool},
		{twoThirds[0], 2.3, 3.69e-3, tool + ", 95 wrong codewords"}, {twoThirds[0], 2.4, 1.01e-3, tool},

		{twoThirds[1], 1.65, 1.39e-1, tool + ", 50 wrong codewords"}, {twoThirds[1], 1.7, 8.64e-2, tool + ", 33 wrong codewords"},
		{twoThirds[1], 1.75, 4.15e-2, tool + ", 26 wrong codewords"}, {twoThirds[1], 1.85, 5.22e-3, tool + ", 50 wrong codewords"},

		{fourFifths[0], 2.9, 8.83e-2, tool}, {fourFifths[0], 3.1, 1.95e-2, tool},
		{fourFifths[0], 3.3, 3.02e-3, tool}, {fourFifths[0], 3.5, 3.58e-4, tool + ", 32 wrong codewords"},

		{fourFifths[1], 2.75, 2.23e-2, tool + ", 29 wrong codewords"}, {fourFifths[1], 2.8, 1.16e-2, tool + ", 26 wrong codewords"},
		{fourFifths[1], 2.85, 2.71e-3, tool + ", 7 wrong codewords"}, {fourFifths[1], 2.9, 1.42e-3, tool + ", 30 wrong codewords"},
	}
}

// Threshold is the Eb/N0 in dB below which belief propagation fails for every length
// of the AR4JA family of a rate (Divsalar, Dolinar, Jones and Andrews,
// Capacity-approaching protograph codes, IEEE JSAC 27(6), 2009).
func Threshold(r Rate) float64 { return [...]float64{0.628, 1.450, 2.599}[r] }
