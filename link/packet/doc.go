// Package packet is the packet layer of a space link: CCSDS Space Packets
// (CCSDS 133.0-B-2), Encapsulation Packets (CCSDS 133.1-B-3), the splitting of long
// data over several packets, the extraction of packets from the octets of frames, and
// the time codes that packets carry (CCSDS 301.0-B-4).
//
// Everything here is a codec or a pure state machine: no I/O and no clock. Decoders are
// strict (a header that the book reserves is an error) and never hold more than a
// stated bound. Decoded packets alias the octets that they were decoded from.
//
// The packet version number, the first three bits, tells the two kinds apart in one
// stream: 0 is a Space Packet, 7 an Encapsulation Packet. [Extractor] takes both.
//
// Secondary headers belong to whoever defines them: those of the Packet Utilization
// Standard are in link/pus.
package packet
