// Package spk is the app package: a manifest and a module, signed by a publisher.
//
// A package carries one COSE_Sign message (RFC 9052 §4.1). Its payload, attached,
// is the encoded manifest, which pins the module by SHA-256 and size; so the two
// signatures over the manifest cover the module too. The protected header of the
// body holds the content type; that of each signature its algorithm and, as key id,
// the publisher's 20-byte identity. The signatures are Ed25519 (EdDSA, -8) and
// ML-DSA-65 (-49), in this order, and both are required. Unprotected headers are
// empty, and every byte of the form is fixed by what it says.
//
// It has three forms, and each can be made from each other:
//
//   - a file "name-1.2.0.spk", Encode: a CBOR array of the text
//     "spacechain-package", the number 1, the COSE_Sign message, the publisher's
//     public keys (identity.Public.Encode) and the module, the last three as byte
//     strings. The same package always gives the same bytes.
//   - the uplink form, EncodeUplink: an array of the number 2, the signatures as
//     pairs of algorithm and bytes, the public keys or an empty string where the
//     satellite knows them, the sizes of manifest and module, both of them together
//     compressed with Zstandard, and the CRC-32C of the compressed bytes, of which
//     several would unpack to the same. What a receiver can rebuild is not sent.
//     A JavaScript app of 1.5 kB makes 6.5 kB, 4.5 kB without keys; 3.4 kB are the
//     signatures. A dictionary of the SDK's code would save 0.3 to 0.45 kB of that as
//     long as the SDK does not change, which does not pay for keeping one.
//   - an OCI layout, in package spaceos/spk/oci, for the ground.
//
// Open reads the first two and checks form and sizes only. Whether the package may
// run is for the gate alone to say, see package gate.
package spk
