package visibility_test

import (
	"fmt"
	"log"
	"time"

	"spacechain/astro"
	"spacechain/astro/elements"
	"spacechain/astro/sgp4"
	"spacechain/astro/visibility"
)

func Example() {
	epoch := time.Date(2026, 5, 30, 12, 0, 0, 0, time.UTC)
	prop, err := sgp4.New(elements.DefaultWalker(epoch).Sets()[0])
	if err != nil {
		log.Fatal(err)
	}
	// One ephemeris serves both stations, the eclipses and the region.
	to := epoch.Add(6 * time.Hour)
	eph, err := visibility.Sample(visibility.NewOrbit(prop), epoch, to)
	if err != nil {
		log.Fatal(err)
	}
	for _, site := range []visibility.Site{
		{Geodetic: astro.Geodetic{LatDeg: 78.23, LonDeg: 15.39, AltKm: 0.45}, MinElevationDeg: 5},
		{Geodetic: astro.Geodetic{LatDeg: -33.15, LonDeg: -70.67, AltKm: 0.73}, MinElevationDeg: 10},
	} {
		passes, err := visibility.Passes(eph, site, epoch, to)
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println(len(passes), "passes over", site.Geodetic)
		if len(passes) > 0 {
			p := passes[0]
			fmt.Printf("first: %s to %s, up to %.0f degrees\n",
				p.Rise.Format("15:04:05"), p.Set.Format("15:04:05"), p.MaxElevationDeg)
		}
	}
	eclipses, err := visibility.Eclipses(eph, epoch, to)
	if err != nil {
		log.Fatal(err)
	}
	for _, e := range eclipses[:1] {
		fmt.Printf("dark from %s for %v\n", e.Umbra.Start.Format("15:04:05"), e.Umbra.Duration().Round(time.Second))
	}
	// Output:
	// 4 passes over 78.2300N 15.3900E 0.450km
	// first: 12:19:06 to 12:31:08, up to 35 degrees
	// 1 passes over 33.1500S 70.6700W 0.730km
	// first: 13:30:26 to 13:31:14, up to 10 degrees
	// dark from 12:54:46 for 18m41s
}

func ExampleLineOfSight() {
	a, b := astro.Vec3{7158, 0, 0}, astro.Vec3{0, 7158, 0}
	fmt.Printf("%v, the line goes %.0f km deep\n",
		visibility.LineOfSight(a, b, 80), -visibility.GrazingHeightKm(a, b))
	// Output: false, the line goes 1317 km deep
}

func ExampleMask() {
	hills := visibility.Mask{{AzimuthDeg: 0, ElevationDeg: 2}, {AzimuthDeg: 90, ElevationDeg: 12}}
	fmt.Println(hills.ElevationDeg(45), hills.ElevationDeg(225))
	// Output: 7 7
}
