package system

import (
	"errors"
	"time"

	"spacechain/identity"
	"spacechain/internal/kv"
	"spacechain/spaceos/gate"
	"spacechain/spaceos/manifest"
)

// Options make a System. Satellite, Key, Store and Checker are required.
type Options struct {
	Satellite uint64        // node number
	Key       *identity.Key // the satellite's: receipts, replies, and tenants' keys come from it
	Store     kv.Store      // safe for concurrent reads
	Policy    gate.Policy
	Checker   gate.Checker
	Leases    gate.LeaseChecker // nil means gate.OpenLeases
	Orbit     OrbitEvents       // nil means that no orbit event ever comes
	Limits    Limits
	// Resumed says that the computer was stopped from outside, as a simulation is that
	// ends and goes on. No activation that was under way then is taken for the cause.
	Resumed bool
}

// OrbitEvents tells when orbit triggers fire next.
type OrbitEvents interface {
	// Next gives the first time strictly after the given one at which an orbit trigger
	// (region, eclipse or pass) fires, or false if none is within the time that it looks
	// ahead; it is asked again some hours later then.
	Next(t manifest.Trigger, after time.Time) (time.Time, bool)
}

// Limits bound what tenants together and each activation may use. Zero fields get
// the defaults that are given with them.
type Limits struct {
	Workers        int           // activations that run at once: 16
	Reserved       int           // of the workers, kept for tenants that need little: a quarter; less than 0 for none
	ModestGas      uint64        // the most that such a tenant may ask for per activation: 250 M
	GasPerSecond   uint64        // by which durations are modelled: 1e9, as the guest's clock runs
	Measured       bool          // take the duration from start and finish times instead
	WallLimit      time.Duration // after which the watchdog ends an activation: 60 s
	SensorWait     time.Duration // after which an activation starts without its readings: 5 s
	Resolution     time.Duration // of the guests' clock: 1 ms
	MaxMessage     int           // bytes of one message, in or out: 64 KiB
	MaxResult      int           // bytes of one result: 64 KiB
	ResultBytes    uint64        // bytes of one tenant's results in a UTC hour: 4 MiB
	MaxEntries     int           // keys and files of one tenant: 1024
	MaxWakes       int           // wakes that one tenant may have waiting: 8
	QueueMessages  int           // messages and calls waiting for one tenant: 32
	QueueBytes     int           // and their bytes: 256 KiB
	LogBytes       int           // log text kept of one activation: 8 KiB
	LogTail        int           // of it, sent with the result: 2 KiB
	LogActivations uint64        // activations whose log is kept: 64
	Backoff        time.Duration // wait after the first failure, doubling with each: 10 s
	MaxBackoff     time.Duration // 1 h
	MaxFailures    uint64        // failures in a row that stop a tenant: 5
	Requests       int           // commands remembered per owner: 4096
	OrbitRetry     time.Duration // until an orbit trigger without a next event is looked up again: 6 h
}

func setDefault[T comparable](v *T, d T) {
	var zero T
	if *v == zero {
		*v = d
	}
}

func (l Limits) withDefaults() Limits {
	setDefault(&l.Workers, 16)
	setDefault(&l.Reserved, l.Workers/4)
	setDefault(&l.ModestGas, 250_000_000)
	setDefault(&l.GasPerSecond, 1_000_000_000)
	setDefault(&l.WallLimit, time.Minute)
	setDefault(&l.SensorWait, 5*time.Second)
	setDefault(&l.Resolution, time.Millisecond)
	setDefault(&l.MaxMessage, 64<<10)
	setDefault(&l.MaxResult, 64<<10)
	setDefault(&l.ResultBytes, 4<<20)
	setDefault(&l.MaxEntries, 1024)
	setDefault(&l.MaxWakes, 8)
	setDefault(&l.QueueMessages, 32)
	setDefault(&l.QueueBytes, 256<<10)
	setDefault(&l.LogBytes, 8<<10)
	setDefault(&l.LogTail, 2<<10)
	setDefault(&l.LogActivations, 64)
	setDefault(&l.Backoff, 10*time.Second)
	setDefault(&l.MaxBackoff, time.Hour)
	setDefault(&l.MaxFailures, 5)
	setDefault(&l.Requests, 4096)
	setDefault(&l.OrbitRetry, 6*time.Hour)
	return l
}

func (o *Options) check() error {
	switch {
	case o.Satellite == 0:
		return errors.New("system: no satellite number")
	case o.Key == nil || o.Store == nil || o.Checker == nil:
		return errors.New("system: key, store and checker are required")
	}
	return nil
}

type noEvents struct{}

func (noEvents) Next(manifest.Trigger, time.Time) (time.Time, bool) { return time.Time{}, false }
