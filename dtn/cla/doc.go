// Package cla is a reliable convergence layer: it carries bundles over a link of
// frames that may be lost, repeated, reordered or damaged, in one direction at a
// time if need be.
//
// An Endpoint is one node's side of its link to one peer. It does no I/O and reads
// no clock: Up, Down, Send, Frame and Tick tell it what happens, Frames gives the
// frames to put on the link, Results what became of transfers, Wake when to call
// Tick. A link with nothing to carry costs no frames and sets no timer.
//
// # On the wire
//
// A frame is a head, chunks and a CRC-32C. The head has the sender's epoch, the
// receiver's as the sender knows it, and a number that is never used twice in an
// epoch. An epoch is one life of a node: a higher one tells the peer that the node
// began anew and remembers no frames.
//
// A bundle travels as a transfer. Its data chunks carry an offer (length and digest
// of the whole) until the peer has acknowledged one of them. The peer acknowledges
// frames by ranges of numbers, when the sender asks for it (at the end of what it
// has to send), after a number of frames, or after a while; on a half-duplex link
// only when asked or after a longer while. Frames that were overtaken, or of which
// nothing was heard in time, are lost, and their chunks go into new frames.
//
// A transfer is over when the peer says done: it has the bundle in its store. The
// last digests are remembered there, so that a bundle whose done was lost is only
// acknowledged again.
//
// # Resumption
//
// What came of a transfer is kept by its digest when the link goes down, and in
// larger pieces before that (see Parts), so it outlives a restart too. When the
// same bytes are offered again the receiver says what it has. A sender waits for
// that answer with a long transfer before it sends more than a frame of it.
//
// # Bounds
//
// What a peer can make an endpoint hold is bounded: open transfers, pieces, ranges
// of frame numbers, answers. Memory is taken for bytes that came, never for lengths
// that were announced.
package cla
