package elements_test

import (
	"fmt"
	"os"
	"strings"
	"time"

	"spacechain/astro/elements"
)

func ExampleParse() {
	file := strings.NewReader(`ISS (ZARYA)
1 25544U 98067A   08264.51782528 -.00002182  00000-0 -11606-4 0  2927
2 25544  51.6416 247.4627 0006703 130.5360 325.0288 15.72125391563537
`)
	sets, warnings, err := elements.Parse(file, elements.ChecksumWarn)
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, s := range sets {
		fmt.Println(s, s.Epoch.Format(time.RFC3339), s.InclinationDeg, s.Period().Round(time.Second))
	}
	fmt.Println(len(warnings), "warnings")
	// Output:
	// 25544 ISS (ZARYA) 2008-09-20T12:25:40Z 51.6416 1h31m36s
	// 0 warnings
}

func ExampleWalker() {
	w := elements.DefaultWalker(time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC))
	if err := elements.WriteTLE(os.Stdout, w.Sets()[:1]); err != nil {
		fmt.Println(err)
	}
	// Output:
	// SPACECHAIN 1-01
	// 1 90001U          26001.00000000  .00000000  00000+0  00000+0 0    11
	// 2 90001  86.4000   0.0000 0000000   0.0000   0.0000 14.32604746    07
}
