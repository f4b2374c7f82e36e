// Package wire is how blocks, headers and transactions of the ledger stand in bytes: on
// the network, in block files and under their hashes.
//
// A transaction is Bitcoin's (BIP144), so its parts are btcd's types. The header is
// Qtum's: Bitcoin's 80 bytes, the two state roots, the output that was staked and the
// block's signature, all of which are under the block's hash. A hash here stands in
// natural byte order; its text form is reversed, as Bitcoin prints hashes.
//
// The decoders accept exactly what Qtum Core 27.1 deserialises, never allocate more than
// a small multiple of the bytes that they were given, and keep nothing of their input.
// Encoding what was decoded gives the same bytes again.
package wire
