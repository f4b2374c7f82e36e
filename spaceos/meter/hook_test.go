package meter_test

import (
	"math/rand/v2"

	"spacechain/spaceos/meter"
	"spacechain/spaceos/meter/asm"
)

func init() {
	meter.RandomForTest = func(rng *rand.Rand) []byte { return asm.Random(rng).Bytes() }
	meter.CodeForTest = func(body string) []byte {
		return asm.Module{Memory: []uint32{1}, Funcs: []asm.Func{{Type: ">", Export: "_start", Body: body}}}.Bytes()
	}
}
