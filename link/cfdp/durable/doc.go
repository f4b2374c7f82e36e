// Package durable is a CFDP entity that outlasts power cuts: its files and the state of
// its transactions lie in one [kv.Store] and change there together.
//
// [Entity] is the core that the roles carry: PDUs and the time go in, PDUs come out, and
// files that arrived are handed to whoever made it. What is durable when:
//
//   - A file that Put took, before Put returns.
//   - Everything that an ACK or a Finished PDU tells the other side, before Output gives
//     that PDU. So the other side never forgets what this one could still lose.
//   - File data under way, in pieces and every now and then. A power cut loses the last
//     of them, which are asked for again.
//
// What does not depend on it costs no durable write, and there are at most so many of them in a
// second, whatever comes: then answers wait, and one write is good for all of them. A clock that
// is set back or far ahead makes no timer wait and none run out.
//
// A link that is not said to be up is down: timers stand still, and a transaction goes on
// days later where it stopped (CCSDS 727.0-B-5 §4.12).
package durable
