package mission

import (
	"math"
	"time"

	"spacechain/astro"
	"spacechain/link/pus"
)

// OrbitMeasurement is where a satellite was, as its GPS receiver says.
type OrbitMeasurement struct {
	Time        time.Time  // of validity, UTC
	PosECEFKm   astro.Vec3 // Earth-fixed
	VelECEFKmS  astro.Vec3 // against the turning Earth
	SigmaM      float64    // estimate of the position's error, 1 sigma; 0 unknown
	ClockBiasNs float64    // of the receiver's own clock
	Satellites  int        // of the navigation system, used; 0 unknown
}

// Report is a housekeeping report in the terms of this table.
type Report struct {
	Values map[Parameter]pus.Value
}

// ReadHousekeeping takes a housekeeping report apart.
func ReadHousekeeping(p *pus.Profile, s *pus.Sample) (Report, error) {
	structure := Housekeeping()
	r, err := p.ReadReport(structure, s.Data)
	if err != nil {
		return Report{}, err
	}
	out := Report{Values: map[Parameter]pus.Value{}}
	for i, id := range structure.Parameters {
		out.Values[Parameter(id)] = r.Values[i]
	}
	return out, nil
}

// Number is a parameter's value, 0 if the report does not have it.
func (r Report) Number(p Parameter) float64 { return r.Values[p].Float() }

// Count is a counter's value.
func (r Report) Count(p Parameter) uint64 { return r.Values[p].Bits }

// Mode is the satellite's mode.
func (r Report) Mode() Mode { return Mode(r.Count(ParamMode)) }

// Time is the on-board time of the report.
func (r Report) Time() time.Time { return Micros(r.Count(ParamTime)) }

// Orbit is the orbit measurement; false if the receiver had none.
func (r Report) Orbit() (OrbitMeasurement, bool) {
	at := r.Count(ParamFixTime)
	if at == 0 {
		return OrbitMeasurement{}, false
	}
	m := OrbitMeasurement{
		Time:        Micros(at),
		PosECEFKm:   astro.Vec3{r.Number(ParamFixX) / 1e3, r.Number(ParamFixY) / 1e3, r.Number(ParamFixZ) / 1e3},
		VelECEFKmS:  astro.Vec3{r.Number(ParamFixVX) / 1e3, r.Number(ParamFixVY) / 1e3, r.Number(ParamFixVZ) / 1e3},
		SigmaM:      r.Number(ParamFixSigma),
		ClockBiasNs: r.Number(ParamFixClockBias),
		Satellites:  int(r.Count(ParamFixSatellites)),
	}
	return m, m.finite()
}

func (m *OrbitMeasurement) finite() bool {
	sum := m.SigmaM + m.ClockBiasNs
	for i := range 3 {
		sum += m.PosECEFKm[i] + m.VelECEFKmS[i]
	}
	return !math.IsNaN(sum) && !math.IsInf(sum, 0)
}

// Micros is the time of so many microseconds since 1970, UTC.
func Micros(us uint64) time.Time { return time.UnixMicro(int64(us & math.MaxInt64)).UTC() }
