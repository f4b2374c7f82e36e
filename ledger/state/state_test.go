package state

import (
	"bytes"
	"errors"
	"slices"
	"testing"

	"github.com/holiman/uint256"
	"pgregory.net/rapid"

	"spacechain/ledger/view"
)

var (
	alice = Address{1}
	bob   = Address{2}
	one   = uint256.NewInt(1)
)

// store gives the state after make, as a Reader.
func store(t testing.TB, make func(s *State)) *view.Overlay {
	t.Helper()
	s := New(view.Empty{})
	make(s)
	s.EndTx(false)
	c, err := s.Commit()
	if err != nil {
		t.Fatal(err)
	}
	o := view.NewOverlay(view.Empty{})
	o.Apply(c.Changes)
	return o
}

// EIP-158: empty accounts go when they are touched, and a touch that was reverted is
// none, except that of the RIPEMD-160 precompile.
func TestEmptyAccounts(t *testing.T) {
	for _, c := range []struct {
		name                string
		addr                Address
		touch, revert, kept bool
		remove              bool
	}{
		{"untouched", alice, false, false, true, true},
		{"touched", alice, true, false, false, true},
		{"touched and reverted", alice, true, true, true, true},
		{"before the fork", alice, true, false, true, false},
		{"ripemd touched and reverted", ripemd, true, true, false, true},
		{"ripemd before the fork", ripemd, true, true, true, false},
	} {
		s := New(store(t, func(s *State) { s.CreateAccount(c.addr) }))
		s.BeginTx()
		id := s.Snapshot()
		if c.touch {
			s.AddBalance(c.addr, new(uint256.Int))
		}
		if c.revert {
			s.RevertTo(id)
		}
		s.EndTx(c.remove)
		if s.Exists(c.addr) != c.kept {
			t.Errorf("%s: exists %v, want %v", c.name, s.Exists(c.addr), c.kept)
		}
	}
}

// What an execution that was discarded had not reverted stays in the balance log, in
// front of the next one's entries, until an execution is committed (qtumstate.cpp:
// execute clears m_cache on an exception, and not m_changeLog).
func TestBalanceLogOutlivesDiscard(t *testing.T) {
	s := New(view.Empty{})
	s.BeginTx()
	s.AddBalance(alice, uint256.NewInt(5))
	id := s.Snapshot()
	s.AddBalance(bob, one)
	s.RevertTo(id)
	s.DiscardTx()
	if s.Exists(alice) {
		t.Fatal("a discarded account exists")
	}
	s.BeginTx()
	s.AddBalance(bob, one)
	s.SubBalance(bob, one)
	want := []BalanceChange{{alice, *uint256.NewInt(5)}, {bob, *one}, {bob, *new(uint256.Int).Neg(one)}}
	if !slices.Equal(s.BalanceLog(), want) {
		t.Fatalf("balance log %v, want %v", s.BalanceLog(), want)
	}
	s.EndTx(true)
	if len(s.BalanceLog()) != 0 {
		t.Fatalf("balance log %v after a commit", s.BalanceLog())
	}
	s.AddBalance(bob, one)
	s.ClearBalanceLog()
	s.DiscardTx()
	if len(s.BalanceLog()) != 0 || s.Exists(bob) {
		t.Fatalf("balance log %v, bob exists: %v", s.BalanceLog(), s.Exists(bob))
	}
}

