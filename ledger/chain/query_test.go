package chain

import (
	"context"
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"github.com/btcsuite/btcd/chainhash/v2"

	"spacechain/internal/kv"
	"spacechain/ledger/params"
)

func TestAmounts(t *testing.T) {
	for text, want := range map[string]Amount{
		"0": 0, "0.0": 0, "1": 1e8, "43160000.0": 43160000e8, "41040003.99900000": 4104000399900000,
		"0.00000001": 1, "107822406.25": Amount(params.MaxMoney),
	} {
		got, err := ParseAmount(text)
		if err != nil || got != want {
			t.Errorf("%q: %d %v, want %d", text, got, err, want)
		}
		back, err := ParseAmount(got.String())
		if err != nil || back != got {
			t.Errorf("%q comes back as %d, %v", got.String(), back, err)
		}
	}
	for _, text := range []string{"", ".", "-1", "1e3", "0.123456789", "1.-1", "1.2.3", "99999999999"} {
		if got, err := ParseAmount(text); err == nil {
			t.Errorf("%q is %d", text, got)
		}
	}
	if s := Amount(-150000000).String(); s != "-1.50000000" {
		t.Error(s)
	}
}

func TestQueries(t *testing.T) {
	v := readVector(t, vectorPath(t, "qtum_opcall"), all)
	for _, index := range []bool{false, true} {
		c := open(t, kv.NewMemory(), v.net, Options{TxIndex: index})
		for _, b := range v.blocks {
			if err := c.Load(int64(b.Header.Time), b); err != nil {
				t.Fatal(err)
			}
		}
		// Every transaction of the last blocks is found, spent or not, and one of an early one.
		for _, i := range []int{0, 1, 2100, 2150, 2200, 2250, len(v.blocks) - 1} {
			for _, tx := range v.blocks[i].Txs {
				info, err := c.Tx(tx.ID())
				if err != nil || info.TxID != tx.ID().String() || info.Height != int32(i+1) || len(info.Vout) != len(tx.Msg().TxOut) {
					t.Fatalf("transaction %v of height %d: %+v %v", tx.ID(), i+1, info, err)
				}
			}
		}
		if _, err := c.Tx(chainhash.Hash{1}); !errors.Is(err, ErrNoTx) {
			t.Fatal(err)
		}
		tip := c.Tip()
		byHeight, err := c.Block("2260")
		if err != nil {
			t.Fatal(err)
		}
		byHash, err := c.Block(tip.Hash.String())
		if err != nil {
			t.Fatal(err)
		}
		a, _ := json.Marshal(byHeight)
		b, _ := json.Marshal(byHash)
		// As getblockheader printed the tip.
		if string(a) != string(b) || byHeight.Hash != "5b3932530d508e30e788a9064bf7d222832c138108cf41da797638a4883603f6" ||
			byHeight.Confirmations != 1 || byHeight.NextBlockHash != "" || byHeight.Bits != "207fffff" ||
			byHeight.StateRoot != "2884ce35fa2f910215dfa48005a18614c2c5f90c4025a80bd5de99f96dc95eed" ||
			byHeight.ChainWork != "00000000000000000000000000000000000000000000000000000000000011aa" ||
			byHeight.Difficulty < 4.656e-10 || byHeight.Difficulty > 4.657e-10 || byHeight.Flags != "proof-of-work" {
			t.Errorf("%s", a)
		}
		below, err := c.Block("2259")
		if err != nil || below.NextBlockHash != byHeight.Hash || below.Confirmations != 2 {
			t.Errorf("%+v %v", below, err)
		}
		for _, text := range []string{"2261", "-1", strings.Repeat("0", 64)} {
			if _, err := c.Block(text); !errors.Is(err, ErrNoBlock) {
				t.Errorf("block %q: %v", text, err)
			}
		}
		if _, err := c.Block("tip"); err == nil || errors.Is(err, ErrNoBlock) {
			t.Error(err)
		}
		addr, err := ParseAddress("0x07e909776193e682cd285f1bb31b403131e7172e")
		if err != nil {
			t.Fatal(err)
		}
		acc, err := c.Account(addr)
		if err != nil || acc.Balance != 1e8 || acc.Vin == nil || acc.Vin.Value != 1e8 || len(acc.Storage) != 1 || len(acc.Code) != 572 {
			t.Errorf("%+v %v", acc, err)
		}
		st, err := c.Storage(addr)
		if err != nil || len(st) != 1 {
			t.Errorf("%+v %v", st, err)
		}
		addr[0]++
		if _, err := c.Account(addr); !errors.Is(err, ErrNoAccount) {
			t.Error(err)
		}
		if _, err := c.Storage(addr); !errors.Is(err, ErrNoAccount) {
			t.Error(err)
		}
		if _, err := ParseAddress("07e9"); err == nil {
			t.Error("a short address was read")
		}
		if index {
			for range 200 {
				if err := c.Disconnect(); err != nil {
					t.Fatal(err)
				}
			}
			if _, err := c.Tx(v.blocks[len(v.blocks)-1].Txs[0].ID()); !errors.Is(err, ErrNoTx) {
				t.Errorf("a transaction of a disconnected block: %v", err)
			}
		}
	}
}

