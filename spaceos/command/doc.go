// Package command is what owners and satellites say to each other: signed commands
// up, and replies, results, app messages and notices down.
//
// A command is a COSE_Sign1 message (RFC 9052 §4.2) by the owner's Ed25519 key; the
// key id in the protected header is the public key itself, and that key is who the
// owner is to the satellite. The payload names the satellite, so that a command to
// one is no command to another, and an expiry, after which it counts no more. Delays
// and detours are normal on the way, so that commands may overtake each other: what
// keeps an old command from being played again is not a counter but the request id,
// which a satellite remembers until the command has expired, along with its reply.
// So sending a command twice is safe, and gives the same reply twice.
//
// Keys of a command's payload: 1 request id, 2 operation, 3 satellite, 4 issued and
// 5 expires (Unix ms), 6 reply to, 7 tenant, 8 instance, 9 lease, 10 body, 11 max.
//
// What comes down is an array of kind, body, and the satellite's Ed25519 signature of
// "spacechain inbox v1", a zero byte, the kind as one byte, and the body. A result carries no such
// signature, since the receipt inside it covers it: it is a byte string of length 0.
package command
