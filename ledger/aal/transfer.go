package aal

import (
	"slices"

	"github.com/holiman/uint256"

	"spacechain/ledger/state"
)

// Transfer is a movement of value between accounts that a frame of an execution made.
type Transfer struct {
	From, To Address
	Value    uint256.Int // satoshi, more than zero
}

// standing gives those of transfers that the log of balance changes bears out: a change of
// the receiver's balance by the value, and then one of the sender's by as much less. A
// transfer uses up the two changes that bear it out. It is how Qtum Core, from QIP7 on,
// sorts out transfers of frames that were reverted (qtumstate.cpp:
// validateTransfersWithChangeLog), and it is not quite that:
//
//   - Changes are told apart by account and amount only. A reverted transfer can be borne
//     out by the changes that belong to a later one, which then is the one left out.
//   - Only the first change of the receiver is looked at; if no change of the sender goes
//     with it the transfer is out.
//   - Used-up changes are given to the zero address, where they can bear out transfers
//     from and to that address.
//   - The log may begin with changes of earlier outputs' executions that ended in an
//     exception; see state.BalanceLog.
func standing(transfers []Transfer, log []state.BalanceChange) []Transfer {
	if len(transfers) == 0 {
		return nil
	}
	// Positions in the log, ascending, by account and amount.
	type change struct {
		a Address
		v uint256.Int
	}
	at := make(map[change][]int, len(log))
	for i := range log {
		c := change{log[i].Address, log[i].Delta}
		at[c] = append(at[c], i)
	}
	// use gives the first change of a kind to the zero address.
	use := func(c change) {
		i := at[c][0]
		at[c] = at[c][1:]
		c.a = Address{}
		n, _ := slices.BinarySearch(at[c], i)
		at[c] = slices.Insert(at[c], n, i)
	}
	out := make([]Transfer, 0, len(transfers))
	for _, t := range transfers {
		plus, minus := change{t.To, t.Value}, change{a: t.From}
		minus.v.Neg(&t.Value)
		if len(at[plus]) == 0 || len(at[minus]) == 0 {
			continue
		}
		use(plus)
		use(minus)
		out = append(out, t)
	}
	return out
}
