package api

import "time"

// Telemetry is what a satellite said of itself when a station last heard it, by its own
// telemetry and command radio.
type Telemetry struct {
	Received time.Time `json:"received" doc:"When the station had it, UTC"`
	Station  NodeID    `json:"station" doc:"Station that heard it"`
	Time     time.Time `json:"time" doc:"On-board time of the report, UTC"`
	Mode     string    `json:"mode" doc:"What its radio is about: nominal, low power or emergency"`
	Battery  float64   `json:"battery_fraction" doc:"State of charge, 0 to 1"`
	BusVolts float64   `json:"bus_volts" doc:"Voltage of the bus"`
	Sunlit   bool      `json:"sunlit" doc:"False in the Earth's umbra"`
	Uptime   float64   `json:"uptime_s" doc:"Since its platform computer started, seconds"`

	Orbit    *OrbitMeasurement `json:"orbit,omitempty" doc:"What its GPS receiver measured; absent without a fix"`
	Counters TelemetryCounters `json:"counters" doc:"Of its radio since its computer started"`
	Beacon   *BeaconHeard      `json:"beacon,omitempty" doc:"The last beacon that a station heard"`

	Up         Wave `json:"up" doc:"What telecommands go up by"`
	Down       Wave `json:"down" doc:"What telemetry comes down by"`
	BeaconWave Wave `json:"beacon_wave" doc:"What beacons come down by"`
}

// OrbitMeasurement is where a satellite says that it was.
type OrbitMeasurement struct {
	Time        time.Time  `json:"t" doc:"Time of validity, UTC"`
	PosECEFKm   [3]float64 `json:"pos_ecef_km" doc:"Earth-fixed position, km"`
	VelECEFKmS  [3]float64 `json:"vel_ecef_km_s" doc:"Earth-fixed velocity, km/s"`
	SigmaM      float64    `json:"sigma_m" doc:"The receiver's own estimate of the position's error, metres, 1 sigma"`
	ClockBiasNs float64    `json:"clock_bias_ns" doc:"The receiver's clock against GPS time, nanoseconds"`
	Satellites  int        `json:"satellites" doc:"Navigation satellites used"`
}

// TelemetryCounters is what a satellite's radio has counted.
type TelemetryCounters struct {
	FramesAccepted uint64 `json:"tc_frames_accepted" doc:"Telecommand frames that COP-1 took"`
	FramesRefused  uint64 `json:"tc_frames_refused" doc:"Telecommand frames refused"`
	Forged         uint64 `json:"forged" doc:"Of those, frames with a wrong authentication code"`
	Replayed       uint64 `json:"replayed" doc:"Of those, frames whose number was used before"`
	FramesSent     uint64 `json:"tm_frames_sent" doc:"Telemetry frames sent"`
	BeaconsSent    uint64 `json:"beacons_sent" doc:"Beacons sent"`
}

// BeaconHeard says where a beacon was heard.
type BeaconHeard struct {
	Received time.Time `json:"received" doc:"UTC"`
	Station  NodeID    `json:"station" doc:"Station that heard it"`
}
