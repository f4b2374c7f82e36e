package state

import (
	"bytes"
	"fmt"
	"maps"
	"slices"
	"testing"

	"github.com/holiman/uint256"
	"pgregory.net/rapid"

	"spacechain/ledger/rlp"
	"spacechain/ledger/trie"
	"spacechain/ledger/view"
)

// model is the state as plain maps, copied whole at every snapshot.
type model struct {
	accounts  map[Address]*modelAccount
	original  map[Address]*modelAccount // as when the execution began
	transient map[slotName]uint64
	warm      map[string]bool
	balances  []BalanceChange
	refund    int64
	logs      int
}

type modelAccount struct {
	nonce, balance           uint64
	code                     string
	storage                  map[uint64]uint64
	touched, killed, created bool
	cleared                  bool // storage was cleared in this execution
}

func (a *modelAccount) clone() *modelAccount {
	c := *a
	c.storage = maps.Clone(a.storage)
	return &c
}

func cloneAccounts(in map[Address]*modelAccount) map[Address]*modelAccount {
	out := map[Address]*modelAccount{}
	for a, acc := range in {
		out[a] = acc.clone()
	}
	return out
}

func (m *model) clone() *model {
	c := *m
	c.accounts = cloneAccounts(m.accounts)
	c.transient, c.warm = maps.Clone(m.transient), maps.Clone(m.warm)
	c.balances = slices.Clone(m.balances)
	return &c
}

func (m *model) make(a Address) *modelAccount {
	acc := m.accounts[a]
	if acc == nil {
		acc = &modelAccount{storage: map[uint64]uint64{}}
		m.accounts[a] = acc
	}
	acc.touched = true
	return acc
}

func (m *model) begin() {
	m.original = cloneAccounts(m.accounts)
	m.warm = map[string]bool{}
	m.refund, m.logs = 0, 0
	for _, acc := range m.accounts {
		acc.touched, acc.killed, acc.created, acc.cleared = false, false, false, false
	}
}

func (m *model) end(removeEmpty bool) {
	for a, acc := range m.accounts {
		if acc.killed || removeEmpty && acc.touched && acc.nonce == 0 && acc.balance == 0 && acc.code == "" {
			delete(m.accounts, a)
		}
	}
	m.balances = nil
	m.begin()
}

// root builds the account trie from nothing.
func (m *model) root() Hash {
	var all []trie.Change
	for a, acc := range m.accounts {
		rec := Account{Nonce: acc.nonce, CodeHash: newHasher().code([]byte(acc.code))}
		rec.Balance.SetUint64(acc.balance)
		var slots []trie.Change
		for k, v := range acc.storage {
			if v != 0 {
				name := uint256.NewInt(k).Bytes32()
				h := newHasher().sum(name[:])
				slots = append(slots, trie.Change{Key: h[:], Value: rlp.AppendUint(nil, v)})
			}
		}
		rec.StorageRoot = trie.Build(slots, nil)
		h := newHasher().sum(a[:])
		all = append(all, trie.Change{Key: h[:], Value: rec.AppendRLP(nil)})
	}
	return trie.Build(all, nil)
}

func dump(t *rapid.T, r view.Reader) map[string]string {
	out := map[string]string{}
	if err := r.Scan(nil, func(k, v []byte) error { out[string(k)] = string(v); return nil }); err != nil {
		t.Fatalf("scan: %v", err)
	}
	return out
}

