// Package cbor is a small, strict codec for the Concise Binary Object
// Representation (RFC 8949), as bundles (RFC 9171 §4.1), packages and receipts
// need it.
//
// Encoding appends to a byte slice, always in the shortest form, so that the
// same value gives the same bytes (RFC 8949 §4.2.1); the caller writes map keys
// in order. Decoding reads from a byte slice without copying, and refuses what a
// deterministic encoder would not have written: heads that are longer than
// needed, strings of indefinite length, text that is not UTF-8, and nesting
// deeper than MaxDepth. A length is checked against the bytes that are left
// before anything is allocated for it.
package cbor
