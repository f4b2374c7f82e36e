package dsp

// RootRaisedCosineAt is the impulse response of a root-raised-cosine filter with roll-off beta
// (0 to 1) at t symbols from its middle; its energy over all time is one.
func RootRaisedCosineAt(t, beta float64) float64 { return rootRaisedCosine(t, beta) }
