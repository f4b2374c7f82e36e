// Package ttc is the satellite's end of telemetry, tracking and command: what its VHF
// receiver hears goes in, what its UHF transmitter shall send comes out, and in between
// are the layers of CCSDS and of the packet utilization standard.
//
//	octets of a CLTU -> TC transfer frame -> SDLS -> FARM-1 -> segments -> packets -> PUS services
//	PUS reports -> packets -> TM transfer frames with a CLCW -> SDLS -> bursts in the satellite's slots
//
// [TTC] is a core: it reads no clock and does no input or output. Its duties towards its
// caller are four: give it what was received with [TTC.Uplink] as soon as it is decoded, call
// [TTC.Tick] when [TTC.NextWake] says so, send what [TTC.Bursts] gives at its time, and
// answer as [Instruments].
//
// # When it sends
//
// Time is shared with the stations by UTC (channel.Slots), which both have from GPS. The
// satellite sends telemetry only in a session, which a secured telecommand frame opens and
// further ones hold open, and then continuously in its slots. Otherwise it sends a beacon in
// its turn of the cycle of all satellites on the frequency. While the battery is low, or when
// nobody has called for hours, beacons are rarer.
//
// # What it obeys
//
// Only frames that SDLS has found genuine and new reach FARM-1. Forgeries and replays are
// counted, in telemetry, and the first of them since the last session is an event. Type-BC
// frames have no security in the standard. An Unlock is obeyed in a session; Set V(R) never is,
// because by it anybody could have commands sent and done twice: a station takes over the
// satellite's V(R) instead. After Config.EmergencyAfter without a call a lockout of FARM-1 is
// lifted, so that a lost Unlock cannot be the last obstacle.
//
// # What it keeps
//
// Reports of verification and events go into packet store 1, housekeeping into store 2
// (service 15), from which a station has them sent. What must survive a restart is
// [TTC.Export]; session keys that came over the air do not, and the keys of the beginning
// hold again. A change of key that is broken off leaves the key of before in operation. When packets
// go back from a session key to the key of the beginning, an event and a counter in housekeeping
// say so.
package ttc
