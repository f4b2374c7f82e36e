package delegation

import (
	"bytes"
	"encoding/hex"
	"testing"

	"github.com/btcsuite/btcd/btcec/v2"
	"github.com/btcsuite/btcd/btcec/v2/ecdsa"

	"spacechain/ledger/aal"
	"spacechain/ledger/params"
	"spacechain/ledger/script"
	"spacechain/ledger/state"
	"spacechain/ledger/view"
)

// machine is that of a block of regtest in which the contract stands.
func machine(t *testing.T) *aal.Machine {
	t.Helper()
	p := params.Regtest()
	g, err := aal.GenesisState(p)
	if err != nil {
		t.Fatal(err)
	}
	store := view.NewOverlay(view.Empty{})
	store.Apply(g.Changes)
	m := aal.New(store)
	m.Env = aal.Env{Params: p, Height: 5, Time: 1_600_000_000, Bits: 0x207fffff,
		GasLimit: 40_000_000, Schedule: aal.BaseSchedule(p, 5)}
	return m
}

func keyOf(n byte) (*btcec.PrivateKey, [20]byte) {
	k, pub := btcec.PrivKeyFromBytes(bytes.Repeat([]byte{n}, 32))
	return k, script.Hash160(pub.SerializeCompressed())
}

func prove(owner *btcec.PrivateKey, staker [20]byte) []byte {
	hash := Message(staker)
	return ecdsa.SignCompact(owner, hash[:], true)
}

func word(low ...byte) []byte { return append(make([]byte, 32-len(low)), low...) }

// add is the input of addDelegation(staker, fee, proof).
func add(staker [20]byte, fee byte, proof []byte) []byte {
	in := []byte{0x4c, 0x0e, 0x96, 0x8c}
	in = append(in, word(staker[:]...)...)
	in = append(in, word(fee)...)
	in = append(in, word(96)...)
	in = append(in, word(byte(len(proof)))...)
	in = append(in, proof...)
	return append(in, make([]byte, 31)...)
}

func run(t *testing.T, m *aal.Machine, sender [20]byte, data []byte) aal.Result {
	t.Helper()
	out, err := m.Execute([]aal.Execution{{To: m.Env.Params.DelegationsAddress, Data: data, GasLimit: 2_500_000,
		GasPrice: 40, Version: aal.VersionEVM, Sender: sender, RefundSender: sender}})
	if err != nil {
		t.Fatal(err)
	}
	return out.Outputs[0]
}

func TestContract(t *testing.T) {
	m := machine(t)
	ownerKey, owner := keyOf(1)
	_, staker := keyOf(2)
	if _, ok, err := Get(m, owner); ok || err != nil || Exists(m) {
		t.Fatalf("before the contract: %t %v", ok, err)
	}
	m.DeployDelegations(m.Env.Params)
	d, ok, err := Get(m, owner)
	if err != nil || !ok || !d.IsNull() || Verify(owner, &d) {
		t.Fatalf("nothing on record: %+v %t %v", d, ok, err)
	}

	proof := prove(ownerKey, staker)
	r := run(t, m, owner, add(staker, 12, proof))
	if r.Excepted != aal.None {
		t.Fatalf("add: %v %s", r.Excepted, r.Message)
	}
	if len(r.Logs) != 1 {
		t.Fatalf("%d logs", len(r.Logs))
	}
	want := Delegation{Staker: staker, Fee: 12, Height: 5, Proof: proof}
	if e, ok := DecodeEvent(&r.Logs[0], m.Env.Params.DelegationsAddress); !ok || e.Removed || e.Owner != owner || !e.Delegation.Equal(&want) {
		t.Errorf("event %+v %t", e, ok)
	}
	if _, ok := DecodeEvent(&r.Logs[0], state.Address{1}); ok {
		t.Error("event of another contract")
	}
	if d, ok, err = Get(m, owner); err != nil || !ok || !d.Equal(&want) || !Verify(owner, &d) {
		t.Errorf("on record: %+v %t %v", d, ok, err)
	}
	if Verify(staker, &d) || Verify([20]byte{}, &d) {
		t.Error("another owner's record verifies")
	}
	over := d
	over.Fee = 101
	if Verify(owner, &over) {
		t.Error("a fee of 101 % verifies")
	}

	// The contract refuses another's proof, and says why.
	if r = run(t, m, staker, add(owner, 1, proof)); r.Excepted != aal.Revert || r.Message != "Invalid PoD signature" {
		t.Errorf("wrong proof: %v %q", r.Excepted, r.Message)
	}
	r = run(t, m, owner, []byte{0x3d, 0x66, 0x6e, 0x8b})
	if e, ok := DecodeEvent(&r.Logs[0], m.Env.Params.DelegationsAddress); !ok || !e.Removed || e.Owner != owner || e.Delegation.Staker != staker {
		t.Errorf("event of the removal %+v %t", e, ok)
	}
	if d, ok, err = Get(m, owner); err != nil || !ok || !d.IsNull() {
		t.Errorf("removed: %+v %t %v", d, ok, err)
	}
}

