package sgp4_test

import (
	"errors"
	"fmt"
	"strings"

	"spacechain/astro/elements"
	"spacechain/astro/sgp4"
)

func Example() {
	sets, _, err := elements.Parse(strings.NewReader(`VANGUARD 1
1 00005U 58002B   00179.78495062  .00000023  00000-0  28098-4 0  4753
2 00005  34.2682 348.7242 1859667 331.7664  19.3264 10.82419157413667
`), elements.ChecksumStrict)
	if err != nil {
		fmt.Println(err)
		return
	}
	p, err := sgp4.New(sets[0])
	if err != nil {
		fmt.Println(err)
		return
	}
	s, err := p.At(360) // six hours after the epoch
	var failed *sgp4.Error
	if errors.As(err, &failed) {
		fmt.Println("code", failed.Code)
		return
	}
	fmt.Printf("%.3f km\n%.6f km/s\n", s.PosTEMEKm, s.VelTEMEKmS)
	// Output:
	// [-7154.031 -3783.177 -3536.194] km
	// [4.741887 -4.151818 -2.093935] km/s
}