// Removed accounts can be read until the execution ends, and then are gone with their
// storage; a contract that takes the address in the same block begins with none.
func TestRemoveAndCreateAgain(t *testing.T) {
	key := uint256.NewInt(7)
	r := store(t, func(s *State) {
		s.CreateContract(alice)
		s.SetNonce(alice, 1)
		s.SetCode(alice, []byte{0})
		for i := range uint64(40) {
			s.SetStorage(alice, uint256.NewInt(i), uint256.NewInt(i+1))
		}
	})
	s := New(r)
	var v uint256.Int
	s.BeginTx()
	s.Remove(alice)
	if !s.Exists(alice) || s.Alive(alice) {
		t.Fatalf("exists %v, alive %v", s.Exists(alice), s.Alive(alice))
	}
	s.DiscardTx()
	if s.BeginTx(); !s.Alive(alice) {
		t.Fatal("a discarded removal counts")
	}
	if !s.Kill(alice) || s.Kill(alice) || s.Kills() != 1 {
		t.Fatalf("killed %d", s.Kills())
	}
	if s.Storage(alice, key, &v); v.Uint64() != 8 {
		t.Fatalf("storage of a killed account within its execution: %v", &v)
	}
	s.EndTx(true)
	if s.Exists(alice) || s.HasStorage(alice) {
		t.Fatal("a killed account exists")
	}
	s.BeginTx()
	s.CreateContract(alice)
	if s.Storage(alice, key, &v); !v.IsZero() {
		t.Fatalf("storage of the account before: %v", &v)
	}
	s.SetNonce(alice, 1)
	s.SetStorage(alice, key, uint256.NewInt(9))
	s.EndTx(true)
	c, err := s.Commit()
	if err != nil {
		t.Fatal(err)
	}
	if len(c.Undo) != 41 {
		t.Fatalf("undo of %d keys, want an account and 40 slots", len(c.Undo))
	}
	after := view.NewOverlay(r)
	after.Apply(c.Changes)
	n := 0
	if err := StoredSlots(after, alice, func(slot Hash, value uint256.Int) error {
		if n++; slot != (Hash{31: 7}) || value.Uint64() != 9 {
			t.Errorf("slot %v is %v", slot, &value)
		}
		return nil
	}); err != nil || n != 1 {
		t.Fatalf("%d slots, %v", n, err)
	}
	_, back, err := Revert(after, c.Undo)
	if err != nil {
		t.Fatal(err)
	}
	after.Apply(back)
	if old, _ := New(r).Root(); func() Hash { h, _ := New(after).Root(); return h }() != old {
		t.Fatal("the root after taking it back is another")
	}
	if rec, ok, err := StoredAccount(after, bob); ok || err != nil || rec.StorageRoot != EmptyRoot {
		t.Fatalf("bob is stored: %+v %v", rec, err)
	}
}

// Creating over an address with storage forgets the storage, and reverting remembers.
func TestCreateContractClearsStorage(t *testing.T) {
	r := store(t, func(s *State) { s.CreateAccount(alice); s.SetStorage(alice, one, one) })
	s := New(r)
	var v uint256.Int
	if !s.HasStorage(alice) {
		t.Fatal("no storage")
	}
	id := s.Snapshot()
	s.CreateContract(alice)
	s.SetStorage(alice, one, uint256.NewInt(3))
	if s.OriginalStorage(alice, one, &v); !v.IsZero() || !s.Created(alice) {
		t.Fatalf("original %v, created %v", &v, s.Created(alice))
	}
	s.RevertTo(id)
	if s.Storage(alice, one, &v); !v.Eq(one) || s.Created(alice) {
		t.Fatalf("storage %v, created %v", &v, s.Created(alice))
	}
	if s.OriginalStorage(alice, one, &v); !v.Eq(one) {
		t.Fatalf("original %v", &v)
	}
}

func TestTransientStorage(t *testing.T) {
	s := New(view.Empty{})
	var v uint256.Int
	id := s.Snapshot()
	s.SetTransient(alice, one, one, true)
	s.SetTransient(bob, one, one, false)
	s.RevertTo(id)
	if s.Transient(alice, one, &v); !v.IsZero() {
		t.Fatalf("journaled transient storage %v survives", &v)
	}
	s.EndTx(true)
	if s.Transient(bob, one, &v); !v.Eq(one) {
		t.Fatal("transient storage went with the execution")
	}
	s.ClearTransient()
	if s.Transient(bob, one, &v); !v.IsZero() {
		t.Fatal("transient storage survives its clearing")
	}
}

// broken fails every read whose key begins with at.
type broken struct {
	view.Reader
	at byte
}

var errBroken = errors.New("broken")

func (b broken) Get(key []byte) ([]byte, bool, error) {
	if key[0] == b.at {
		return nil, false, errBroken
	}
	return b.Reader.Get(key)
}

func (b broken) Scan(prefix []byte, fn func(k, v []byte) error) error {
	if prefix[0] == b.at {
		return errBroken
	}
	return b.Reader.Scan(prefix, fn)
}

