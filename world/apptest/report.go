package apptest

import (
	"encoding/json"
	"fmt"
	"time"

	"spacechain/astro"
	"spacechain/spaceos/command"
	"spacechain/spaceos/manifest"
	"spacechain/spaceos/receipt"
	"spacechain/spaceos/sandbox"
)

// Report is what a test found out.
type Report struct {
	App         string           `json:"app"`
	Version     manifest.Version `json:"version"`
	Satellite   uint64           `json:"satellite"`
	Name        string           `json:"satellite_name"`
	Start       time.Time        `json:"start"`
	End         time.Time        `json:"end"`
	Activations []Activation     `json:"activations"`
	// Silent are triggers that did not fire, and why.
	Silent []Silent `json:"silent"`
	// Failures counts the activations that did not return.
	Failures int `json:"failures"`

	GasLimit     uint64 `json:"gas_limit"`     // of one activation
	MaxGas       uint64 `json:"max_gas"`       // the most that one activation used
	MemoryLimit  uint64 `json:"memory_limit"`  // bytes
	PeakMemory   uint64 `json:"peak_memory"`   // bytes, the most of one activation
	StorageLimit uint64 `json:"storage_limit"` // bytes
	Stored       uint64 `json:"stored"`        // bytes, at the end
	Uplink       Uplink `json:"uplink"`
}

// Uplink is what it costs to deploy the app, in bytes.
type Uplink struct {
	Module  int `json:"module"`  // as built
	Package int `json:"package"` // signed and compressed
	Command int `json:"command"` // the signed command with the package: what goes up
	// Known is the command where the satellite knows the publisher's keys already.
	Known int `json:"command_known_publisher"`
}

// Silent is a trigger that did not fire.
type Silent struct {
	Trigger string `json:"trigger"`
	Reason  string `json:"reason"`
}

// Activation is one run of the app.
type Activation struct {
	Number     uint64              `json:"number"` // from 1
	Kind       sandbox.TriggerKind `json:"kind"`
	Trigger    string              `json:"trigger"` // its name, or the wake's label
	Time       time.Time           `json:"time"`
	LatDeg     float64             `json:"lat_deg"` // where the satellite was
	LonDeg     float64             `json:"lon_deg"`
	AltKm      float64             `json:"alt_km"`
	Sunlit     bool                `json:"sunlit"`
	End        sandbox.End         `json:"end"`
	Detail     string              `json:"detail,omitempty"`
	Gas        uint64              `json:"gas"`
	PeakMemory uint64              `json:"peak_memory"`
	Duration   time.Duration       `json:"duration_ns"` // modelled: on board, not here
	Stored     uint64              `json:"stored"`
	Result     Payload             `json:"result"`
	Logs       []Log               `json:"logs"`
	Sent       []Sent              `json:"sent"`
	// Receipt is what the satellite signed, and Verified whether its signatures and
	// digests hold.
	Receipt  receipt.Receipt `json:"receipt"`
	Verified bool            `json:"verified"`
}

// Log is one line that the app logged.
type Log struct {
	Level string `json:"level"`
	Text  string `json:"text"`
}

// Sent is one message that the app sent.
type Sent struct {
	To   string  `json:"to"` // "owner" or an endpoint
	Data Payload `json:"data"`
}

// Payload is bytes that show as JSON where they are JSON, as text where they are
// text, and as base64 otherwise.
type Payload []byte

// MarshalJSON gives {"json": …}, {"text": …} or {"base64": …}; null for nothing.
func (p Payload) MarshalJSON() ([]byte, error) {
	switch {
	case len(p) == 0:
		return []byte("null"), nil
	case json.Valid(p):
		return json.Marshal(map[string]json.RawMessage{"json": json.RawMessage(p)})
	case printable(p):
		return json.Marshal(map[string]string{"text": string(p)})
	}
	return json.Marshal(map[string][]byte{"base64": p})
}

// String gives text as it is, and the size of anything else.
func (p Payload) String() string {
	if printable(p) {
		return string(p)
	}
	return fmt.Sprintf("%d bytes", len(p))
}

// RefusedError is the gate's no: the app would not be admitted in orbit either.
type RefusedError struct {
	App     string
	Code    command.Code
	Message string
}

func (e *RefusedError) Error() string {
	return fmt.Sprintf("deploy %s: refused: %s: %s", e.App, e.Code, e.Message)
}

var levels = [...]string{"debug", "info", "warn", "error"}

func levelName(level int) string { return levels[min(max(level, 0), len(levels)-1)] }

func (a *Activation) at(place astro.Geodetic, light float64) {
	a.LatDeg, a.LonDeg, a.AltKm, a.Sunlit = place.LatDeg, place.LonDeg, place.AltKm, light > 0
}
