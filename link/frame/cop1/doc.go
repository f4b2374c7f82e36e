// Package cop1 is both ends of the communications operation procedure-1 (CCSDS
// 232.1-B-2): [FOP], which sends telecommand frames and sends them again until they are
// acknowledged, and [FARM], which accepts them in order and reports through the CLCW.
//
// Both are pure state machines. What happens goes in by a method call with the time as an
// argument; what is to be done comes back as values: frames to send, responses to whoever
// asked, alerts. The timer of FOP-1 is a deadline that the caller asks for with
// [FOP.Deadline] and reports with [FOP.Tick].
//
// FOP-1 runs from a table of events by states that is written as table 5-1 of the standard
// is; FARM-1 from table 6-1. The files under testdata tell every cell of both in words.
//
// How to use a FOP:
//
//  1. [NewFOP], then hand it a directive that initiates the AD service.
//  2. Hand it units with [FOP.Transfer], CLCWs with [FOP.CLCW] as they come down.
//  3. Send each [Output] of kind [Send], and answer with [FOP.Radiated] once the frame has
//     gone, which is what allows the next.
//  4. Call [FOP.Tick] when the deadline has come.
//  5. After an [Alert] the AD service is over: find out why, and initiate it anew.
package cop1
