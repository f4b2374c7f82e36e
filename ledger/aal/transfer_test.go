package aal

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/holiman/uint256"

	"spacechain/ledger/state"
)

// addr is the address whose last byte is n.
func addr(n byte) Address { return Address{19: n} }

func transfer(from, to byte, value uint64) Transfer {
	return Transfer{From: addr(from), To: addr(to), Value: *uint256.NewInt(value)}
}

// moved are the changes of balances that a transfer makes.
func moved(from, to byte, value uint64) []state.BalanceChange {
	out := []state.BalanceChange{{Address: addr(from)}, {Address: addr(to), Delta: *uint256.NewInt(value)}}
	out[0].Delta.Neg(uint256.NewInt(value))
	return out
}

func TestStandingTransfers(t *testing.T) {
	const a, b, c, d = 1, 2, 3, 4
	log := func(parts ...[]state.BalanceChange) (out []state.BalanceChange) {
		for _, p := range parts {
			out = append(out, p...)
		}
		return out
	}
	plus := func(to byte, v uint64) []state.BalanceChange {
		return []state.BalanceChange{{Address: addr(to), Delta: *uint256.NewInt(v)}}
	}
	for _, tt := range []struct {
		name      string
		transfers []Transfer
		log       []state.BalanceChange
		want      []Transfer
	}{
		{"nothing", nil, log(moved(a, b, 5)), nil},
		{"all stand", []Transfer{transfer(a, b, 5), transfer(b, c, 3)},
			log(moved(a, b, 5), moved(b, c, 3)), []Transfer{transfer(a, b, 5), transfer(b, c, 3)}},
		{"a reverted one is out", []Transfer{transfer(a, b, 5), transfer(b, c, 3)},
			log(moved(a, b, 5)), []Transfer{transfer(a, b, 5)}},
		{"of two alike one stands", []Transfer{transfer(a, b, 5), transfer(a, b, 5)},
			log(moved(a, b, 5)), []Transfer{transfer(a, b, 5)}},
		{"to itself", []Transfer{transfer(a, a, 5)}, log(moved(a, a, 5)), []Transfer{transfer(a, a, 5)}},
		{"other amount", []Transfer{transfer(a, b, 5)}, log(moved(a, b, 6)), []Transfer{}},
		// a→b was reverted, but c→b and a→d were not: their changes bear it out, and
		// leave them out.
		{"the wrong one stands", []Transfer{transfer(a, b, 5), transfer(c, b, 5), transfer(a, d, 5)},
			log(moved(c, b, 5), moved(a, d, 5)), []Transfer{transfer(a, b, 5)}},
		// The sender of a→b was credited with 5 by an earlier execution that failed.
		{"what an earlier execution left", []Transfer{transfer(a, b, 5), transfer(a, c, 5)},
			log(plus(b, 5), moved(a, c, 5)), []Transfer{transfer(a, b, 5)}},
		// a→b uses up its changes, which then are the zero address's: 0→0 stands on them,
		// again and again.
		{"used changes are the zero address's",
			[]Transfer{transfer(a, b, 5), transfer(0, 0, 5), transfer(0, 0, 5)},
			log(moved(a, b, 5)), []Transfer{transfer(a, b, 5), transfer(0, 0, 5), transfer(0, 0, 5)}},
		{"in the order of the transfers", []Transfer{transfer(0, 0, 5), transfer(a, b, 5)},
			log(moved(a, b, 5)), []Transfer{transfer(a, b, 5)}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			before := append([]state.BalanceChange(nil), tt.log...)
			got := standing(tt.transfers, tt.log)
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Error(diff)
			}
			if diff := cmp.Diff(before, tt.log); diff != "" {
				t.Errorf("the log was changed: %s", diff)
			}
		})
	}
}

// TestStandingAgainstScan holds standing against the two nested searches that it replaces.
func TestStandingAgainstScan(t *testing.T) {
	scan := func(transfers []Transfer, log []state.BalanceChange) []Transfer {
		log = append([]state.BalanceChange(nil), log...)
		out := []Transfer{}
		for _, tr := range transfers {
			var less uint256.Int
			less.Neg(&tr.Value)
			for i := range log {
				if log[i].Address != tr.To || log[i].Delta != tr.Value {
					continue
				}
				for j := range log {
					if log[j].Address == tr.From && log[j].Delta == less {
						out = append(out, tr)
						log[i].Address, log[j].Address = Address{}, Address{}
						break
					}
				}
				break
			}
		}
		return out
	}
	rnd := uint32(1)
	next := func(n uint32) byte {
		rnd = rnd*1664525 + 1013904223
		return byte((rnd >> 16) % n)
	}
	for range 2000 {
		var log []state.BalanceChange
		var transfers []Transfer
		for range 1 + next(12) {
			from, to, v := next(4), next(4), uint64(1+next(2))
			if next(4) > 0 {
				transfers = append(transfers, transfer(from, to, v))
			}
			if next(3) > 0 {
				log = append(log, moved(from, to, v)...)
			}
		}
		if len(transfers) == 0 {
			continue
		}
		if diff := cmp.Diff(scan(transfers, log), standing(transfers, log)); diff != "" {
			t.Fatalf("transfers %v\nlog %v\n%s", transfers, log, diff)
		}
	}
}