// check asks a State everything that the model knows.
func (m *model) check(t *rapid.T, s *State) {
	for i := range byte(4) {
		a := Address{1, 19: i}
		acc := m.accounts[a]
		if s.Exists(a) != (acc != nil) {
			t.Fatalf("%v exists: %v", a, s.Exists(a))
		}
		was := acc
		if acc == nil {
			acc = &modelAccount{}
		}
		var v uint256.Int
		if s.Balance(a, &v); !v.Eq(uint256.NewInt(acc.balance)) || s.Nonce(a) != acc.nonce || string(s.Code(a)) != acc.code {
			t.Fatalf("%v: balance %v nonce %d code %q, want %+v", a, &v, s.Nonce(a), s.Code(a), acc)
		}
		if s.Empty(a) != (acc.nonce == 0 && acc.balance == 0 && acc.code == "") || s.CodeSize(a) != len(acc.code) || s.HasCode(a) != (acc.code != "") {
			t.Fatalf("%v: empty %v code size %d, want %+v", a, s.Empty(a), s.CodeSize(a), acc)
		}
		if h := s.CodeHash(a); (h == Hash{}) != (was == nil) || was != nil && h != newHasher().code([]byte(acc.code)) {
			t.Fatalf("%v: code hash %v", a, h)
		}
		if s.Killed(a) != acc.killed || s.Created(a) != acc.created {
			t.Fatalf("%v: killed %v created %v, want %+v", a, s.Killed(a), s.Created(a), acc)
		}
		for k := range uint64(4) {
			key := uint256.NewInt(k)
			if s.Storage(a, key, &v); !v.Eq(uint256.NewInt(acc.storage[k])) {
				t.Fatalf("%v storage %d is %v, want %d", a, k, &v, acc.storage[k])
			}
			original := uint64(0)
			if o := m.original[a]; o != nil && !acc.cleared {
				original = o.storage[k]
			}
			if s.OriginalStorage(a, key, &v); !v.Eq(uint256.NewInt(original)) {
				t.Fatalf("%v storage %d was %v, want %d", a, k, &v, original)
			}
			if s.Transient(a, key, &v); !v.Eq(uint256.NewInt(m.transient[slotName{a, *key}])) {
				t.Fatalf("%v transient %d is %v", a, k, &v)
			}
		}
	}
	if s.Refund() != m.refund || len(s.Logs()) != m.logs || !slices.Equal(s.BalanceLog(), m.balances) {
		t.Fatalf("refund %d logs %d balances %v, want %d %d %v", s.Refund(), len(s.Logs()), s.BalanceLog(), m.refund, m.logs, m.balances)
	}
	if err := s.Err(); err != nil {
		t.Fatal(err)
	}
}

// step makes one random change to both.
func (m *model) step(t *rapid.T, s *State) {
	a := Address{1, 19: byte(rapid.IntRange(0, 3).Draw(t, "address"))}
	k := uint64(rapid.IntRange(0, 3).Draw(t, "key"))
	v := uint64(rapid.IntRange(0, 3).Draw(t, "value"))
	key, val := uint256.NewInt(k), uint256.NewInt(v)
	balance := func(delta uint256.Int) {
		if !delta.IsZero() {
			m.balances = append(m.balances, BalanceChange{a, delta})
		}
	}
	switch op := rapid.IntRange(0, 13).Draw(t, "operation"); op {
	case 0:
		s.AddBalance(a, val)
		m.make(a).balance += v
		balance(*val)
	case 1:
		have := uint64(0)
		if acc := m.accounts[a]; acc != nil {
			have = acc.balance
		}
		if s.SubBalance(a, val) != (have >= v) {
			t.Fatalf("subtracting %d from %d", v, have)
		}
		if v > 0 && have >= v {
			m.make(a).balance -= v
			var delta uint256.Int
			balance(*delta.Neg(val))
		}
	case 2:
		var delta uint256.Int
		acc := m.make(a)
		delta.Sub(val, uint256.NewInt(acc.balance))
		s.SetBalance(a, val)
		acc.balance = v
		balance(delta)
	case 3:
		s.SetNonce(a, v)
		m.make(a).nonce = v
	case 4:
		code := []byte("code"[:v])
		s.SetCode(a, code)
		m.make(a).code = string(code)
	case 5, 6, 7:
		if m.accounts[a] == nil {
			return
		}
		s.SetStorage(a, key, val)
		m.make(a).storage[k] = v
	case 8:
		s.CreateContract(a)
		acc := m.make(a)
		acc.created, acc.cleared, acc.storage = true, true, map[uint64]uint64{}
	case 9:
		if acc := m.accounts[a]; acc != nil {
			if s.Kill(a) == acc.killed {
				t.Fatalf("%v killed before: %v", a, acc.killed)
			}
			acc.killed, acc.touched = true, true
		}
	case 10:
		s.SetTransient(a, key, val, true)
		m.transient[slotName{a, *key}] = v
	case 11:
		s.AddRefund(int64(v) - 1)
		m.refund += int64(v) - 1
		s.AddLog(Log{Address: a})
		m.logs++
	case 12:
		name := fmt.Sprint(a, k)
		if s.AccessSlot(a, key) != m.warm[name] {
			t.Fatalf("slot %s warm: %v", name, !m.warm[name])
		}
		m.warm[name] = true
	case 13:
		name := a.String()
		if s.AccessAddress(a) != m.warm[name] {
			t.Fatalf("address %s warm: %v", name, !m.warm[name])
		}
		m.warm[name] = true
		if acc := m.accounts[a]; acc != nil {
			s.Touch(a)
			acc.touched = true
		}
	}
}