// A failing read shows in Err, Root and Commit, and nothing panics on the way.
func TestReadErrorsStick(t *testing.T) {
	r := store(t, func(s *State) {
		for _, a := range []Address{alice, bob} {
			s.SetNonce(a, 1)
			s.SetCode(a, []byte("code"))
			s.SetStorage(a, one, one)
		}
	})
	for _, at := range []byte("ASCas") {
		s := New(broken{r, at})
		var v uint256.Int
		s.Balance(alice, &v)
		s.Code(alice)
		s.Storage(alice, one, &v)
		s.SetStorage(alice, uint256.NewInt(2), one)
		s.Kill(bob)
		s.EndTx(true)
		_, err := s.Commit()
		if !errors.Is(err, errBroken) {
			t.Errorf("%c: Commit gives %v", at, err)
		}
		if at != 'S' && at != 'A' && at != 'C' {
			continue
		}
		if !errors.Is(s.Err(), errBroken) {
			t.Errorf("%c: Err is %v", at, s.Err())
		}
	}
	damaged := view.NewOverlay(r)
	damaged.Put(AccountKey(alice), []byte{1})
	s := New(damaged)
	if s.Exists(alice); s.Err() == nil {
		t.Error("a damaged account was not noticed")
	}
	damaged.Delete(CodeKey(newHasher().sum([]byte("code"))))
	s = New(damaged)
	if s.Code(bob) != nil || s.Err() == nil {
		t.Error("missing code was not noticed")
	}
	if _, _, err := Revert(r, []view.Change{{Key: AccountKey(alice), Value: []byte{9}}}); err == nil {
		t.Error("a damaged undo was not noticed")
	}
	if _, _, err := Revert(r, []view.Change{{Key: StorageKey(alice, Hash{31: 1})}}); err == nil {
		t.Error("an undo without its account was not noticed")
	}
}

func TestAccountForm(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a := Account{
			Nonce:    rapid.Uint64().Draw(t, "nonce") >> rapid.IntRange(0, 63).Draw(t, "shift"),
			CodeHash: EmptyCodeHash, StorageRoot: EmptyRoot,
		}
		a.Balance.SetBytes(rapid.SliceOfN(rapid.Byte(), 0, 32).Draw(t, "balance"))
		if rapid.Bool().Draw(t, "code") {
			a.CodeHash = Hash{1}
		}
		if rapid.Bool().Draw(t, "storage") {
			a.StorageRoot = Hash{2}
		}
		got, err := DecodeAccount(a.Append(nil))
		if err != nil || got != a {
			t.Fatalf("%+v comes back as %+v, %v", a, got, err)
		}
	})
}

func FuzzDecodeAccount(f *testing.F) {
	f.Add([]byte{0, 0})
	f.Add([]byte{1, 1, 5, 6})
	f.Add(append([]byte{hasCode, 0}, make([]byte, 32)...))
	f.Fuzz(func(t *testing.T, b []byte) {
		a, err := DecodeAccount(b)
		if err != nil {
			return
		}
		again, err := DecodeAccount(a.Append(nil))
		if err != nil || again != a {
			t.Fatalf("%x: %+v, then %+v, %v", b, a, again, err)
		}
		if len(a.Append(nil)) == len(b) && a.CodeHash != EmptyCodeHash && !bytes.Contains(b, a.CodeHash[:]) {
			t.Fatalf("%x gives code hash %v", b, a.CodeHash)
		}
	})
}

// Once cached, reading and writing storage and balances allocates nothing.
func TestHotPathsDoNotAllocate(t *testing.T) {
	s := New(store(t, func(s *State) { s.SetBalance(alice, one); s.SetStorage(alice, one, one); s.SetNonce(bob, 1) }))
	var v uint256.Int
	run := func() {
		s.BeginTx()
		for range 20 {
			s.Storage(alice, one, &v)
			s.OriginalStorage(alice, one, &v)
			s.SetStorage(alice, one, &v)
			s.Balance(bob, &v)
			s.SubBalance(alice, one)
			s.AddBalance(bob, one)
			s.AccessSlot(alice, one)
			s.RevertTo(s.Snapshot())
		}
		s.DiscardTx()
		s.ClearBalanceLog()
	}
	run()
	if n := testing.AllocsPerRun(100, run); n != 0 {
		t.Fatalf("%v allocations", n)
	}
}

func BenchmarkStorage(b *testing.B) {
	s := New(store(b, func(s *State) { s.SetNonce(alice, 1); s.SetStorage(alice, one, one) }))
	var v uint256.Int
	b.ReportAllocs()
	for b.Loop() {
		s.Storage(alice, one, &v)
	}
}

// A block of 100 executions that each move a balance between two of 10,000 stored slots.
func BenchmarkTransferBlock(b *testing.B) {
	r := store(b, func(s *State) {
		s.SetNonce(alice, 1)
		for i := range uint64(10_000) {
			s.SetStorage(alice, uint256.NewInt(i), uint256.NewInt(1e9))
		}
	})
	var from, to uint256.Int
	b.ReportAllocs()
	for b.Loop() {
		s := New(r)
		for i := range uint64(100) {
			s.BeginTx()
			for _, k := range []uint64{i, 5000 + i} {
				s.Storage(alice, from.SetUint64(k), &to)
				to.AddUint64(&to, 1)
				s.SetStorage(alice, &from, &to)
			}
			s.EndTx(true)
		}
		if _, err := s.Commit(); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(100*float64(b.N)/b.Elapsed().Seconds(), "executions/s")
}
