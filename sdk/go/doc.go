// Package spc is the SpaceChain app SDK for Go: what a program on a satellite can
// reach outside its own memory.
//
// An app is a main package built with GOOS=wasip1 GOARCH=wasm. It is not a
// daemon: a trigger starts it, Run hands it the event, and when it returns the
// instance is gone. What must last goes into key-value storage or into files,
// which the os package reaches as usual (flat names, under the storage quota).
//
//	func main() {
//		spc.Run(func(e spc.Event) (any, error) {
//			r, err := spc.Sensor("temperature")
//			if err != nil {
//				return nil, err
//			}
//			return map[string]any{"celsius": r.Values}, nil
//		})
//	}
//
// Units are those of the sensors' documentation; times are UTC. What the
// satellite refuses is an error that wraps an Errno. On any other platform the
// package compiles too, for editors and tests, and every call gives Unavailable.
package spc
