package world

import (
	"fmt"

	"spacechain/identity"
	"spacechain/spaceos/command"
	"spacechain/spaceos/manifest"
	"spacechain/spaceos/sandbox"
	"spacechain/spaceos/spk"
)

// firstParty is what the satellites' operator puts aboard before launch.
type firstParty struct {
	house    identity.ID
	owner    command.Owner
	packages [][]byte
}

// RuntimePackage gives the JavaScript engine as a package of the house, which every
// satellite admits through its gate like any other. Without the engine's module (see
// sandbox.RuntimeJS) there is none.
func RuntimePackage(house *identity.Key) (*spk.Package, error) {
	code, ok := sandbox.RuntimeJS()
	if !ok {
		return nil, nil
	}
	m := manifest.Manifest{
		App: "spacechain.runtime.js", Version: "1.0.0", Counter: 1, Runtime: manifest.RuntimeWasm,
		Provides: manifest.RuntimeJS, Summary: "QuickJS, the JavaScript engine",
		Limits: manifest.Limits{MemoryBytes: manifest.DefaultMemory, StorageBytes: manifest.MinMemory,
			GasPerActivation: manifest.DefaultGas},
		Permissions: manifest.Permissions{Roles: []string{manifest.RoleRuntime}},
	}
	p, err := spk.Sign(m, code, house)
	if err != nil {
		return nil, fmt.Errorf("pack the JavaScript engine: %w", err)
	}
	return p, nil
}

// newFirstParty signs what goes aboard with the house's key.
func newFirstParty(o Options) (*firstParty, error) {
	house := o.key("house")
	f := &firstParty{house: house.Public().ID(), owner: command.OwnerOf(house)}
	p, err := RuntimePackage(house)
	if err != nil {
		return nil, err
	}
	if p == nil {
		if o.Warn != nil {
			o.Warn("built without the JavaScript engine: JavaScript apps will be refused; run \"make runtime\" and build again")
		}
		return f, nil
	}
	f.packages = append(f.packages, p.Encode())
	return f, nil
}
