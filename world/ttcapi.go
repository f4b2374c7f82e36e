package world

import (
	"fmt"

	"spacechain/cloud/api"
	"spacechain/link/radio"
	"spacechain/platform/ttc/mission"
)

// telemetry is what a satellite last said of itself, nil if no station has heard it.
func (t *tracking) telemetry(node uint64) *api.Telemetry {
	f := t.flights[node]
	if f == nil {
		return nil
	}
	r, at, ok := f.ground.Housekeeping()
	if !ok {
		return nil
	}
	out := &api.Telemetry{
		Received: at, Station: api.NodeID(f.known.telemetryAt), Time: r.Time(), Mode: r.Mode().String(),
		Battery: r.Number(mission.ParamBattery), BusVolts: r.Number(mission.ParamVoltage), Sunlit: r.Count(mission.ParamSunlit) != 0,
		Uptime: r.Number(mission.ParamUptime),
		Counters: api.TelemetryCounters{
			FramesAccepted: r.Count(mission.ParamFramesAccepted), FramesRefused: r.Count(mission.ParamFramesRefused),
			Forged: r.Count(mission.ParamForged), Replayed: r.Count(mission.ParamReplayed),
			FramesSent: r.Count(mission.ParamFramesSent), BeaconsSent: r.Count(mission.ParamBeaconsSent),
		},
		Up: apiWaveform(t.up), Down: apiWaveform(t.down), BeaconWave: apiWaveform(t.beacon),
	}
	if m, ok := r.Orbit(); ok {
		out.Orbit = &api.OrbitMeasurement{Time: m.Time, PosECEFKm: m.PosECEFKm, VelECEFKmS: m.VelECEFKmS,
			SigmaM: m.SigmaM, ClockBiasNs: m.ClockBiasNs, Satellites: m.Satellites}
	}
	if b, at := f.ground.LastBeacon(); b != nil {
		out.Beacon = &api.BeaconHeard{Received: at, Station: api.NodeID(f.known.beaconAt)}
	}
	return out
}

// apiWaveform describes a waveform of frames that are no convergence layer's.
func apiWaveform(w radio.Waveform) api.Wave {
	return api.Wave{Modem: w.Modem, Coding: w.Coding, Framing: w.Framing, CarrierHz: w.CarrierHz, RateBps: w.InfoRateBps}
}

// tellTelemetry makes an event of telemetry that a station has.
func (u *Universe) tellTelemetry(f *flight, station uint64) {
	u.log.Tell(api.Event{Time: u.loop.Now(), Kind: api.EventNode, Severity: api.SeverityDebug,
		Nodes: []api.NodeID{api.NodeID(f.node), api.NodeID(station)},
		Text:  fmt.Sprintf("%s has telemetry of %s", u.name(station), u.name(f.node))})
}
