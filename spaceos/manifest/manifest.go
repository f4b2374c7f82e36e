package manifest

import (
	"crypto/sha256"
	"time"

	"spacechain/identity"
)

// Format is the version of the manifest's encoding.
const Format = 1

// The runtimes that the first satellites know.
const (
	RuntimeWasm = "wasm@1" // a WebAssembly module that speaks WASI preview 1 and spc
	RuntimeJS   = "js@1"   // a JavaScript bundle, run by the first-party engine package
)

// RoleRuntime is the first-party role of a package that runs other packages' code;
// Provides names what it then offers.
const RoleRuntime = "runtime"

// Manifest is what a publisher signs about an app.
type Manifest struct {
	App       string      `json:"app"`       // such as "fieldwatch" or "org.example.fieldwatch"
	Version   Version     `json:"version"`   // semantic version, for people
	Publisher identity.ID `json:"publisher"` // who signs
	// Counter only ever rises from one release to the next; a satellite never goes
	// back below the highest counter it has admitted of an app and publisher.
	Counter uint64 `json:"counter"`
	Module  Module `json:"module"`
	Runtime string `json:"runtime"` // what runs the module: "wasm@1", "js@1"
	// Provides is the runtime that this package is, such as "js@1". It goes with the
	// role "runtime".
	Provides    string      `json:"provides,omitempty"`
	Summary     string      `json:"summary,omitempty"` // one line for people
	Limits      Limits      `json:"limits"`
	Triggers    []Trigger   `json:"triggers,omitempty"`
	Permissions Permissions `json:"permissions"`
}

// Module pins the code that belongs to a manifest.
type Module struct {
	Digest [sha256.Size]byte `json:"-"`    // SHA-256 of the code
	Size   uint64            `json:"size"` // bytes
}

// Limits are the quotas that an app asks for.
type Limits struct {
	MemoryBytes           uint64 `json:"memory_bytes"`            // linear memory of one activation
	StorageBytes          uint64 `json:"storage_bytes"`           // keys, values and files together
	GasPerActivation      uint64 `json:"gas_per_activation"`      // computation of one activation
	MessagesPerActivation uint64 `json:"messages_per_activation"` // messages one activation may send
	MessagesPerHour       uint64 `json:"messages_per_hour"`       // messages sent in one UTC hour
	MessageBytesPerHour   uint64 `json:"message_bytes_per_hour"`  // payload bytes sent in one UTC hour
}

// Permissions are what an app asks for beyond its own storage. A message to the
// owner is always allowed, under the message quotas.
type Permissions struct {
	Sensors []Sensor `json:"sensors,omitempty"`
	// Peers are patterns of endpoint ids: "ipn:3000001.2", "ipn:3000001.*", "ipn:*.70".
	Peers  []string `json:"peers,omitempty"`
	Ledger []string `json:"ledger,omitempty"` // names of ledger reads, such as "lease"
	Roles  []string `json:"roles,omitempty"`  // first-party roles, such as "runtime"
	// Actuators can be written so that asking can be answered: the gate refuses them
	// always, and the sandbox has no call for them.
	Actuators []string `json:"actuators,omitempty"`
}

// Sensor is the permission to read one sensor.
type Sensor struct {
	Name string `json:"name"`
	// Interval is the least time between two readings; whole milliseconds.
	Interval time.Duration `json:"interval_ns"`
}

// Digest is the SHA-256 of the encoded manifest. Together with the module's digest
// inside it, it names a package.
func (m *Manifest) Digest() [sha256.Size]byte { return sha256.Sum256(m.Encode()) }

// Trigger gives the trigger of that name.
func (m *Manifest) Trigger(name string) (Trigger, bool) {
	for _, t := range m.Triggers {
		if t.Name == name {
			return t, true
		}
	}
	return Trigger{}, false
}

// HasRole reports whether the manifest asks for a first-party role.
func (m *Manifest) HasRole(role string) bool {
	for _, r := range m.Permissions.Roles {
		if r == role {
			return true
		}
	}
	return false
}
