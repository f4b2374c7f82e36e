// Package sdls is the space data link security protocol (CCSDS 355.0-B-2) for TM, TC, AOS
// and USLP frames, and the procedures that manage its keys and security associations
// (355.1-B-1).
//
// An [Endpoint] is one end of a physical channel. Its [Endpoint.Apply] secures a frame
// whose security header and trailer were left empty by package frame, and its
// [Endpoint.Process] verifies and decrypts a received one, both in place. Every frame that
// is refused is counted by why: an unknown or stopped association, a wrong MAC, a number
// that was used before or lies too far ahead.
//
// Keys live in a [Ring] and come out of it in no form, not even printed. MACs are compared
// in constant time. What is derived from a key is forgotten when the key is destroyed.
//
// The algorithms are AES-GCM, AES-CMAC, AES in counter mode and HMAC with SHA-256 and
// SHA-512 (352.0-B-2). There is no CBC mode, and so no padding.
package sdls
