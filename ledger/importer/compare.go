package importer

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"spacechain/ledger/blockfile"
	"spacechain/ledger/chain"
)

// Comparison is one thing that a vector says of its chain, and what the chain says.
type Comparison struct {
	Name  string `json:"name"`
	Want  string `json:"want"`
	Got   string `json:"got"`
	Equal bool   `json:"equal"`
}

// longText is how much of a value a Comparison shows.
const longText = 80

func compare(name, want, got string) Comparison {
	return Comparison{Name: name, Want: short(want), Got: short(got), Equal: want == got}
}

func short(s string) string {
	if len(s) <= longText {
		return s
	}
	return fmt.Sprintf("%s… (%d characters)", s[:longText], len(s))
}

// Compare holds a chain that took in a vector's blocks against all that the vector says of
// it: the tip, the set of unspent outputs, and every contract. A tip other than the
// vector's makes nearly all of it unequal.
func Compare(c *chain.Chain, f *blockfile.File) ([]Comparison, error) {
	var contracts []Comparison
	want, err := f.Expected(func(w blockfile.Contract) error {
		more, err := compareContract(c, &w)
		contracts = append(contracts, more...)
		return err
	})
	if err != nil {
		return nil, err
	}
	got, err := c.Info(true)
	if err != nil {
		return nil, err
	}
	amount, err := chain.ParseAmount(want.UTXO.TotalAmount.String())
	if err != nil {
		return nil, err
	}
	out := []Comparison{
		compare("height", fmt.Sprint(want.Height), fmt.Sprint(got.Height)),
		compare("tip", want.Tip.Hash, got.BestBlock),
		compare("chainwork", want.Tip.ChainWork, got.ChainWork),
		compare("mediantime", fmt.Sprint(want.Tip.MedianTime), fmt.Sprint(got.MedianTime)),
		compare("hashStateRoot", want.Tip.StateRoot, got.StateRoot),
		compare("hashUTXORoot", want.Tip.UTXORoot, got.UTXORoot),
		compare("modifier", want.Tip.Modifier, got.Modifier),
		compare("utxo hash_serialized_3", want.UTXO.HashSerialized, got.Sets.HashSerialized),
		compare("utxo txouts", fmt.Sprint(want.UTXO.TxOuts), fmt.Sprint(got.Sets.TxOuts)),
		compare("utxo transactions", fmt.Sprint(want.UTXO.Transactions), fmt.Sprint(got.Sets.Transactions)),
		compare("utxo total_amount", amount.String(), got.Sets.TotalAmount.String()),
	}
	// Qtum Core does not store proof hashes: after a restart it prints zeros.
	if strings.Trim(want.Tip.ProofHash, "0") != "" {
		out = append(out, compare("proofhash", want.Tip.ProofHash, got.ProofHash))
	}
	return append(out, contracts...), nil
}

func compareContract(c *chain.Chain, want *blockfile.Contract) ([]Comparison, error) {
	a, err := chain.ParseAddress(want.Address)
	if err != nil {
		return nil, err
	}
	name := "contract " + want.Address + " "
	got, err := c.Account(a)
	if errors.Is(err, chain.ErrNoAccount) {
		return []Comparison{compare(name+"exists", "true", "false")}, nil
	}
	if err != nil {
		return nil, err
	}
	vin := ""
	if w := want.Vin; w != nil {
		vin = fmt.Sprintf("%s:%d %s", w.Hash, w.NVout, w.Value)
	}
	gotVin := ""
	if g := got.Vin; g != nil {
		gotVin = fmt.Sprintf("%s:%d %d", g.Hash, g.NVout, g.Value)
	}
	return []Comparison{
		compare(name+"balance", want.Balance.String(), fmt.Sprint(got.Balance)),
		compare(name+"code", want.Code, got.Code),
		compareStorage(name+"storage", want.Storage, got.Storage),
		compare(name+"output", vin, gotVin),
	}, nil
}

// compareStorage shows the first slot that differs, or how many are equal.
func compareStorage(name string, want map[string]map[string]string, got chain.StorageInfo) Comparison {
	keys := slices.Sorted(maps.Keys(want))
	for k := range got {
		if _, ok := want[k]; !ok {
			keys = append(keys, k)
		}
	}
	for _, k := range keys {
		if !maps.Equal(want[k], got[k]) {
			w, _ := json.Marshal(want[k])
			g, _ := json.Marshal(got[k])
			return Comparison{Name: name + " " + k, Want: string(w), Got: string(g)}
		}
	}
	slots := fmt.Sprintf("%d slots", len(want))
	return Comparison{Name: name, Want: slots, Got: slots, Equal: true}
}
