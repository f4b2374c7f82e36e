package modem

import "math"

// pulseSums holds what four neighbouring symbols add up to at each phase, for all that they can
// be: with it a sample costs a few additions. A symbol of an arm is positive, negative or nothing.
type pulseSums struct {
	groups int
	table  []float32 // by phase, group from the newest on, code
}

const (
	groupSymbols = 4
	groupCodes   = 81 // 3^4
	nothingSent  = 40 // 1111 to the base of 3
	// mostPulsePhases bounds the table, so that it stays in the nearest cache.
	mostPulsePhases = 32
)

// nextCode is the code of the last four symbols after one more: a digit each to the base of 3, the
// newest in the lowest place.
func nextCode(code uint8, symbol float32) uint8 {
	digit := uint8(1)
	if symbol > 0 {
		digit = 2
	} else if symbol < 0 {
		digit = 0
	}
	return code%27*3 + digit
}

func newPulseSums(rows [][]float32, scheme PSKScheme) *pulseSums {
	span := len(rows[0])
	s := &pulseSums{groups: (span + groupSymbols - 1) / groupSymbols}
	level := 1.0
	if scheme != BPSK {
		level = math.Sqrt2 / 2
	}
	s.table = make([]float32, len(rows)*s.groups*groupCodes)
	for p, row := range rows {
		for g := range s.groups {
			for code := range groupCodes {
				var sum float64
				digits := code
				for k := range groupSymbols {
					if i := span - 1 - g*groupSymbols - k; i >= 0 {
						sum += float64(float64(row[i]) * float64(digits%3-1) * level)
					}
					digits /= 3
				}
				s.table[(p*s.groups+g)*groupCodes+code] = float32(sum)
			}
		}
	}
	return s
}

// at is the sum at a phase, given the codes up to the newest symbol.
func (s *pulseSums) at(phase int, codes []uint8) (sum float32) {
	table := s.table[phase*s.groups*groupCodes:][:s.groups*groupCodes]
	for i := len(codes) - 1; len(table) >= groupCodes && i >= 0; i -= groupSymbols {
		sum += table[codes[i]]
		table = table[groupCodes:]
	}
	return sum
}
