package sandbox

import (
	"fmt"
	"time"
)

// Errno is the result of a host call as the guest sees it: 0 for success, and a
// small positive number otherwise. The numbers are part of the `spc` ABI,
// version 1, and never change meaning.
type Errno int32

// The errno values of the `spc` ABI, version 1.
const (
	OK            Errno = 0 // done
	EPerm         Errno = 1 // the grant does not allow it
	ENoEnt        Errno = 2 // no such key, file, sensor or message
	EInval        Errno = 3 // an argument is malformed or out of bounds
	EQuota        Errno = 4 // storage, bandwidth or message quota is used up
	ERate         Errno = 5 // asked more often than the granted rate
	EBusy         Errno = 6 // not now: the device or the link is not available
	ETooBig       Errno = 7 // the caller's buffer or the message limit is too small
	EBadAuth      Errno = 8 // a sealed message does not open
	EUnavailable  Errno = 9 // the satellite does not have it
	EInternal     Errno = 10
	errnoSentinel Errno = 11
)

var errnoText = [...]string{"ok", "not permitted", "not found", "invalid argument", "quota used up",
	"rate limit", "busy", "too big", "authentication failed", "unavailable", "internal error"}

// Error gives the errno's text, so that an Errno is an error on the host side.
func (e Errno) Error() string {
	if e >= 0 && e < errnoSentinel {
		return errnoText[e]
	}
	return fmt.Sprintf("errno %d", int32(e))
}

// Reading is one sample of a sensor as an app sees it.
type Reading struct {
	Time   time.Time // UTC, when the sample was taken
	Values []float64 // in the sensor's documented units and frame
	Data   []byte    // bulk data such as a camera frame; nil for the others
}

// Message is one bundle message to or from an activation.
type Message struct {
	Peer    string // endpoint id of the other side, such as "ipn:3000001.2"
	Payload []byte
}

// TriggerKind says what started an activation.
type TriggerKind string

// The kinds of trigger.
const (
	TriggerSchedule TriggerKind = "schedule" // a period of the manifest came round
	TriggerOrbit    TriggerKind = "orbit"    // a region was entered, eclipse or a pass began
	TriggerMessage  TriggerKind = "message"  // a bundle message or an owner's call arrived
	TriggerWake     TriggerKind = "wake"     // a time or region that an earlier activation asked for
	TriggerInstall  TriggerKind = "install"  // the first activation after admission
)

// Trigger is what an activation is told about why it runs.
type Trigger struct {
	Kind TriggerKind
	Name string // the trigger's name in the manifest, or the wake's label
	Time time.Time
	From string // endpoint of the sender, for TriggerMessage
	Data []byte // the message or call payload, for TriggerMessage
}

// Host is everything outside its own memory that an activation can reach. The
// system implements it for one tenant and one activation; the sandbox calls it
// from the activation's goroutine only. Nothing here actuates: the interface
// for that does not exist on the tenants' side.
type Host interface {
	// Sensor gives the tenant's current reading of a granted sensor.
	Sensor(name string) (Reading, Errno)
	// Get, Put, Delete and Keys are the tenant's key-value storage, under its quota.
	Get(key string) ([]byte, Errno)
	Put(key string, value []byte) Errno
	Delete(key string) Errno
	Keys(prefix string) []string
	// Send queues a bundle message to a granted peer ("owner" is always granted).
	Send(peer string, payload []byte) Errno
	// Receive takes the next waiting message, or ENoEnt.
	Receive() (Message, Errno)
	// Log records a line for the owner's log ring.
	Log(level int, text string)
	// Seal and Open use the tenant's own key (AEAD); OpenSealed gives EBadAuth for forgeries.
	Seal(plain []byte) ([]byte, Errno)
	OpenSealed(sealed []byte) ([]byte, Errno)
	// WakeAt asks for one more activation at t; WakeInRegion when the satellite enters
	// the circle around (latDeg, lonDeg) with radiusKm.
	WakeAt(t time.Time, label string) Errno
	WakeInRegion(latDeg, lonDeg, radiusKm float64, label string) Errno
	// Subscribe adds a trigger of the manifest that was declared optional, by name.
	Subscribe(trigger string) Errno
	// SetResult sets the bytes that travel home in the result bundle; the last call wins.
	SetResult(result []byte) Errno
	// ReadFile, WriteFile, RemoveFile and ListFiles are the tenant's private files as
	// WASI sees them: flat names, no directories outside the tenant, under its quota.
	ReadFile(name string) ([]byte, Errno)
	WriteFile(name string, data []byte) Errno
	RemoveFile(name string) Errno
	ListFiles() []string
}

// Module names executable code: the publisher's signed original, not its
// instrumented form, which the engine makes itself.
type Module struct {
	Digest  [32]byte // SHA-256 of Code
	Runtime string   // "" for a wasm module, "js@1" for a JavaScript bundle
	Code    []byte
}

// Activation is the input of one run.
type Activation struct {
	Module      Module
	Trigger     Trigger
	Gas         uint64    // gas limit of this activation
	MemoryBytes uint64    // linear memory limit, rounded down to whole pages
	Now         time.Time // the guest's clock starts here and advances with gas
	Resolution  time.Duration
	RandSeed    [32]byte // the guest's random bytes come from here
	Host        Host
}

// End says how an activation ended.
type End string

// The ways an activation ends. Only Returned is the app's own success.
const (
	Returned    End = "returned"
	Failed      End = "failed"     // the app reported an error: exit code, uncaught exception
	Trapped     End = "trapped"    // wasm trap: unreachable, out of bounds, divide by zero
	OutOfGas    End = "out-of-gas" // the gas limit is used up
	OutOfMemory End = "out-of-memory"
	StackLimit  End = "stack-limit" // recursion deeper than the limit
	Killed      End = "killed"      // the watchdog or the owner ended it
	Refused     End = "refused"     // the module could not be started at all
)

// Outcome is what one run did. GasUsed is the same number on every CPU and on
// both engines.
type Outcome struct {
	End        End
	Detail     string // one line for the owner: the trap, the exception with its stack
	GasUsed    uint64
	PeakMemory uint64 // bytes of linear memory at the end
}