// A State agrees with plain maps through snapshots, executions and blocks; its Commit
// gives the root of a trie built from nothing, and Revert takes it back to the letter.
func TestStateAgreesWithAModel(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		store := view.NewOverlay(view.Empty{})
		m := &model{accounts: map[Address]*modelAccount{}, transient: map[slotName]uint64{}}
		m.begin()
		type block struct {
			undo   []view.Change
			before map[string]string
			root   Hash
		}
		var blocks []block
		for range rapid.IntRange(1, 3).Draw(t, "blocks") {
			s := New(store)
			before, root := dump(t, store), m.root()
			for range rapid.IntRange(1, 4).Draw(t, "executions") {
				s.BeginTx()
				m.begin()
				begun := m.clone()
				type snapshot struct {
					id int
					m  *model
				}
				var open []snapshot
				for range rapid.IntRange(0, 12).Draw(t, "steps") {
					switch rapid.IntRange(0, 5).Draw(t, "what") {
					case 0:
						open = append(open, snapshot{s.Snapshot(), m.clone()})
					case 1:
						if n := len(open); n > 0 {
							s.RevertTo(open[n-1].id)
							m, open = open[n-1].m, open[:n-1]
						}
					default:
						m.step(t, s)
					}
				}
				m.check(t, s)
				if rapid.IntRange(0, 4).Draw(t, "discard") == 0 {
					s.DiscardTx()
					left, logs, refund := m.balances, m.logs, m.refund
					m = begun
					m.begin()
					m.balances, m.logs, m.refund = left, logs, refund
				} else {
					removeEmpty := rapid.Bool().Draw(t, "remove empty")
					logs, refund := m.logs, m.refund
					s.EndTx(removeEmpty)
					m.end(removeEmpty)
					m.logs, m.refund = logs, refund
				}
				s.ClearTransient()
				m.transient = map[slotName]uint64{}
				m.check(t, s)
				if rapid.IntRange(0, 3).Draw(t, "ask root") == 0 {
					if got, err := s.Root(); err != nil || got != m.root() {
						t.Fatalf("root within a block %v, %v; want %v", got, err, m.root())
					}
				}
			}
			m.balances = nil
			c, err := s.Commit()
			if err != nil || c.Root != m.root() {
				t.Fatalf("root %v, %v; want %v", c.Root, err, m.root())
			}
			if !slices.IsSortedFunc(c.Changes, func(a, b view.Change) int { return bytes.Compare(a.Key, b.Key) }) {
				t.Fatal("changes are not in order")
			}
			store.Apply(c.Changes)
			blocks = append(blocks, block{c.Undo, before, root})
		}
		for i := len(blocks) - 1; i >= 0; i-- {
			root, changes, err := Revert(store, blocks[i].undo)
			if err != nil || root != blocks[i].root {
				t.Fatalf("block %d taken back: root %v, %v; want %v", i, root, err, blocks[i].root)
			}
			store.Apply(changes)
			after := dump(t, store)
			maps.DeleteFunc(after, func(k, _ string) bool { return k[0] == 'C' })
			maps.DeleteFunc(blocks[i].before, func(k, _ string) bool { return k[0] == 'C' })
			if !maps.Equal(after, blocks[i].before) {
				t.Fatalf("block %d taken back leaves %x, was %x", i, after, blocks[i].before)
			}
		}
	})
}
