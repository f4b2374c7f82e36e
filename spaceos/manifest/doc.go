// Package manifest says what an app is, what it needs and what it may do.
//
// The manifest is what a publisher signs. It names the app and its version, pins
// the module by digest and size, and asks for a runtime, quotas, triggers and
// permissions; what is not asked for is not granted. On the wire it is a CBOR map
// with integer keys in deterministic form (RFC 8949 §4.2.1), so that one manifest
// has one encoding and one digest. Authors write it as spacechain.yaml, which
// ParseAuthor reads.
//
// Keys of the map:
//
//	1 format (1)            7 module size, bytes       13 messages per hour
//	2 app                   8 runtime                  14 message bytes per hour
//	3 version               9 memory, bytes            15 triggers
//	4 publisher            10 storage, bytes           16 permissions
//	5 counter              11 gas per activation       17 provides
//	6 module SHA-256       12 messages per activation  18 summary
//
// A trigger is a map: 1 name, 2 kind, 3 optional, 4 every (s), 5 phase (s),
// 6 latitude and 7 longitude (1e-6 degrees), 8 radius (m), 9 station.
// Permissions are a map: 1 sensors (array of [name, interval in ms]), 2 peers,
// 3 ledger reads, 4 roles, 5 actuators. Fields at their zero value are left out.
package manifest
