package statetest

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"

	"github.com/holiman/uint256"

	"spacechain/ledger/evm"
	"spacechain/ledger/rlp"
	"spacechain/ledger/state"
	"spacechain/ledger/view"
)

// Run runs the tests of one file, which r holds and name names in errors. The results are
// in order of the tests' names, the forks, and the cases in the file. An error means that
// the file could not be read; what a test expected and did not find is in its Result.
func Run(r io.Reader, name string, opts Options) ([]Result, error) {
	var file map[string]json.RawMessage
	if err := json.NewDecoder(r).Decode(&file); err != nil {
		return nil, fmt.Errorf("state test %s: %w", name, err)
	}
	names := make([]string, 0, len(file))
	for n := range file {
		if strings.Contains(n, opts.NameHas) {
			names = append(names, n)
		}
	}
	slices.Sort(names)
	var results []Result
	for _, n := range names {
		var t test
		if err := json.Unmarshal(file[n], &t); err != nil {
			return results, fmt.Errorf("state test %s: %s: %w", name, n, err)
		}
		more, err := t.run(n, opts)
		if err != nil {
			return results, fmt.Errorf("state test %s: %s: %w", name, n, err)
		}
		results = append(results, more...)
	}
	return results, nil
}

// run runs all cases of a test.
func (t *test) run(name string, opts Options) ([]Result, error) {
	forks := make([]string, 0, len(t.Post))
	for f := range t.Post {
		if len(opts.Forks) == 0 || slices.Contains(opts.Forks, f) {
			forks = append(forks, f)
		}
	}
	slices.SortFunc(forks, func(a, b string) int {
		fa, _ := fork(a)
		fb, _ := fork(b)
		return cmp.Or(cmp.Compare(fa, fb), cmp.Compare(a, b))
	})
	pre, err := t.pre()
	if err != nil {
		return nil, err
	}
	var results []Result
	for _, f := range forks {
		for i := range t.Post[f] {
			p := &t.Post[f][i]
			res := Result{Name: name, Fork: f, Index: i, Which: p.Indexes}
			if rules, ok := fork(f); !ok {
				res.Skipped = "no rules of fork " + f
			} else if err := t.runCase(&res, p, rules, pre); err != nil {
				res.Error = err.Error()
			} else {
				res.Pass = true
			}
			results = append(results, res)
		}
	}
	return results, nil
}

// pre stores the state before.
func (t *test) pre() (view.Reader, error) {
	var r reader
	st := state.New(view.Empty{})
	for name, acc := range t.Pre {
		a := r.address("account", name)
		balance := r.word("balance", acc.Balance)
		st.SetBalance(a, &balance)
		st.SetNonce(a, r.uint64("nonce", acc.Nonce))
		if code := r.bytes("code", acc.Code); len(code) > 0 {
			st.SetCode(a, code)
		}
		for k, v := range acc.Storage {
			key, value := r.word("storage key", k), r.word("storage value", v)
			st.SetStorage(a, &key, &value)
		}
	}
	st.EndTx(false)
	if r.err != nil {
		return nil, r.err
	}
	c, err := st.Commit()
	if err != nil {
		return nil, err
	}
	over := view.NewOverlay(view.Empty{})
	over.Apply(c.Changes)
	return over, nil
}

// runCase runs a transaction and tells what is not as the test expects.
func (t *test) runCase(res *Result, p *post, f evm.Fork, pre view.Reader) error {
	b, err := t.Env.block(f)
	if err != nil {
		return err
	}
	tx, err := t.Transaction.pick(p)
	if err != nil {
		return err
	}
	st := state.New(pre)
	invalid := tx.check(f, b, st)
	if invalid == nil {
		res.GasUsed = tx.apply(f, b, st)
	} else {
		res.Invalid = invalid.Error()
	}
	st.EndTx(f >= evm.Spurious)
	root, err := st.Root()
	if err != nil {
		return err
	}
	logs := logsHash(st.Logs())
	res.StateRoot, res.LogsHash = root.String(), logs.String()
	switch {
	case invalid != nil && p.ExpectException == "":
		return fmt.Errorf("unexpected error: %w", invalid)
	case invalid == nil && p.ExpectException != "":
		return fmt.Errorf("expected error %q, got no error", p.ExpectException)
	case !strings.EqualFold(p.Hash, res.StateRoot):
		return fmt.Errorf("post state root mismatch: got %s, want %s", res.StateRoot, p.Hash)
	case invalid == nil && !strings.EqualFold(p.Logs, res.LogsHash):
		return fmt.Errorf("post state logs hash mismatch: got %s, want %s", res.LogsHash, p.Logs)
	}
	return nil
}

// block gives what contracts see of the block.
func (e *env) block(f evm.Fork) (*evm.Block, error) {
	var r reader
	b := &evm.Block{
		Coinbase:   r.address("coinbase", e.Coinbase),
		Number:     r.uint64("number", e.Number),
		Time:       r.uint64("timestamp", e.Timestamp),
		GasLimit:   r.uint64("gas limit", e.GasLimit),
		Difficulty: r.word("difficulty", e.Difficulty),
		Hash: func(number uint64) state.Hash {
			return keccak(strconv.AppendUint(nil, number, 10))
		},
	}
	if f >= evm.London {
		b.BaseFee.SetUint64(10)
		if fee, ok := maybe(e.BaseFee); ok {
			b.BaseFee = r.word("base fee", fee)
		}
	}
	if f >= evm.Paris {
		b.Difficulty.Clear()
		if random, ok := maybe(e.Random); ok {
			b.Difficulty = r.word("random", random)
		}
	}
	if f >= evm.Cancun {
		b.BlobFee.SetOne()
		if excess, ok := maybe(e.ExcessBlobGas); ok {
			b.BlobFee = blobFee(r.uint64("excess blob gas", excess))
		}
	}
	if r.err == nil && b.GasLimit == 0 {
		return nil, errors.New("block without gas limit")
	}
	return b, r.err
}

// blobFee is the price of a unit of blob gas (EIP-4844: get_base_fee_per_blob_gas), the
// Taylor series of e^(excess/3338477) in integers.
func blobFee(excess uint64) uint256.Int {
	var sum, term, x, i uint256.Int
	denominator := uint256.NewInt(3338477)
	x.SetUint64(excess)
	term.Set(denominator)
	for n := uint64(1); !term.IsZero(); n++ {
		sum.Add(&sum, &term)
		if _, over := term.MulOverflow(&term, &x); over {
			return *new(uint256.Int).SetAllOne()
		}
		term.Div(&term, i.Mul(denominator, i.SetUint64(n)))
	}
	return *sum.Div(&sum, denominator)
}

// logsHash is the Keccak-256 of the RLP of the logs, lists of address, topics and data.
func logsHash(logs []state.Log) state.Hash {
	var all []byte
	for _, l := range logs {
		topics := 33 * len(l.Topics)
		all = rlp.AppendListHeader(all, 21+rlp.ListSize(topics)+rlp.StringSize(l.Data))
		all = rlp.AppendString(all, l.Address[:])
		all = rlp.AppendListHeader(all, topics)
		for _, topic := range l.Topics {
			all = rlp.AppendString(all, topic[:])
		}
		all = rlp.AppendString(all, l.Data)
	}
	return keccak(append(rlp.AppendListHeader(nil, len(all)), all...))
}
