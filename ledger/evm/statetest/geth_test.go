package statetest

import (
	"bytes"
	"encoding/json"
	"errors"
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
)

// everyFork rewrites a file so that it has the transactions of its Cancun cases for every
// fork that has such transactions, without knowing what comes of them.
func everyFork(file []byte) ([]byte, error) {
	var tests map[string]map[string]json.RawMessage
	if err := json.Unmarshal(file, &tests); err != nil {
		return nil, err
	}
	zero := "0x" + strings.Repeat("00", 32)
	for name, fields := range tests {
		var t test
		whole, err := json.Marshal(fields)
		if err != nil {
			return nil, err
		}
		if err := json.Unmarshal(whole, &t); err != nil {
			return nil, err
		}
		cases := t.Post["Cancun"]
		out := map[string][]map[string]any{}
		for f := evm.Frontier; f <= evm.Cancun; f++ {
			for i := range cases {
				tx, err := t.Transaction.pick(&cases[i])
				if err != nil {
					return nil, err
				}
				if f >= since[tx.kind] {
					out[f.String()] = append(out[f.String()], map[string]any{"hash": zero, "logs": zero, "indexes": cases[i].Indexes})
				}
			}
		}
		if fields["post"], err = json.Marshal(out); err != nil {
			return nil, err
		}
		tests[name] = fields
	}
	return json.Marshal(tests)
}

// differs are tests in which go-ethereum 1.17.10 does not agree, with the reason. Of the
// first two it does not give the published roots either.
var differs = map[string]string{
	"InitCollisionParis":                 "go-ethereum knows accounts with storage and nothing else (EIP-7610) by a list of the main net's",
	"dynamicAccountOverwriteEmpty_Paris": "the same",
	"mergeTest":                          "go-ethereum takes a file with currentRandom for one after the Merge under London too",
}

// Under every fork, go-ethereum comes to the same root: for the transactions of a few files,
// or, in the long run, of all. The published cases are of Cancun only.
func TestAgainstGeth(t *testing.T) {
	geth := os.Getenv("SPACECHAIN_GETH_EVM")
	if geth == "" {
		t.Skip("SKIPPED: SPACECHAIN_GETH_EVM does not name go-ethereum's evm")
	}
	dir := t.TempDir()
	pick := sample(10)
	if long() {
		pick = func(string) bool { return true }
	}
	var paths []string
	vectors.Tar(t, archive, func(name string, r io.Reader) {
		if !strings.HasSuffix(name, ".json") || !pick(name) {
			return
		}
		file, err := io.ReadAll(r)
		if err == nil {
			file, err = everyFork(file)
		}
		p := filepath.Join(dir, strings.ReplaceAll(name, "/", "__"))
		if err == nil {
			err = os.WriteFile(p, file, 0o600)
		}
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		paths = append(paths, p)
	})
	slices.Sort(paths)
	cmd := exec.Command(geth, "statetest")
	cmd.Stdin = strings.NewReader(strings.Join(paths, "\n") + "\n")
	var out bytes.Buffer
	cmd.Stdout = &out
	if err := cmd.Run(); err != nil {
		t.Fatalf("%s: %v", geth, err)
	}
	same := map[string]int{}
	answers := json.NewDecoder(&out)
	for _, p := range paths {
		var theirs []Result
		if err := answers.Decode(&theirs); err != nil {
			t.Fatalf("%s: go-ethereum's answer: %v", p, err)
		}
		file, err := os.Open(p)
		if err != nil {
			t.Fatal(err)
		}
		ours, err := Run(file, p, Options{})
		if err := errors.Join(err, file.Close()); err != nil {
			t.Fatal(err)
		}
		roots := map[string][]string{}
		for _, r := range theirs {
			key := r.Name + " " + r.Fork
			roots[key] = append(roots[key], r.StateRoot)
		}
		for _, r := range ours {
			key := r.Name + " " + r.Fork
			if differs[r.Name] != "" {
				continue
			}
			if r.Index >= len(roots[key]) {
				t.Errorf("%s: go-ethereum has no case %d", key, r.Index)
			} else if want := roots[key][r.Index]; r.StateRoot != want {
				t.Errorf("%s %+v: root %s, go-ethereum has %s (%s)", key, r.Which, r.StateRoot, want, r.Invalid)
			} else {
				same[r.Fork]++
			}
		}
	}
	var lines []string
	for f := evm.Frontier; f <= evm.Cancun; f++ {
		lines = append(lines, fmt.Sprintf("%v %d", f, same[f.String()]))
		if same[f.String()] < 1000 {
			t.Errorf("%v: only %d cases compared", f, same[f.String()])
		}
	}
	t.Logf("the same roots as go-ethereum: %s", strings.Join(lines, ", "))
}
