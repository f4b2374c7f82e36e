// Package ax25 is the amateur packet radio link layer of AX.25 2.2 as far as satellites use it:
// addresses and UI frames, HDLC framing (flags, bit stuffing, frame check sequence), NRZI and the
// G3RUH scrambler, in both directions. Receiving takes soft bits: a Deframer that meets a frame
// whose check sequence is wrong tries again with its least certain bits inverted, a bounded number
// of times, and believes the outcome only if it looks like AX.25.
//
// The package does no input or output and knows no time: positions count bits.
package ax25
