package system

import "encoding/binary"

// Keys of the store, all under "sys/". Numbers are big-endian, so that keys sort as
// numbers do.
//
//	meta                    format, next tenant number, horizon of forgotten requests
//	r/<tenant>              the tenant's record, rewritten by each activation
//	m/<tenant>              its signed manifest
//	c/<digest>              module code, shared by the tenants that have it
//	x/<tenant>              the mark of an activation that was started and has not ended
//	q/<tenant><number>      a message or call that waits
//	d/<tenant>              directory: names and sizes of keys and files
//	e/<tenant><kind><name>  an entry: a key's value (kind k) or a file (kind f)
//	l/<tenant><activation>  the log of one activation
//	o/<number>              a message that waits to be handed to the bundle node
//	i/<slot>                a delivery that was handled, to tell its repetition
//	h/<owner><request>      a command that was handled, with its reply
const keyRoot = "sys/"

var keyMeta = []byte(keyRoot + "meta")

func key(kind string, size int) []byte {
	return append(append(make([]byte, 0, len(keyRoot)+len(kind)+size), keyRoot...), kind...)
}

func keyNumber(kind string, n uint64) []byte {
	return binary.BigEndian.AppendUint64(key(kind, 8), n)
}

func keyPair(kind string, n, m uint64) []byte {
	return binary.BigEndian.AppendUint64(binary.BigEndian.AppendUint64(key(kind, 16), n), m)
}

func keyRecord(tenant uint64) []byte          { return keyNumber("r/", tenant) }
func keyManifest(tenant uint64) []byte        { return keyNumber("m/", tenant) }
func keyMark(tenant uint64) []byte            { return keyNumber("x/", tenant) }
func keyDirectory(tenant uint64) []byte       { return keyNumber("d/", tenant) }
func keyQueue(tenant, number uint64) []byte   { return keyPair("q/", tenant, number) }
func keyLog(tenant, activation uint64) []byte { return keyPair("l/", tenant, activation) }
func keyOutbox(number uint64) []byte          { return keyNumber("o/", number) }
func keyDelivery(slot uint64) []byte          { return keyNumber("i/", slot) }
func keyModule(digest [32]byte) []byte        { return append(key("c/", 32), digest[:]...) }
func keyEntry(tenant uint64, name string) []byte {
	return append(binary.BigEndian.AppendUint64(key("e/", 8+len(name)), tenant), name...)
}

func keyRequest(owner [32]byte, request [16]byte) []byte {
	return append(append(key("h/", 48), owner[:]...), request[:]...)
}

// tail reads the number that ends a key.
func tail(key []byte) uint64 {
	if len(key) < 8 {
		return 0
	}
	return binary.BigEndian.Uint64(key[len(key)-8:])
}
