// Package pus is the Packet Utilization Standard (ECSS-E-ST-70-41C, "PUS-C"): how a
// satellite is commanded and what it reports, in the data fields of Space Packets.
//
// # Packets
//
// A [Profile] holds what a mission fixes: the edition (PUS-C, or the headers of PUS-A),
// the time code, and the widths of the fields that the standard leaves open. Its methods
// write and read telecommands ([TC]) and telemetry ([TM]) with their CRC-16, and the data
// of every message of the services here; each message is written and read by the same
// code on both ends.
//
// # On board
//
// A [Server] is an application process without a clock or a thread: telecommands, events
// and the time go in, telemetry comes out of [Server.Take] as the link can carry it. What
// it works on is the application's, behind small interfaces: [Parameters], [Functions],
// [Memory]. It has the services
//
//	 1 request verification          11 time-based scheduling
//	 3 housekeeping                  12 on-board monitoring
//	 5 event reporting               13 large packet transfer
//	 6 memory management             15 on-board storage and retrieval
//	 8 function management           17 test
//	 9 time management               19 event-action
//	20 parameter management
//
// What must survive a restart (schedule, stores, definitions, parameter settings) is
// [Server.Export] and [Server.Import].
//
// # On the ground
//
// A [Commander] gives telecommands their sequence counts and follows their verification;
// [Profile.Parse] reads reports.
//
// A request with several instructions carries out those that it can: each of the others
// is reported by a failed start of execution, and the request then ends in a failed
// completion. Left out are the parts of the standard that need more than one application
// process or a second definition store: functional monitoring (12,17 to 12,28), the
// parameter functional configurations of service 3 and 20, memory by symbolic reference,
// and the copying of packets between stores.
package pus
