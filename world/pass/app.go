package pass

import (
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"time"

	"spacechain/identity"
	"spacechain/spaceos/command"
	"spacechain/spaceos/manifest"
	"spacechain/spaceos/meter"
	"spacechain/spaceos/meter/asm"
	"spacechain/spaceos/spk"
)

// testKey gives a key of the simulation's own: always the same one, and nobody's.
func testKey(name string) *identity.Key {
	var seed [identity.SeedSize]byte
	copy(seed[:], "spacechain pass "+name)
	return identity.FromSeed(seed)
}

// order gives the signed command that deploys the app.
func (c *Config) order(satellite, home uint64, issued time.Time) ([]byte, error) {
	sign := func(pkg []byte) ([]byte, error) {
		o := command.Command{Op: command.Deploy, Satellite: satellite, ReplyTo: fmt.Sprintf("ipn:%d.%d", home, command.InboxService),
			Issued: issued.Truncate(time.Millisecond), Expires: issued.Truncate(time.Millisecond).Add(24 * time.Hour), Body: pkg}
		binary.BigEndian.PutUint64(o.Request[:], c.Seed+1)
		return o.Sign(testKey("owner"))
	}
	if c.Package != nil {
		return sign(c.Package)
	}
	// The padding is what the rest leaves of the size that was asked for.
	empty, err := sign(app(0, c.Seed))
	if err != nil {
		return nil, err
	}
	return sign(app(max(c.AppOctets-len(empty)-16, 0), c.Seed))
}

// app is a package of an app that starts and ends, with so many octets of an asset.
func app(asset int, seed uint64) []byte {
	m := asm.Module{Memory: []uint32{1}, Funcs: []asm.Func{{Type: ">", Export: "_start"}}}
	code := m.Bytes()
	noise := make([]byte, asset)
	rng := rand.New(rand.NewPCG(seed, 0x617070))
	for i := range noise {
		noise[i] = byte(rng.Uint32())
	}
	code = meter.WithCustom(code, "asset", noise)
	p, err := spk.Sign(manifest.Manifest{App: "org.example.pass", Version: "1.0.0", Counter: 1, Runtime: manifest.RuntimeWasm,
		Triggers: []manifest.Trigger{{Name: "first", Kind: manifest.Install}},
		Limits:   manifest.Limits{MemoryBytes: 1 << 20, StorageBytes: 4096, GasPerActivation: 1_000_000}}, code, testKey("publisher"))
	if err != nil {
		panic("pass: " + err.Error()) // constants of the program
	}
	return p.Encode()
}
