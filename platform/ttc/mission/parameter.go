package mission

import (
	"spacechain/link/pus"
)

// Parameter is one parameter of the platform computer, by its id.
type Parameter uint64

// The parameters. Times are microseconds of UTC since 1970; positions and velocities are
// Earth-fixed (ITRF, as WGS-84).
const (
	ParamTime Parameter = iota + 1 // on-board time
	ParamMode
	ParamUptime  // seconds since the computer started
	ParamSilence // seconds since the last valid telecommand frame

	ParamFixTime       // time of validity of the orbit measurement, 0 without one
	ParamFixX          // m
	ParamFixY          // m
	ParamFixZ          // m
	ParamFixVX         // m/s
	ParamFixVY         // m/s
	ParamFixVZ         // m/s
	ParamFixSigma      // estimate of the position's error, 1 sigma, m
	ParamFixClockBias  // of the receiver's own clock against GPS, ns
	ParamFixSatellites // of the navigation system, used in the fix

	ParamBattery // charge, 0 to 1
	ParamVoltage // of the bus, V
	ParamSunlit

	ParamFramesAccepted // telecommand frames that FARM-1 took
	ParamFramesRefused  // malformed, out of sequence, or not for us
	ParamForged         // frames with a wrong authentication code
	ParamReplayed       // frames whose number was used before
	ParamUnsecured      // frames of no association in operation
	ParamCLCW           // the control word of the channel heard last
	ParamRequests       // telecommand packets
	ParamRequestsRefused
	ParamFramesSent // telemetry
	ParamBeaconsSent
	ParamTelemetryDropped // packets that did not find room
	ParamKeyFallbacks     // times that packets went back from a session key to the key of the beginning
	paramEnd

	// Those that service 20 sets.
	ParamBeaconPeriod    Parameter = 100 // s
	ParamLowPowerPeriod  Parameter = 101 // s between beacons when the battery is low or nobody calls
	ParamSessionHold     Parameter = 102 // s that a session lasts after the last telecommand frame
	ParamEmergencyHours  Parameter = 103 // h without a valid frame
	ParamBatteryLow      Parameter = 104 // charge, 0 to 1
	ParamBatteryRestored Parameter = 105 // charge, 0 to 1
)

var (
	octet  = pus.Type{Kind: pus.Unsigned, Size: 1}
	word   = pus.Type{Kind: pus.Unsigned, Size: 2}
	long   = pus.Type{Kind: pus.Unsigned, Size: 4}
	time8  = pus.Type{Kind: pus.Unsigned, Size: 8}
	single = pus.Type{Kind: pus.Real, Size: 4}
	double = pus.Type{Kind: pus.Real, Size: 8}
)

// description is a parameter's type, with what people call it.
type description struct {
	name string
	unit string
	typ  pus.Type
}

var parameters = map[Parameter]description{
	ParamTime: {"time", "us", time8}, ParamMode: {"mode", "", octet},
	ParamUptime: {"uptime", "s", long}, ParamSilence: {"silence", "s", long},
	ParamFixTime: {"orbit_time", "us", time8},
	ParamFixX:    {"orbit_x_ecef", "m", double}, ParamFixY: {"orbit_y_ecef", "m", double}, ParamFixZ: {"orbit_z_ecef", "m", double},
	ParamFixVX: {"orbit_vx_ecef", "m/s", single}, ParamFixVY: {"orbit_vy_ecef", "m/s", single}, ParamFixVZ: {"orbit_vz_ecef", "m/s", single},
	ParamFixSigma: {"orbit_sigma", "m", single}, ParamFixClockBias: {"orbit_clock_bias", "ns", single},
	ParamFixSatellites: {"orbit_satellites", "", octet},
	ParamBattery:       {"battery", "", single}, ParamVoltage: {"bus_voltage", "V", single}, ParamSunlit: {"sunlit", "", octet},
	ParamFramesAccepted: {"tc_frames_accepted", "", long}, ParamFramesRefused: {"tc_frames_refused", "", long},
	ParamForged: {"sdls_forged", "", long}, ParamReplayed: {"sdls_replayed", "", long}, ParamUnsecured: {"sdls_unknown", "", long},
	ParamCLCW: {"clcw", "", long}, ParamRequests: {"tc_packets", "", long}, ParamRequestsRefused: {"tc_packets_refused", "", long},
	ParamFramesSent: {"tm_frames_sent", "", long}, ParamBeaconsSent: {"beacons_sent", "", long}, ParamTelemetryDropped: {"tm_packets_dropped", "", long},
	ParamKeyFallbacks: {"key_fallbacks", "", word},
	ParamBeaconPeriod: {"beacon_period", "s", word}, ParamLowPowerPeriod: {"beacon_period_low", "s", word},
	ParamSessionHold: {"session_hold", "s", word}, ParamEmergencyHours: {"emergency_after", "h", word},
	ParamBatteryLow: {"battery_low", "", single}, ParamBatteryRestored: {"battery_restored", "", single},
}

// String is the parameter's name.
func (p Parameter) String() string { return parameters[p].name }

// Unit is the parameter's unit, "" if it has none.
func (p Parameter) Unit() string { return parameters[p].unit }

// Dictionary implements pus.Dictionary for the parameters of a link.
type Dictionary struct{}

// ParameterType implements pus.Dictionary.
func (Dictionary) ParameterType(id uint64) (pus.Type, bool) {
	d, ok := parameters[Parameter(id)]
	return d.typ, ok
}

// HousekeepingID names the housekeeping structure that every satellite has.
const HousekeepingID = 1

// Housekeeping is that structure: all parameters that are measured, in their order.
func Housekeeping() pus.Structure {
	s := pus.Structure{ID: HousekeepingID, Interval: 30}
	for p := ParamTime; p < paramEnd; p++ {
		s.Parameters = append(s.Parameters, uint64(p))
	}
	return s
}

// Packet stores of service 15.
const (
	StoreEvents       = 1 // verification and events: what a station must not miss
	StoreHousekeeping = 2
)

// Mode is what a satellite is about.
type Mode uint8

// The modes: with a low battery or when nobody called for hours, beacons are rarer.
const (
	Nominal Mode = iota
	LowPower
	Emergency // no valid telecommand for hours
)

// String names the mode.
func (m Mode) String() string {
	return [...]string{"nominal", "low power", "emergency", "?"}[min(m, 3)]
}

// Events that the satellite reports (service 5).
const (
	EventBoot            = 1 // low
	EventSession         = 2 // informative: a station called; its virtual channel, one octet
	EventSessionOver     = 3 // informative; frames sent, four octets
	EventLockout         = 4 // medium: FARM-1 refuses all but Unlock; its virtual channel, one octet
	EventUnlocked        = 5 // informative; its virtual channel, one octet
	EventEmergency       = 6 // high: nobody has called for hours
	EventEmergencyOver   = 7 // informative
	EventSecurity        = 8 // medium: the first forged or replayed frame since the last session
	EventBatteryLow      = 9 // medium
	EventBatteryRestored = 10
	EventKeys            = 11 // low: a key or association was changed by command; the procedure's tag, one octet
	EventKeysRefused     = 12 // medium: a procedure failed; its tag, one octet
	EventKeyFallback     = 13 // medium: packets are under the key of the beginning again; the virtual channel, one octet
)

// Functions that service 8 starts. From FunctionUser on they are the application's.
const (
	FunctionBeacon   = 1 // in the satellite's next turn
	FunctionHangUp   = 2 // ends the session
	FunctionReport   = 3 // one housekeeping report
	FunctionCounters = 4 // sets the counters to zero
	FunctionUser     = 256
)
