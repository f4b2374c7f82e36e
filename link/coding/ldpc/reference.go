package ldpc

// ReferencePoint is a published codeword error rate to hold a decoder against.
type ReferencePoint struct {
	Code              *Code
	EbN0DB            float64
	CodewordErrorRate float64
	Source            string
}

// References gives published points of codeword error rate over Eb/N0 for BPSK in
// white noise. They are tables printed by an independent open simulator with the same
// codes, not readings of the figures in CCSDS 130.1-G-3 and 230.1-G-3, which print no
// numbers: the AFF3CT database of error rates (github.com/aff3ct/error_rate_references,
// May 2018, 100 wrong codewords a point).
func References() []ReferencePoint {
	const (
		tc = "AFF3CT LDPC_N128_K64_hlayered_SPA_i50_CCSDS"
		tm = "AFF3CT LDPC_N8192_K4096_flooding_AMS_i100_AR4JA"
	)
	half := ar4ja[Rate1of2][1]
	return []ReferencePoint{
		{TC128, 2.5, 1.41e-1, tc}, {TC128, 3.0, 4.96e-2, tc}, {TC128, 3.5, 1.03e-2, tc},
		{TC128, 4.0, 1.52e-3, tc}, {TC128, 4.5, 2.07e-4, tc}, {TC128, 5.0, 1.77e-5, tc}, {TC128, 5.5, 1.12e-6, tc},
		{half, 0.8, 7.38e-1, tm}, {half, 0.9, 3.50e-1, tm}, {half, 1.0, 9.59e-2, tm},
		{half, 1.1, 1.07e-2, tm}, {half, 1.2, 8.89e-4, tm}, {half, 1.3, 3.58e-5, tm},
	}
}

// Threshold is the Eb/N0 in dB below which belief propagation fails for every length
// of the AR4JA family of a rate (Divsalar, Dolinar, Jones and Andrews,
// Capacity-approaching protograph codes, IEEE JSAC 27(6), 2009).
func Threshold(r Rate) float64 { return [...]float64{0.628, 1.450, 2.599}[r] }