func TestVerifyProof(t *testing.T) {
	key, owner := keyOf(1)
	_, staker := keyOf(2)
	proof := prove(key, staker)
	if !VerifyProof(owner, staker, proof) {
		t.Fatal("a good proof fails")
	}
	// Three bits of the first byte count: it is as good plus or minus eight, around zero.
	for _, by := range []byte{8, 16, 224, 248} {
		p := bytes.Clone(proof)
		p[0] += by
		if !VerifyProof(owner, staker, p) {
			t.Errorf("first byte %d instead of %d", p[0], proof[0])
		}
	}
	for _, tt := range []struct {
		name   string
		change func(p []byte) []byte
	}{
		{"key's other form", func(p []byte) []byte { p[0] -= 4; return p }},
		{"recovery bit", func(p []byte) []byte { p[0] ^= 1; return p }},
		{"64 bytes", func(p []byte) []byte { return p[:64] }},
		{"66 bytes", func(p []byte) []byte { return append(p, 0) }},
		{"r is zero", func(p []byte) []byte { clear(p[1:33]); return p }},
		{"s is no number below the order", func(p []byte) []byte { copy(p[33:], bytes.Repeat([]byte{0xff}, 32)); return p }},
	} {
		if VerifyProof(owner, staker, tt.change(bytes.Clone(proof))) {
			t.Errorf("%s verifies", tt.name)
		}
	}
	if VerifyProof(owner, owner, proof) || VerifyProof(staker, staker, proof) {
		t.Error("proof for another")
	}
}

// sha256d of 0x15 "Qtum Signed Message:\n" 0x28 and forty hex digits, by another program.
func TestMessage(t *testing.T) {
	var staker [20]byte
	for i := range staker {
		staker[i] = byte(i)
	}
	got := Message(staker)
	if hex.EncodeToString(got[:]) != "9260e7ec8ec8da5b88ad939a85a7ce2a23b7bc003e2138fa54e4d138d8f01e7b" {
		t.Errorf("message %x", got)
	}
}

func TestDecodeRecord(t *testing.T) {
	full := bytes.Join([][]byte{word(7), word(50), word(1, 0), word(128), word(3), []byte("abc"), make([]byte, 29)}, nil)
	for _, tt := range []struct {
		name string
		b    []byte
		ok   bool
		want Delegation
	}{
		{"full", full, true, Delegation{Staker: [20]byte{19: 7}, Fee: 50, Height: 256, Proof: []byte("abc")}},
		{"empty", nil, false, Delegation{}},
		{"three words", full[:96], true, Delegation{Staker: [20]byte{19: 7}, Fee: 50, Height: 256}},
		{"less", full[:95], false, Delegation{}},
		{"text cut off", full[:162], true, Delegation{Staker: [20]byte{19: 7}, Fee: 50, Height: 256, Proof: make([]byte, 3)}},
		{"numbers beyond 64 bits", bytes.Join([][]byte{word(7), bytes.Repeat([]byte{1}, 32), bytes.Repeat([]byte{1}, 32), word(128), word(0)}, nil),
			true, Delegation{Staker: [20]byte{19: 7}, Fee: 255, Height: 1<<32 - 1}},
	} {
		if d, ok := decodeRecord(tt.b); ok != tt.ok || ok && !d.Equal(&tt.want) {
			t.Errorf("%s: %+v %t", tt.name, d, ok)
		}
	}
}

func FuzzDecodeRecord(f *testing.F) {
	f.Add(make([]byte, 160))
	f.Add(bytes.Repeat([]byte{0xff}, 200))
	f.Fuzz(func(t *testing.T, b []byte) {
		d, ok := decodeRecord(b)
		if ok != (len(b) >= 96) || len(d.Proof) > 1<<16 {
			t.Errorf("%d bytes: %t, proof of %d bytes", len(b), ok, len(d.Proof))
		}
	})
}
