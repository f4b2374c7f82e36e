package ttc

import (
	"encoding/binary"
	"errors"
	"math"
	"time"

	"spacechain/link/pus"
	"spacechain/platform/ttc/mission"
)

var errParameter = errors.New("no such parameter, or not to be set")

// parameters are what services 3, 12 and 20 see.
type parameters struct{ t *TTC }

// ParameterType implements pus.Parameters.
func (p parameters) ParameterType(id uint64) (pus.Type, bool) {
	return mission.Dictionary{}.ParameterType(id)
}

// Get implements pus.Parameters, at the time of the call under way.
func (p parameters) Get(id uint64) (pus.Value, error) {
	typ, ok := p.ParameterType(id)
	if !ok {
		return pus.Value{}, errParameter
	}
	v, ok := p.t.measure(mission.Parameter(id))
	if !ok {
		return pus.Value{}, errParameter
	}
	if typ.Kind == pus.Real {
		return pus.RealValue(v, typ.Size), nil
	}
	return pus.UnsignedValue(uint64(max(v, 0)), typ.Size), nil
}

// Set implements pus.Parameters.
func (p parameters) Set(id uint64, v pus.Value) error {
	t, x := p.t, v.Float()
	seconds := func(d *time.Duration, least, most time.Duration) error {
		if n := time.Duration(x) * time.Second; n >= least && n <= most {
			*d = n
			t.planBeacon()
			return nil
		}
		return errParameter
	}
	switch mission.Parameter(id) {
	case mission.ParamBeaconPeriod:
		return seconds(&t.c.BeaconPeriod, time.Second, 12*time.Hour)
	case mission.ParamLowPowerPeriod:
		return seconds(&t.c.LowPowerPeriod, time.Second, 12*time.Hour)
	case mission.ParamSessionHold:
		// Long enough for a station to be heard again, short enough not to drain the battery.
		return seconds(&t.c.SessionHold, 2*t.link.Slots.Length, time.Hour)
	case mission.ParamEmergencyHours:
		if x < 1 || x > 8760 {
			return errParameter
		}
		t.c.EmergencyAfter = time.Duration(x) * time.Hour
	case mission.ParamBatteryLow:
		if !(x >= 0 && x < t.c.BatteryRestored) {
			return errParameter
		}
		t.c.BatteryLow = x
	case mission.ParamBatteryRestored:
		if !(x > t.c.BatteryLow && x <= 1) {
			return errParameter
		}
		t.c.BatteryRestored = x
	default:
		return errParameter
	}
	return nil
}

// measure reads a parameter.
func (t *TTC) measure(p mission.Parameter) (float64, bool) {
	switch {
	case p >= mission.ParamFixTime && p <= mission.ParamFixSatellites:
		return t.fix(p)
	case p >= mission.ParamBattery && p <= mission.ParamSunlit:
		return t.supply(p)
	case p >= mission.ParamFramesAccepted && p < mission.ParamBeaconPeriod:
		return t.count(p)
	}
	switch p {
	case mission.ParamTime:
		return float64(t.now.UnixMicro()), true
	case mission.ParamMode:
		return float64(t.mode()), true
	case mission.ParamUptime:
		return math.Floor(t.now.Sub(t.boot).Seconds()), true
	case mission.ParamSilence:
		return math.Floor(t.now.Sub(t.heard).Seconds()), true
	case mission.ParamBeaconPeriod:
		return t.c.BeaconPeriod.Seconds(), true
	case mission.ParamLowPowerPeriod:
		return t.c.LowPowerPeriod.Seconds(), true
	case mission.ParamSessionHold:
		return t.c.SessionHold.Seconds(), true
	case mission.ParamEmergencyHours:
		return t.c.EmergencyAfter.Hours(), true
	case mission.ParamBatteryLow:
		return t.c.BatteryLow, true
	case mission.ParamBatteryRestored:
		return t.c.BatteryRestored, true
	}
	return 0, false
}

// fix is the orbit measurement; all zero while there is none.
func (t *TTC) fix(p mission.Parameter) (float64, bool) {
	m, ok := t.c.Instruments.Orbit(t.now)
	if !ok {
		return 0, true
	}
	switch p {
	case mission.ParamFixTime:
		return float64(m.Time.UnixMicro()), true
	case mission.ParamFixX, mission.ParamFixY, mission.ParamFixZ:
		return m.PosECEFKm[p-mission.ParamFixX] * 1e3, true
	case mission.ParamFixVX, mission.ParamFixVY, mission.ParamFixVZ:
		return m.VelECEFKmS[p-mission.ParamFixVX] * 1e3, true
	case mission.ParamFixSigma:
		return m.SigmaM, true
	case mission.ParamFixClockBias:
		return m.ClockBiasNs, true
	}
	return float64(m.Satellites), true
}

func (t *TTC) supply(p mission.Parameter) (float64, bool) {
	switch p {
	case mission.ParamBattery:
		return t.power.Charge, true
	case mission.ParamVoltage:
		return t.power.Volts, true
	}
	if t.power.Sunlit {
		return 1, true
	}
	return 0, true
}

func (t *TTC) count(p mission.Parameter) (float64, bool) {
	c := t.counts()
	switch p {
	case mission.ParamFramesAccepted:
		return float64(c.FramesAccepted), true
	case mission.ParamFramesRefused:
		return float64(c.FramesRefused), true
	case mission.ParamForged:
		return float64(c.Forged), true
	case mission.ParamReplayed:
		return float64(c.Replayed), true
	case mission.ParamUnsecured:
		return float64(c.Unsecured), true
	case mission.ParamCLCW:
		w := t.farms[t.current].CLCW().Encode()
		return float64(binary.BigEndian.Uint32(w[:])), true
	case mission.ParamRequests:
		return float64(c.Requests), true
	case mission.ParamRequestsRefused:
		return float64(c.RequestsRefused), true
	case mission.ParamFramesSent:
		return float64(c.FramesSent), true
	case mission.ParamBeaconsSent:
		return float64(c.BeaconsSent), true
	case mission.ParamTelemetryDropped:
		return float64(c.TelemetryDropped), true
	case mission.ParamKeyFallbacks:
		return float64(c.KeyFallbacks), true
	}
	return 0, false
}
