package chain

import (
	"encoding/json"
	"fmt"

	"spacechain/internal/kv"
	"spacechain/ledger/params"
)

// StoredNetwork gives the network, with all that was overridden, for which the chain in a
// store was made; ok is false where there is no chain.
func StoredNetwork(store kv.Store) (net *params.Network, ok bool, err error) {
	text, ok, err := store.Get(keyMade)
	if err != nil || !ok {
		return nil, false, err
	}
	var m made
	if err := json.Unmarshal(text, &m); err != nil {
		return nil, false, fmt.Errorf("the record of what the chain was made for: %w", err)
	}
	net, ok = params.ByName(m.Network)
	if !ok {
		return nil, false, fmt.Errorf("the chain was made for the network %q, which is not known", m.Network)
	}
	fields, err := rules(net)
	if err != nil {
		return nil, false, err
	}
	for name, value := range m.Rules {
		if _, known := fields[name]; known {
			fields[name] = value
		}
	}
	// What rules leaves out is not in fields either, or null there; it stays as it is.
	for _, name := range unruled {
		delete(fields, name)
	}
	if text, err = json.Marshal(fields); err != nil {
		return nil, false, err
	}
	if err := json.Unmarshal(text, net); err != nil {
		return nil, false, fmt.Errorf("the rules that the chain was made for: %w", err)
	}
	return net, true, nil
}

// unruled are the fields of a network that rules leaves out.
var unruled = []string{"Genesis", "GenesisContracts", "Checkpoints", "DNSSeeds", "MinimumChainWork", "Port", "RPCPort", "OnionPort"}