// What a contract's output asks for is told.
func TestDescribedContracts(t *testing.T) {
	v := readVector(t, vectorPath(t, "qtum_op_sender"), all)
	c := open(t, kv.NewMemory(), v.net, Options{})
	kinds := map[string]int{}
	for _, b := range v.blocks {
		for _, tx := range b.Txs {
			for _, out := range c.describeTx(tx).Vout {
				s := out.Script
				kinds[s.Type]++
				if (s.Contract != nil) != (strings.HasPrefix(s.Type, "c")) || s.Type == "call" && len(s.Contract.Address) != 40 {
					t.Errorf("%+v", s)
				}
				if strings.HasSuffix(s.Type, "_sender") != (s.Contract != nil && s.Contract.Sender != "") {
					t.Errorf("%+v %+v", s, s.Contract)
				}
				if s.Type == "pubkeyhash" && s.Address[0] != 'q' {
					t.Errorf("%+v", s)
				}
			}
		}
	}
	for _, kind := range []string{"create_sender", "call", "pubkey", "pubkeyhash"} {
		if kinds[kind] == 0 {
			t.Errorf("no output of kind %s: %v", kind, kinds)
		}
	}
}

// Verify finds whatever is changed in the store.
func TestVerifyFindsDamage(t *testing.T) {
	v := readVector(t, vectorPath(t, "fuzz_d201"), all)
	store := kv.NewMemory()
	c := open(t, store, v.net, Options{})
	for _, b := range v.blocks {
		if err := c.Load(int64(b.Header.Time), b); err != nil {
			t.Fatal(err)
		}
	}
	good, err := c.Verify(context.Background(), VerifyOptions{Level: VerifyConnect, Blocks: 100})
	if err != nil || good.Blocks != 100 || good.Reconnected != 100 || good.Sets.TxOuts != 3403 || good.Sets.Contracts < 35 {
		t.Fatalf("%+v %v", good, err)
	}
	if err := c.Flush(); err != nil {
		t.Fatal(err)
	}
	for _, prefix := range []byte("BRAScCUau") {
		// The last key: blocks and undos of the tip, and any of the rest.
		var key, value []byte
		if err := store.Scan([]byte{prefix}, func(k, v []byte) error {
			key, value = append([]byte{}, k...), append([]byte{}, v...)
			return nil
		}); err != nil || key == nil {
			t.Fatal(prefix, err)
		}
		if prefix == 'C' || prefix == 'c' {
			continue // code may be of an account that is gone; a coin is seen only when its block is taken back
		}
		var damage, repair kv.Batch
		bad := append([]byte{}, value...)
		bad[len(bad)-1] ^= 1
		damage.Put(key, bad)
		repair.Put(key, value)
		if err := store.Apply(&damage); err != nil {
			t.Fatal(err)
		}
		if _, err := c.Verify(context.Background(), VerifyOptions{Level: VerifyState, Blocks: 5}); err == nil {
			t.Errorf("damage at %q was not found", key[:1])
		}
		if err := store.Apply(&repair); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := c.Verify(context.Background(), VerifyOptions{Level: VerifyState, Blocks: 5}); err != nil {
		t.Error(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := c.Verify(ctx, VerifyOptions{}); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
}
