// Package apptest runs an app on a simulated on-board computer, as its author does
// before signing it: the real gate, operating system and sandbox, on one satellite
// with a chosen orbit, whose sensors tell what they would tell there.
//
// Nothing is left out but the way there: the package is signed with a throw-away
// key and deployed by a signed command, and every activation ends in a receipt whose
// signatures are checked. Simulated time jumps from event to event, so that an app
// that waits for eclipse is tested in milliseconds. The same options give the same
// report, byte for byte.
package apptest
