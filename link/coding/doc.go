// Package coding holds what the channel codes share: the form of bits on their
// way to and from a modem. The codes themselves stand in packages of their own:
//
//   - rs: Reed-Solomon as in CCSDS 131.0-B-5 §4 (both bases, interleaving, virtual
//     fill, errors and erasures), and the general code behind FX.25 and IL2P;
//   - conv: the K=7 convolutional code of §3, its punctured rates, a soft Viterbi
//     decoder;
//   - ldpc: the telecommand codes of CCSDS 231.0-B-4 and the AR4JA codes of
//     131.0-B-5 §7, by belief propagation;
//   - bch, cltu: BCH(63,56) and the communications link transmission unit;
//   - randomizer, crc, golay: sequences, checksums, the (24,12) code;
//   - cadu: sync marker, randomizer, Reed-Solomon or LDPC and the inner code together;
//   - ao40, fx25, il2p: the codings of amateur satellites.
//
// # Bits
//
// Hard bits are one a byte, 0 or 1, in order of transmission. Octets are packed most
// significant bit first unless a name says LSB (AX.25 sends the least significant
// bit first).
//
// Soft bits are int8 log-likelihoods: positive means 1 is more likely, negative 0,
// the magnitude 0..127 says how sure; 0 is an erasure. -128 is read as -127.
package coding
