package timescale_test

import (
	"fmt"
	"math"
	"time"

	"spacechain/astro/timescale"
)

func Example() {
	t := time.Date(2004, 4, 6, 7, 51, 28, 386_009_000, time.UTC)
	jd, frac := timescale.JulianTT(t)
	fmt.Printf("TT  %.1f + %.9f\n", jd, frac)
	fmt.Println("TAI", timescale.TAIMinusUTC(t), "ahead of UTC")
	fmt.Printf("GMST %.5f degrees\n", timescale.GMST82(t)*180/math.Pi)
	// Output:
	// TT  2453101.5 + 0.328154745
	// TAI 32s ahead of UTC
	// GMST 312.81173 degrees
}
