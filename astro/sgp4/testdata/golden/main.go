// Command golden prints propagations as bit patterns, so that processors can
// be compared. TestGoldenBits builds it for each and holds it to golden.txt.
package main

import (
	"fmt"
	"math"
	"os"
	"strings"
	"time"

	"spacechain/astro/elements"
	"spacechain/astro/sgp4"
)

// sets are cases of AIAA 2006-6753, one for each branch of the theory: full
// and simple drag, Molniya and synchronous resonance, Lyddane's modification.
const sets = `
1 00005U 58002B   00179.78495062  .00000023  00000-0  28098-4 0  4753
2 00005  34.2682 348.7242 1859667 331.7664  19.3264 10.82419157413667
1 29238U 06022G   06177.28732010  .00766286  10823-4  13334-2 0   101
2 29238  51.5595 213.7903 0202579  95.2503 267.9010 15.73823839  1061
1 08195U 75081A   06176.33215444  .00000099  00000-0  11873-3 0   813
2 08195  64.1586 279.0717 6877146 264.7651  20.2257  2.00491383225656
1 24208U 96044A   06177.04061740 -.00000094  00000-0  10000-3 0  1600
2 24208   3.8536  80.0121 0026640 311.0977  48.3000  1.00778054 36119
1 23599U 95029B   06171.76535463  .00085586  12891-6  12956-2 0  2905
2 23599   6.9327   0.2849 5782022 274.4436  25.2425  4.47796565123555
1 28129U 03058A   06175.57071136 -.00000104  00000-0  10000-3 0   459
2 28129  54.7298 324.8098 0048506 266.2640  93.1663  2.00562768 18443
`

func main() {
	all, _, err := elements.ParseTLE(strings.NewReader(sets), elements.ChecksumWarn)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	all = append(all, elements.DefaultWalker(time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)).Sets()[40])
	for _, el := range all {
		for _, mode := range []sgp4.Mode{sgp4.Improved, sgp4.AFSPC} {
			p, err := sgp4.New(el, sgp4.WithMode(mode))
			if err != nil {
				fmt.Fprintln(os.Stderr, err)
				os.Exit(1)
			}
			for _, minutes := range []float64{0, 0.1, 100, -977.25, 4320, 100_000} {
				s, err := p.At(minutes)
				if err != nil {
					fmt.Printf("%05d %v %v error %d\n", el.NoradID, mode, minutes, err.(*sgp4.Error).Code)
					continue
				}
				fmt.Printf("%05d %v %v", el.NoradID, mode, minutes)
				for _, v := range [...]float64{
					s.PosTEMEKm[0], s.PosTEMEKm[1], s.PosTEMEKm[2],
					s.VelTEMEKmS[0], s.VelTEMEKmS[1], s.VelTEMEKmS[2],
				} {
					fmt.Printf(" %016x", math.Float64bits(v))
				}
				fmt.Println()
			}
		}
	}
}
