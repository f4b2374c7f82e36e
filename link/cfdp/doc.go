// Package cfdp is the CCSDS File Delivery Protocol (CCSDS 727.0-B-5): codecs of all
// PDUs, and entities that copy files between filestores over a link that loses,
// repeats and reorders, and that may be down for days.
//
// # Classes
//
// Class 1 sends a file once and hopes; with closure requested, the receiver says how
// it went. Class 2 is reliable: the receiver names what is missing (NAK), the sender
// repeats it, and both sides acknowledge the end.
//
// # The entity
//
// An [Entity] is a state machine without a clock, a thread or a socket. Its driver
// gives it
//
//   - requests: [Entity.Put], [Entity.Cancel], [Entity.Suspend], [Entity.Resume],
//     [Entity.Report], [Entity.Prompt];
//   - PDUs that arrived: [Entity.Receive];
//   - the time, when [Entity.Next] says that a timer runs out: [Entity.Tick];
//   - the state of a link: [Entity.SetLink]. While it is down its timers stand still.
//
// and takes from it
//
//   - PDUs, one by one, as the link can carry them: [Entity.Output]. File data is read
//     when it is asked for, so nothing queues up, and the timer of a PDU that wants an
//     answer starts when the PDU is taken;
//   - what the user wants to know: [Entity.Indications].
//
// Files lie in a [Filestore]; [MemStore] and [DirStore] are two. Names from the other
// side are made relative to its root and can never leave it ([CleanName]). A file that
// is under way lies under [TempDir] until it is complete.
//
// [Entity.Export] gives all transactions as octets, with what their timers had left;
// [Entity.Import] goes on from them in another process, days later.
package cfdp
