package meter

import "math/rand/v2"

// Package asm imports this package, so that tests inside it get at it from outside.
var (
	// RandomForTest is asm.Random(rng).Bytes.
	RandomForTest func(rng *rand.Rand) []byte
	// CodeForTest assembles a module whose function 0, exported as "_start", is the body.
	CodeForTest func(body string) []byte
)

func randomForTest(rng *rand.Rand) []byte { return RandomForTest(rng) }
func codeForTest(body string) []byte      { return CodeForTest(body) }
