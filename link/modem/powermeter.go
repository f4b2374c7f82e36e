package modem

import "math"

// levelWindow is over how many bits on both sides of a bit its level is taken.
const levelWindow = 32

// powerMeter keeps the power of each nominal bit to scale what is around one to unit power.
type powerMeter struct {
	powers []float64
	base   int64 // number of powers[0]
}

func (m *powerMeter) add(p float64) { m.powers = append(m.powers, p) }

// gain is the factor for what is around a bit.
func (m *powerMeter) gain(bit int64) float32 {
	lo := min(max(bit-levelWindow-m.base, 0), int64(len(m.powers)))
	hi := min(max(bit+levelWindow-m.base, 0), int64(len(m.powers)))
	var sum float64
	for _, p := range m.powers[lo:hi] {
		sum += p
	}
	if sum <= 0 {
		return 0
	}
	return float32(math.Sqrt(float64(hi-lo) / sum))
}

// trim forgets all but the last bits, at times.
func (m *powerMeter) trim(keep int) {
	if drop := len(m.powers) - keep; drop > 4096 {
		m.powers = m.powers[:copy(m.powers, m.powers[drop:])]
		m.base += int64(drop)
	}
}
