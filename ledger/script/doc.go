// Package script is the scripts of transactions: what an output pays to, whether an input
// may spend it, and the outputs that create and call contracts.
//
// Scripts are Bitcoin's with Qtum's four opcodes and with Qtum's limits: a pushed value
// has up to 128000 bytes and a script up to 129000, so that contracts fit in. Every
// verdict is meant to be that of Qtum Core 27.1, its name included; where Qtum's source
// does something by accident, so does this package, and says so.
//
// A Checker holds what the inputs of one transaction share, so that they can be verified
// in parallel.
package script
