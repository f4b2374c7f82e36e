// Package csp speaks the CubeSat Space Protocol as libcsp does: packets of versions 1 and 2, their
// checksum and authentication, the way they stand on serial lines (KISS) and in frames of a CAN
// bus (CFP), and the services that every node offers on its lowest ports.
//
// A packet is a header and data. What guards it is appended to the data, first the HMAC, then the
// CRC, and the header's flags say which are there:
//
//	header | data | HMAC (4 octets, FlagHMAC) | CRC-32C (4 octets, FlagCRC32)
//
// RDP is libcsp's reliable datagrams over such packets.
//
// Everything is pure: octets in, octets out; the time that reassembly needs is an argument. The
// encryption of old versions (FlagXTEA) is not spoken, libcsp dropped it.
package csp
