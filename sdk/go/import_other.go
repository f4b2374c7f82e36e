//go:build !wasip1

package spc

import "unsafe"

// Off the satellite there is no host: every call is unavailable.

const absent = int32(Unavailable)

func abiVersion() int32                                      { return 1 }
func now() int64                                             { return 0 }
func gasLeft() int64                                         { return 0 }
func eventTime() int64                                       { return 0 }
func eventKind(unsafe.Pointer, uint32, unsafe.Pointer) int32 { return absent }
func eventName(unsafe.Pointer, uint32, unsafe.Pointer) int32 { return absent }
func eventFrom(unsafe.Pointer, uint32, unsafe.Pointer) int32 { return absent }
func eventData(unsafe.Pointer, uint32, unsafe.Pointer) int32 { return absent }
func sensorRead(unsafe.Pointer, uint32, unsafe.Pointer, unsafe.Pointer, uint32, unsafe.Pointer, unsafe.Pointer) int32 {
	return absent
}
func sensorData(unsafe.Pointer, uint32, unsafe.Pointer) int32                     { return absent }
func kvGet(unsafe.Pointer, uint32, unsafe.Pointer, uint32, unsafe.Pointer) int32  { return absent }
func kvPut(unsafe.Pointer, uint32, unsafe.Pointer, uint32) int32                  { return absent }
func kvDelete(unsafe.Pointer, uint32) int32                                       { return absent }
func kvKeys(unsafe.Pointer, uint32, unsafe.Pointer, uint32, unsafe.Pointer) int32 { return absent }
func send(unsafe.Pointer, uint32, unsafe.Pointer, uint32) int32                   { return absent }
func receive(unsafe.Pointer, uint32, unsafe.Pointer, unsafe.Pointer, uint32, unsafe.Pointer) int32 {
	return absent
}
func logLine(int32, unsafe.Pointer, uint32) int32                               { return absent }
func seal(unsafe.Pointer, uint32, unsafe.Pointer, uint32, unsafe.Pointer) int32 { return absent }
func open(unsafe.Pointer, uint32, unsafe.Pointer, uint32, unsafe.Pointer) int32 { return absent }
func wakeAt(int64, unsafe.Pointer, uint32) int32                                { return absent }
func wakeInRegion(float64, float64, float64, unsafe.Pointer, uint32) int32      { return absent }
func subscribe(unsafe.Pointer, uint32) int32                                    { return absent }
func resultSet(unsafe.Pointer, uint32) int32                                    { return absent }
