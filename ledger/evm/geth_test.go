package evm_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"spacechain/internal/vectors"
	"spacechain/ledger/evm"
	"spacechain/ledger/evm/statetest"
)

// geth gives the path of go-ethereum's evm program, or skips the test.
func geth(t testing.TB) string {
	t.Helper()
	path := os.Getenv("SPACECHAIN_GETH_EVM")
	if path == "" {
		t.Skip("SKIPPED: set SPACECHAIN_GETH_EVM to go-ethereum's evm program to hold the EVM against it")
	}
	return path
}

// slow are parts of the names of state tests that take long under the prices of old forks.
var slow = []string{
	"stQuadraticComplexityTest/", "stAttackTest/", "50000", "Call1024", "LoopCalls", "loop", "MaxRounds",
	"stZeroKnowledge", "stPreCompiledContracts2/modexp", "CallEcrecover_Overflow", "stTimeConsuming",
}

// unlike are state tests that go-ethereum 1.17 itself does not pass, as its own suite notes
// (storage at the address of a new contract, EIP-7610), or in which it takes PREVRANDAO
// from the file before Paris.
var unlike = []string{"InitCollisionParis", "dynamicAccountOverwriteEmpty_Paris", "mergeTest"}

// TestForksAgainstGeth runs Ethereum's state tests under every fork, as their files have
// what comes out for the last one only, and compares the state roots with go-ethereum's. The
// default run takes a sample; SPACECHAIN_LONG=1 takes all that are not slow.
func TestForksAgainstGeth(t *testing.T) {
	program := geth(t)
	one := 50
	if os.Getenv("SPACECHAIN_LONG") == "1" {
		one = 1
	}
	var names []string
	for f := evm.Frontier; f <= evm.Cancun; f++ {
		names = append(names, f.String())
	}
	dir := t.TempDir()
	var paths []string
	ours := map[string][]statetest.Result{}
	n := 0
	vectors.Tar(t, "ethereum/state-tests.tar.gz", func(name string, r io.Reader) {
		if !strings.HasSuffix(name, ".json") || slices.ContainsFunc(slow, func(s string) bool { return strings.Contains(name, s) }) {
			return
		}
		if n++; n%one != 0 || slices.ContainsFunc(unlike, func(s string) bool { return strings.Contains(name, s) }) {
			return
		}
		raw, err := io.ReadAll(r)
		if err != nil {
			t.Fatal(err)
		}
		all := everyFork(t, raw, names)
		results, err := statetest.Run(bytes.NewReader(all), name, statetest.Options{})
		if err != nil {
			t.Fatal(err)
		}
		path := filepath.Join(dir, fmt.Sprintf("%d.json", len(paths)))
		if err := os.WriteFile(path, all, 0o600); err != nil {
			t.Fatal(err)
		}
		paths = append(paths, path)
		for _, res := range results {
			key := path + " " + name + " " + res.Name + " " + res.Fork
			ours[key] = append(ours[key], res)
		}
	})
	theirs := gethRoots(t, program, paths)
	compared := 0
	for key, mine := range ours {
		fields := strings.SplitN(key, " ", 3)
		want := theirs[fields[0]+" "+fields[2]]
		if len(want) != len(mine) {
			t.Errorf("%s: %d results, go-ethereum has %d", fields[2], len(mine), len(want))
			continue
		}
		for i := range mine {
			if mine[i].Invalid != "" {
				continue // by the rules of transactions, of which go-ethereum's state tests let some pass
			}
			compared++
			if mine[i].StateRoot != want[i] {
				t.Errorf("%s: %s %+v: state root %s, go-ethereum has %s (invalid: %q)",
					fields[1], fields[2], mine[i].Which, mine[i].StateRoot, want[i], mine[i].Invalid)
			}
		}
	}
	if len(paths) < 10 || compared < 100 {
		t.Errorf("compared %d roots of %d files", compared, len(paths))
	}
	t.Logf("compared %d roots of %d files", compared, len(paths))
}

// everyFork rewrites a file of state tests so that each case is asked for under every fork.
func everyFork(t *testing.T, raw []byte, forks []string) []byte {
	t.Helper()
	var file map[string]map[string]json.RawMessage
	if err := json.Unmarshal(raw, &file); err != nil {
		t.Fatal(err)
	}
	for name, test := range file {
		var post map[string][]struct {
			Indexes json.RawMessage `json:"indexes"`
		}
		if err := json.Unmarshal(test["post"], &post); err != nil {
			t.Fatal(err)
		}
		type entry struct {
			Hash    string          `json:"hash"`
			Logs    string          `json:"logs"`
			Indexes json.RawMessage `json:"indexes"`
		}
		asked := map[string][]entry{}
		zero := "0x" + strings.Repeat("0", 64)
		for _, cases := range post {
			for _, c := range cases {
				for _, f := range forks {
					asked[f] = append(asked[f], entry{zero, zero, c.Indexes})
				}
			}
		}
		b, err := json.Marshal(asked)
		if err != nil {
			t.Fatal(err)
		}
		file[name]["post"] = b
	}
	b, err := json.Marshal(file)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// gethRoots gives the state roots that go-ethereum finds, in order, by file, test and fork.
func gethRoots(t *testing.T, program string, paths []string) map[string][]string {
	t.Helper()
	cmd := exec.Command(program, "statetest")
	cmd.Stdin = strings.NewReader(strings.Join(paths, "\n") + "\n")
	var out, errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errs
	if err := cmd.Run(); err != nil {
		t.Fatalf("%s: %v\n%.2000s", program, err, errs.String())
	}
	roots := map[string][]string{}
	dec := json.NewDecoder(&out)
	for _, path := range paths {
		var results []struct{ Name, Fork, StateRoot, Error string }
		if err := dec.Decode(&results); err != nil {
			t.Fatalf("what go-ethereum says of %s: %v", path, err)
		}
		for _, r := range results {
			key := path + " " + r.Name + " " + r.Fork
			roots[key] = append(roots[key], r.StateRoot)
		}
	}
	return roots
}
