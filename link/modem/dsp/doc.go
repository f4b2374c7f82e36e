// Package dsp is the signal processing that every modem of link/modem is made of: design of
// low-pass filters (windowed sinc), the root-raised-cosine pulse, streaming FIR filters, a
// resampler for any ratio, oscillators and mixers, a loop filter, an FFT and estimates of the
// signal-to-noise ratio.
//
// Samples are []float32 (real, full scale ±1) or []complex64 (baseband); rates and frequencies
// are in hertz unless a name says that it counts in cycles or radians a sample. Everything
// streams: a Process method takes the next block of any length, appends what comes of it to dst
// and returns the extended slice, so a caller that passes the slice of the block before, cut to
// no length, causes no allocation. The result does not depend on how the stream is cut into
// blocks. Nothing here is safe for use by several goroutines at once.
package dsp
