// Package system is the core of the payload computer: it holds tenants, starts their
// activations, and answers their owners.
//
// System does no I/O beyond its store and reads no clock. Its driver, the satellite
// role, feeds it and then drains it:
//
//  1. New recovers everything from the store.
//  2. Message gives it a bundle for service 1 (owners' commands) or 64 and up (one
//     tenant each); Tick gives it the time, at the latest at NextWake.
//  3. Ready, called after every input, makes all that happened durable in one batch
//     and then gives what is to be done. It is to be called until it is Empty:
//     - Messages go to the bundle node; once that has them durably, Sent says so.
//     - Handled are deliveries that the bundle node may forget.
//     - SensorRequests are answered by Sensors with readings from the platform.
//     - Jobs are activations. Job.Run works on any goroutine and touches only the
//     job; its result goes to Finish, in a simulation at the time at which the
//     modelled duration ends.
//     - Runtimes are first-party engines to hand to the sandbox before any job runs.
//  4. Any error is final: the store could not be trusted, so stop and start anew.
//
// What is promised: nothing is acknowledged before it is durable, and an activation's
// writes, messages, counters, receipt and result become durable together or not at
// all. Messages go out at least once; what a crash makes go out twice carries the
// same request id, activation number or message number. An activation that a crash
// interrupts runs again, once, with the same number; if that is interrupted too, it
// ends as killed, so that an app which takes the computer down does not do so for
// ever. Schedules and orbit events that pass while the computer is down are skipped.
//
// A failed activation (anything but a return) keeps its log and sends its receipt; its
// writes, messages, wakes and subscriptions never happened. The messages that it took
// are gone, so that a poisonous one cannot come again and again.
//
// All methods of System are for one goroutine. The store must be safe for
// concurrent reads, since jobs read their tenant's data while they run.
package system
