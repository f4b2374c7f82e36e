package coins

import (
	"errors"
	"testing"

	btcwire "github.com/btcsuite/btcd/wire/v2"

	"spacechain/ledger/params"
	"spacechain/ledger/wire"
)

func TestCheckTxInputs(t *testing.T) {
	in := []btcwire.TxIn{{PreviousOutPoint: btcwire.OutPoint{Index: 1}}, {PreviousOutPoint: btcwire.OutPoint{Index: 2}}}
	pays := func(v int64) *wire.Tx { return tx(1, in, btcwire.TxOut{Value: v, PkScript: []byte{0x51}}) }
	stake := tx(1, in, btcwire.TxOut{}, btcwire.TxOut{Value: 1 << 40})
	plain := func(v int64) *Coin { return &Coin{Value: v, Height: 90} }
	for _, c := range []struct {
		name   string
		tx     *wire.Tx
		spent  []*Coin
		fee    int64
		reason string
		kind   Kind
	}{
		{"fee", pays(5), []*Coin{plain(4), plain(3)}, 2, "", 0},
		{"no fee", pays(7), []*Coin{plain(4), plain(3)}, 0, "", 0},
		{"a coinstake pays more than it takes", stake, []*Coin{plain(4), plain(3)}, 0, "", 0},
		{"more out than in", pays(8), []*Coin{plain(4), plain(3)}, 0, "bad-txns-in-belowout", Consensus},
		{"missing, before all else", pays(8), []*Coin{{Value: -1, CoinBase: true, Height: 99}, nil}, 0, "bad-txns-inputs-missingorspent", MissingInputs},
		{"young coinbase", pays(1), []*Coin{plain(4), {Value: 3, CoinBase: true, Height: 91}}, 0, "bad-txns-premature-spend-of-coinbase", Premature},
		{"young coinstake", pays(1), []*Coin{plain(4), {Value: 3, CoinStake: true, Height: 91}}, 0, "bad-txns-premature-spend-of-coinbase", Premature},
		{"mature", pays(1), []*Coin{plain(4), {Value: 3, CoinBase: true, Height: 90}}, 6, "", 0},
		{"genesis output", pays(1), []*Coin{plain(4), {Value: 3, CoinBase: true, Height: 0}}, 6, "", 0},
		{"negative coin", pays(1), []*Coin{plain(4), plain(-1)}, 0, "bad-txns-inputvalues-outofrange", Consensus},
		{"coin beyond all money", pays(1), []*Coin{plain(params.MaxMoney + 1), plain(1)}, 0, "bad-txns-inputvalues-outofrange", Consensus},
		{"coins beyond all money", pays(1), []*Coin{plain(params.MaxMoney), plain(1)}, 0, "bad-txns-inputvalues-outofrange", Consensus},
		{"negative output, fee out of range", pays(-1), []*Coin{plain(params.MaxMoney), plain(0)}, 0, "bad-txns-fee-outofrange", Consensus},
	} {
		fee, err := CheckTxInputs(c.tx, c.spent, 100, 10)
		var v *Violation
		errors.As(err, &v)
		switch {
		case c.reason == "" && (err != nil || fee != c.fee):
			t.Errorf("%s: fee %d, %v, want %d", c.name, fee, err, c.fee)
		case c.reason != "" && (v == nil || v.Reason != c.reason || v.Kind != c.kind):
			t.Errorf("%s: %v, want %s of kind %d", c.name, err, c.reason, c.kind)
		}
	}
	_, err := CheckTxInputs(pays(8), []*Coin{plain(4), plain(3)}, 100, 10)
	if got, want := err.Error(), "bad-txns-in-belowout, value in (0.00000007) < value out (0.00000008)"; got != want {
		t.Errorf("error reads %q, want %q", got, want)
	}
}

func TestSequenceLocks(t *testing.T) {
	at := func(seq ...uint32) *wire.Tx {
		in := make([]btcwire.TxIn, len(seq))
		for i, s := range seq {
			in[i].Sequence = s
		}
		return tx(2, in, btcwire.TxOut{})
	}
	median := func(h int32) (int64, error) {
		if h > 1000 {
			return 0, errors.New("no such block")
		}
		return 10_000 + 100*int64(h), nil
	}
	spent := []*Coin{{Height: 50}, {Height: 0}}
	for _, c := range []struct {
		name string
		tx   *wire.Tx
		want Locks
	}{
		{"final", at(0xffffffff, 0x80000005), Locks{-1, -1}},
		{"height", at(10, 0), Locks{59, -1}},
		{"the later of two", at(0, 70), Locks{69, -1}},
		{"bits that mean nothing", at(0x7fbf000a, 0x80000000), Locks{59, -1}},
		{"time", at(1<<22|2, 0x80000000), Locks{-1, 10_000 + 4900 + 1024 - 1}},
		{"time of a coin of the first block", at(0x80000000, 1<<22|1), Locks{-1, 10_000 + 512 - 1}},
		{"both", at(1<<22, 3), Locks{2, 10_000 + 4900 - 1}},
	} {
		got, err := SequenceLocks(c.tx, spent, median)
		if err != nil || got != c.want {
			t.Errorf("%s: %+v, %v, want %+v", c.name, got, err, c.want)
		}
	}
	old := tx(1, []btcwire.TxIn{{Sequence: 10}})
	if got, _ := SequenceLocks(old, spent[:1], median); got != (Locks{-1, -1}) {
		t.Errorf("version 1 is locked: %+v", got)
	}
	negative := tx(-1, []btcwire.TxIn{{Sequence: 10}})
	if got, _ := SequenceLocks(negative, spent[:1], median); got.Height != 59 {
		t.Errorf("version -1 is a large one: %+v", got)
	}
	if _, err := SequenceLocks(at(1<<22), []*Coin{{Height: 2000}}, median); err == nil {
		t.Error("a block that is not there has a time")
	}
	l := Locks{59, 999}
	for _, c := range []struct {
		height int32
		time   int64
		want   bool
	}{{60, 1000, true}, {59, 1000, false}, {60, 999, false}} {
		if got := l.Final(c.height, c.time); got != c.want {
			t.Errorf("final at %d, %d: %v", c.height, c.time, got)
		}
	}
}

func TestFormatAmount(t *testing.T) {
	for n, want := range map[int64]string{
		0: "0.00", params.Coin: "1.00", params.Coin / 10: "0.10", 12345: "0.00012345", params.MaxMoney: "107822406.25", -params.Coin - 5: "-1.00000005",
	} {
		if got := FormatAmount(n); got != want {
			t.Errorf("%d reads %s, want %s", n, got, want)
		}
	}
}
