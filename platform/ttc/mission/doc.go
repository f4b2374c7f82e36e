// Package mission is what a satellite and its stations have agreed on for
// telemetry, tracking and command: waveforms and slots, the managed parameters of
// frames, security and packets, the table of housekeeping parameters, events and
// functions, and the beacon.
//
// The satellite's end is platform/ttc, the station's is station/control. Both are made
// from the same [Link]; nothing of it travels.
//
// # Virtual channels
//
// Each station has a telecommand virtual channel of its own, so that each has its own
// FARM-1 and COP-1 is never between more than two; the control word in telemetry names
// the channel that it is about. MAP 0 carries packets, MAP 1 the extended procedures of
// SDLS. Telemetry comes on channel 0 as it arises, on channel 1 out of packet stores;
// channel 7 is idle.
//
// # Security
//
// Type-D frames are secured by SDLS (CCSDS 355.0-B-2) with AES-256-GCM under two
// associations a station: one for packets, one for the procedures that change the keys of
// the first. The security function comes before FARM-1, so that no forged frame moves
// V(R); each transmission of a frame therefore has a number of its own. Numbers follow
// the clock (see [Numbers]), so that neither end reuses or reopens any after it forgot
// everything. Type-BC frames have no security in the standard; the satellite obeys Unlock
// while a session is on, which only a secured frame opens, and never Set V(R): a station sets
// its own V(S) to the satellite's V(R).
//
// Telemetry frames are authenticated by SDLS with AES-CMAC under one association for all
// stations, idle frames too: whoever likes may read them, nobody can imitate them ([Telemetry]).
// Their numbers follow the clock as well, and a station takes none that is more than
// [Tolerance] from its own: not a replay, and not a frame that somebody held back.
//
// The code covers headers and data. The control word comes behind it, where the standard has the
// operational control field, so whoever can change a genuine frame on its way, or drown it by his
// own and send its octets again within the tolerance, can put another control word into it. With
// that he can have a station send again what had arrived, which the satellite does not do again;
// have it think aboard what is not, whose reports never come, so that it ends with its fate
// unknown; have it send Unlock; or keep it from going on: what a jammer can do, too. He
// cannot have a command done twice or out of order, nor have one called verified, as only an
// authenticated report does that. Beacons are not authenticated: radio amateurs read them, and
// nothing depends on them but where a station looks for the satellite.
package mission
