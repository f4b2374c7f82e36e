//go:build wasip1

package spc

import "unsafe"

// The functions of import module "spc", by their names in the ABI.

//go:wasmimport spc abi_version
func abiVersion() int32

//go:wasmimport spc now
func now() int64

//go:wasmimport spc gas_left
func gasLeft() int64

//go:wasmimport spc event_time
func eventTime() int64

//go:wasmimport spc event_kind
func eventKind(buf unsafe.Pointer, n uint32, size unsafe.Pointer) int32

//go:wasmimport spc event_name
func eventName(buf unsafe.Pointer, n uint32, size unsafe.Pointer) int32

//go:wasmimport spc event_from
func eventFrom(buf unsafe.Pointer, n uint32, size unsafe.Pointer) int32

//go:wasmimport spc event_data
func eventData(buf unsafe.Pointer, n uint32, size unsafe.Pointer) int32

//go:wasmimport spc sensor_read
func sensorRead(name unsafe.Pointer, nameLen uint32, at, values unsafe.Pointer, valuesCap uint32, count, dataLen unsafe.Pointer) int32

//go:wasmimport spc sensor_data
func sensorData(buf unsafe.Pointer, n uint32, size unsafe.Pointer) int32

//go:wasmimport spc kv_get
func kvGet(key unsafe.Pointer, keyLen uint32, buf unsafe.Pointer, n uint32, size unsafe.Pointer) int32

//go:wasmimport spc kv_put
func kvPut(key unsafe.Pointer, keyLen uint32, value unsafe.Pointer, valueLen uint32) int32

//go:wasmimport spc kv_delete
func kvDelete(key unsafe.Pointer, keyLen uint32) int32

//go:wasmimport spc kv_keys
func kvKeys(prefix unsafe.Pointer, prefixLen uint32, buf unsafe.Pointer, n uint32, size unsafe.Pointer) int32

//go:wasmimport spc send
func send(peer unsafe.Pointer, peerLen uint32, data unsafe.Pointer, dataLen uint32) int32

//go:wasmimport spc receive
func receive(peer unsafe.Pointer, peerCap uint32, peerLen, data unsafe.Pointer, dataCap uint32, dataLen unsafe.Pointer) int32

//go:wasmimport spc log
func logLine(level int32, text unsafe.Pointer, textLen uint32) int32

//go:wasmimport spc seal
func seal(plain unsafe.Pointer, plainLen uint32, buf unsafe.Pointer, n uint32, size unsafe.Pointer) int32

//go:wasmimport spc open
func open(sealed unsafe.Pointer, sealedLen uint32, buf unsafe.Pointer, n uint32, size unsafe.Pointer) int32

//go:wasmimport spc wake_at
func wakeAt(at int64, label unsafe.Pointer, labelLen uint32) int32

//go:wasmimport spc wake_in_region
func wakeInRegion(latDeg, lonDeg, radiusKm float64, label unsafe.Pointer, labelLen uint32) int32

//go:wasmimport spc subscribe
func subscribe(trigger unsafe.Pointer, triggerLen uint32) int32

//go:wasmimport spc result_set
func resultSet(data unsafe.Pointer, dataLen uint32) int32
