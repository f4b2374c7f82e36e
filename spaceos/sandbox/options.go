package sandbox

import "spacechain/spaceos/meter"

// Options configures an Engine. The zero value runs on this machine.
type Options struct {
	// Interpreter selects wazero's interpreter, which every CPU has. The default is the
	// compiler where there is one (amd64, arm64) and the interpreter elsewhere.
	Interpreter bool
	// CacheDir keeps compiled code between restarts and across evictions; "" keeps none.
	// It must belong to the payload process alone: code in it is trusted.
	CacheDir string
	// MaxLive bounds the instances that exist at once; an activation beyond it waits.
	// Default 32.
	MaxLive int
	// Slots bounds the activations that execute at one moment. Default GOMAXPROCS.
	Slots int
	// CodeBytes bounds the memory that compiled modules take by estimate; the largest
	// idle ones go first and are compiled again (or read from CacheDir) when needed.
	// Default 64 MiB, on the interpreter 40 MiB.
	CodeBytes int
	// IdleJS bounds the initialised JavaScript instances that wait for the next
	// activation. Default 2; a negative number keeps none.
	IdleJS int
	// MaxMemory is the largest linear memory of any activation in bytes, whatever the
	// activation asks for. Default 64 MiB.
	MaxMemory uint64
	// Limits bounds the modules.
	Limits meter.Limits
}

// Prices and bounds of host calls. They are part of the guest ABI, version 1.
const (
	priceCall   = 100  // any host call
	priceQuery  = 1000 // looks into the host: keys, messages, wakes
	priceSensor = 2000
	priceWrite  = 4000 // changes durable state or sends
	priceCrypto = 2000
	priceByte   = 1 // each byte moved over the boundary
	priceSeal   = 4 // each byte sealed or opened

	maxName    = 256     // keys, names, labels, peers, in bytes
	maxLine    = 4096    // one log line
	maxPayload = 1 << 20 // a value, message, result
	maxScript  = 1 << 20 // a JavaScript bundle
	maxOpen    = 32      // file descriptors
	maxFiles   = 4 << 20 // bytes in open files together

	// sliceGas is the gas between two looks of the host: at most 1 ms of work, even
	// when every instruction misses the cache. The same on both engines, because a trap
	// is billed as of the last time that the counter stood in memory.
	sliceGas = 20000
)
