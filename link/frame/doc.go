// Package frame is the transfer frames of a radio hop: TM (CCSDS 132.0-B), TC
// (232.0-B), AOS (732.0-B) and USLP (732.1-B), their virtual channels, and the packets
// and bit streams that are cut into them.
//
// A physical channel is described by its managed parameters, a plain value: [TMChannel],
// [TCChannel], [AOSChannel] or [USLPChannel]. Its Decode checks every field of a received
// frame and returns a view whose slices lie in the caller's octets; its Append writes a
// frame. Neither allocates for a well-formed frame beyond growing the caller's buffer, so
// a hostile frame costs no more than its own length.
//
// What stands in a frame is handled in three steps, so that security (package sdls) can
// work between them:
//
//	f, err := channel.Decode(octets)       // primary header, FECF, where the fields lie
//	err = security.Process(octets)         // decrypts the data field in place, or refuses
//	zone, first, err := frame.SplitMPDU(f.Data)
//
// [PacketWriter] and [PacketReader] carry packets across frames through first header
// pointers; [Segmenter] and [Reassembler] do it for MAPs; [Sender] and [Receiver] put all
// of it together for one master channel. Nothing here reads a clock or does I/O, and
// nothing is safe for concurrent use unless it says so.
package frame
