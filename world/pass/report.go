package pass

import (
	"time"

	"spacechain/platform/ttc"
	"spacechain/spaceos/command"
	"spacechain/station/control"
)

// Report is what came of a pass.
type Report struct {
	Depth         string    `json:"depth"`
	Seed          uint64    `json:"seed"`
	Satellite     string    `json:"satellite"`
	Station       string    `json:"station"`
	Rise          time.Time `json:"rise"`
	Culmination   time.Time `json:"culmination"`
	Set           time.Time `json:"set"`
	PeakDeg       float64   `json:"peak_deg"`
	NearestKm     float64   `json:"nearest_km"`
	FarthestKm    float64   `json:"farthest_km"`
	MostDopplerHz float64   `json:"most_doppler_hz"` // of the payload's uplink

	Links    []LinkReport    `json:"links"`
	Commands []CommandReport `json:"commands"`
	File     FileReport      `json:"file"`
	App      AppReport       `json:"app"`
	Orbit    OrbitReport     `json:"orbit"`

	Control control.Stats `json:"control"`
	Space   ttc.Counters  `json:"space"`

	Samples int64  `json:"samples"` // worked out
	Digest  string `json:"digest"`  // of the whole history
}

// LinkReport is what a link did.
type LinkReport struct {
	Name      string        `json:"name"`
	Modem     string        `json:"modem"`
	Coding    string        `json:"coding"`
	Framing   string        `json:"framing"`
	CarrierHz float64       `json:"carrier_hz"`
	Bursts    uint64        `json:"bursts"`
	Sent      uint64        `json:"sent"` // transfer frames
	Lost      uint64        `json:"lost"`
	Faded     uint64        `json:"faded"` // of those, in a scripted fade
	Octets    uint64        `json:"octets"`
	Airtime   time.Duration `json:"airtime_ns"`
	MinEbN0DB float64       `json:"min_eb_n0_db"`
	MaxEbN0DB float64       `json:"max_eb_n0_db"`
	// Resent is what the protocol above sent again, in units of ResentUnit.
	Resent     uint64 `json:"resent"`
	ResentUnit string `json:"resent_unit,omitempty"`
}

// CommandReport is what became of a telecommand.
type CommandReport struct {
	Name     string    `json:"name"`
	Given    time.Time `json:"given"`
	State    string    `json:"state"`
	Verified time.Time `json:"verified"`
	Why      string    `json:"why,omitempty"`
	// Performed is how often the satellite carried it out, where it counts.
	Performed int  `json:"performed"`
	Counted   bool `json:"counted"`
}

// FileReport is the way of the deployed file.
type FileReport struct {
	Size      int64     `json:"size"`
	Begun     time.Time `json:"begun"`
	Arrived   time.Time `json:"arrived"` // complete on board
	Ended     time.Time `json:"ended"`   // the station knows
	Identical bool      `json:"identical"`
	Handed    int       `json:"handed"` // how often the operating system was given it
	Octets    int64     `json:"octets"` // of file data sent, repeated ones included
	PDUs      uint64    `json:"pdus"`
	NAKs      uint64    `json:"naks"`
	Condition string    `json:"condition"` // as the sender knows it
}

// AppReport is what the satellite said to the command.
type AppReport struct {
	Tenants   int          `json:"tenants"`
	Installed time.Time    `json:"installed"`
	Answered  time.Time    `json:"answered"` // at its owner's terminal, by the mesh
	Code      command.Code `json:"code"`
	Replies   int          `json:"replies"`
	Results   int          `json:"results"`
}

// OrbitReport compares the orbit measurements that came down with the truth.
type OrbitReport struct {
	Reports    int     `json:"reports"`
	WorstM     float64 `json:"worst_m"`
	WorstMS    float64 `json:"worst_m_s"`
	Beacons    uint64  `json:"beacons"`
	Satellites int     `json:"satellites"`
}
