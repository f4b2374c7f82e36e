package astro_test

import (
	"fmt"

	"spacechain/astro"
)

func Example() {
	up := astro.Vec3{0, 0, 1}
	pos := astro.Vec3{7000, 0, 0}
	fmt.Println(up.Cross(pos).Unit(), pos.Norm())
	fmt.Println(astro.Geodetic{LatDeg: 48.137, LonDeg: 11.575, AltKm: 0.52})
	// Output:
	// [0 1 0] 7000
	// 48.1370N 11.5750E 0.520km
}
