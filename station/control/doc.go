// Package control is the station's end of telemetry, tracking and command, for one
// satellite: it keeps a queue of telecommands over all passes until each is verified, and
// reads the telemetry.
//
//	requests -> packets -> segments -> FOP-1 -> SDLS -> TC transfer frames -> bursts in up slots
//	TM transfer frames -> packets -> verification, housekeeping, events; CLCW -> FOP-1
//
// [Control] is a core: it reads no clock and does no input or output. Its caller tells it
// with [Control.Begin] and [Control.End] when the satellite can be heard, gives it what was
// received with [Control.Downlink] and [Control.Beacon], calls [Control.Tick] when
// [Control.NextWake] says so, and sends what [Control.Bursts] gives at its time.
//
// # What becomes of a command
//
// It waits in the queue, goes up by the sequence controlled service of COP-1, is
// acknowledged by the control word, and is verified by reports of PUS service 1. A pass that
// ends in between loses nothing: the next begins with the control word, whose N(R) tells
// which frames had arrived, and the rest are sent again. If the report is lost, it is asked
// for again out of the satellite's packet store. Only if the satellite lost its frame count, or
// no report is to be had, a command ends with its fate unknown; see [State]. None is done
// twice: FARM-1 sees to it, and the satellite knows packets that come again.
//
// # What is believed
//
// Only telemetry frames that SDLS finds genuine, new and of the time are read; of the others
// nothing counts, not the control word either, and [Stats] has how many there were and why. The
// control word itself is not covered by the code; what forging it can do is in the
// documentation of package mission. Beacons are not authenticated: nothing is taken from them but
// the orbit, which anybody can have made up until housekeeping brings a newer one.
//
// # Keys
//
// [Control.ChangeKey] replaces the key of packets over the air. A satellite whose computer
// started anew has forgotten it; the station finds that out from its housekeeping, and goes back to the
// key of the beginning. If packets have no effect, both ends take the key anew that the station
// has in use; a session key is not given up for that, as anybody can jam, unless the operator says
// so ([Control.FirstKey]). A station that has forgotten a session key takes that of the beginning.
// Both ends count what they went back, the satellite raises an event, the station an [Alarm].
//
// # What it keeps
//
// What must survive a restart is [Control.Export]: the commands that are not done, the vectors
// that were used, and the session key, encrypted under the master key.
package control
