package channel

import (
	"math"
	"time"
)

// SpeedOfLightKmS is the speed of light in vacuum, km/s (exact, SI).
const SpeedOfLightKmS = 299792.458

// Fibre figures: light in glass goes at 0.68 c, and lines between cities are
// about 1.4 times as long as the great circle.
const (
	fibreSpeed  = 0.68
	fibreDetour = 1.4
)

// requiredBER is the bit error rate after decoding at which the margin is zero.
const requiredBER = 1e-6

// boltzmannDB is -10 log10(k), k = 1.380649e-23 J/K (exact, SI).
const boltzmannDB = 228.59917

// Path is the way between two radios.
type Path struct {
	RangeKm      float64 // straight for radios, great circle for Fibre
	ElevationDeg float64 // of the satellite above the ground end's horizon, for Atmosphere
	Medium       Medium
}

// Budget is the state of one direction of a hop.
type Budget struct {
	Path
	PathLossDB       float64 // free-space loss
	AtmosphereLossDB float64
	CN0DBHz          float64 // carrier to noise density
	RateBps          float64 // information bit rate, 0 if even the lowest does not close
	EbN0DB           float64 // at RateBps (at the lowest rate if none closes)
	RequiredEbN0DB   float64 // for a bit error rate of 1e-6 after decoding
	MarginDB         float64 // EbN0DB - RequiredEbN0DB
	BitErrorRate     float64 // after decoding, at RateBps
	LightTime        time.Duration
}

// Closes says whether the hop carries data at all.
func (b Budget) Closes() bool { return b.RateBps > 0 }

// FrameErrorRate gives the probability that a frame of so many bits does not
// decode: 1 - (1 - BitErrorRate)^bits; 1 where the hop does not close.
func (b Budget) FrameErrorRate(bits int) float64 {
	if !b.Closes() {
		return 1
	}
	if bits <= 0 || b.BitErrorRate == 0 {
		return 0
	}
	return -math.Expm1(float64(bits) * math.Log1p(-b.BitErrorRate))
}

// Airtime gives how long a frame of so many bytes occupies the hop at its rate.
// A hop that does not close would take for ever: it gives the longest duration.
func (b Budget) Airtime(bytes int) time.Duration { return Airtime(bytes, b.RateBps) }

// Airtime gives how long so many bytes take at a rate, rounded up to the nanosecond.
func Airtime(bytes int, rateBps float64) time.Duration {
	if rateBps <= 0 {
		return math.MaxInt64
	}
	ns := math.Ceil(float64(bytes) * 8e9 / rateBps)
	if ns >= math.MaxInt64 {
		return math.MaxInt64
	}
	return time.Duration(ns)
}

// Assess works out the direction from tx to rx over a path, at the highest of
// tx's rates that leaves rx's margin (adaptive coding and modulation). If none
// leaves it, RateBps is 0 and the other figures are those of the lowest rate.
func Assess(tx, rx Radio, path Path) Budget {
	b := carrier(tx, rx, path)
	if path.Medium == Fibre {
		if n := len(tx.RatesBps); n > 0 {
			b.RateBps = tx.RatesBps[n-1]
		}
		return b
	}
	for i := len(tx.RatesBps) - 1; i >= 0; i-- {
		b = b.at(tx, tx.RatesBps[i])
		if b.MarginDB >= rx.MarginDB {
			return b
		}
	}
	b.RateBps = 0
	return b
}

// AssessAt works out the direction at a fixed rate, whatever margin that leaves:
// the view of a contact whose rate was agreed beforehand.
func AssessAt(tx, rx Radio, path Path, rateBps float64) Budget {
	b := carrier(tx, rx, path)
	if path.Medium == Fibre {
		b.RateBps = rateBps
		return b
	}
	return b.at(tx, rateBps)
}

// carrier fills in what does not depend on the rate.
func carrier(tx, rx Radio, path Path) Budget {
	b := Budget{Path: path, LightTime: LightTime(path.RangeKm)}
	if path.Medium == Fibre {
		b.LightTime = LightTime(path.RangeKm * fibreDetour / fibreSpeed)
		return b
	}
	b.PathLossDB = FreeSpaceLossDB(tx.FrequencyHz, path.RangeKm)
	if path.Medium == Atmosphere {
		b.AtmosphereLossDB = GasLossDB(tx.FrequencyHz, path.ElevationDeg)
	}
	b.CN0DBHz = tx.EIRPdBW - b.PathLossDB - b.AtmosphereLossDB - rx.LossDB + rx.GTdBK + boltzmannDB
	b.RequiredEbN0DB = tx.Code.RequiredEbN0DB(tx.Modulation, requiredBER)
	return b
}

func (b Budget) at(tx Radio, rateBps float64) Budget {
	b.RateBps = rateBps
	b.EbN0DB = b.CN0DBHz - 10*math.Log10(rateBps)
	b.MarginDB = b.EbN0DB - b.RequiredEbN0DB
	b.BitErrorRate = tx.Code.BitErrorRate(tx.Modulation, b.EbN0DB)
	return b
}

// FreeSpaceLossDB gives the basic transmission loss 20 log10(4 pi d f / c)
// between isotropic antennas (ITU-R P.525-4), dB. It is 0 at no distance.
func FreeSpaceLossDB(frequencyHz, rangeKm float64) float64 {
	x := 4 * math.Pi * rangeKm * frequencyHz / SpeedOfLightKmS
	if x <= 1 {
		return 0
	}
	return 20 * math.Log10(x)
}

// LightTime gives the one-way light time over a distance in vacuum, to the nanosecond.
func LightTime(rangeKm float64) time.Duration {
	return time.Duration(math.Round(rangeKm / SpeedOfLightKmS * 1e9))
}

// DopplerHz gives the shift of a carrier seen by the receiver; the range rate is
// positive when the distance grows, so a rising satellite is heard too high.
func DopplerHz(frequencyHz, rangeRateKmS float64) float64 {
	return -frequencyHz * rangeRateKmS / SpeedOfLightKmS
}
