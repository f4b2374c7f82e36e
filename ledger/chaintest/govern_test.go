package chaintest

import (
	"encoding/binary"
	"testing"

	"spacechain/ledger/aal"
	"spacechain/ledger/params"
)

// answering is the runtime code of a contract that returns words of 32 bits each.
func answering(words ...uint32) []byte {
	var code []byte
	for i, w := range words {
		at := 32 * i
		code = append(code, 0x63, byte(w>>24), byte(w>>16), byte(w>>8), byte(w), 0x61, byte(at>>8), byte(at), 0x52)
	}
	n := 32 * len(words)
	return append(code, 0x61, byte(n>>8), byte(n), 0x60, 0, 0xf3)
}

// storing is init code of a contract that holds words in its slots, eight in each from the
// low end, and answers nothing.
func storing(words ...uint32) []byte {
	var code []byte
	for slot := 0; 8*slot < len(words); slot++ {
		var value [32]byte
		for i := range min(8, len(words)-8*slot) {
			binary.BigEndian.PutUint32(value[28-4*i:], words[8*slot+i])
		}
		code = append(append(code, Push(value[:])...), 0x60, byte(slot), 0x55)
	}
	return append(code, 0x60, 1, 0x60, 0, 0xf3) // one byte of code, a STOP
}

// govern makes the contract of init code the template of a parameter from the block after
// the next on.
func (o *oddities) govern(dgp Address, init []byte) {
	o.T.Helper()
	admin := o.Miner
	template := o.Run(admin, Action{Data: init, GasLimit: 6_000_000})[0]
	o.one()
	rule := func(data []byte) Action { return Action{To: &dgp, Data: data, GasLimit: 10_000_000} }
	o.Run(admin, rule([]byte{0x6f, 0xb8, 0x1c, 0xbb})) // setInitialAdmin()
	o.one()
	o.Run(admin, rule(append([]byte{0xbf, 0x5f, 0x1e, 0x83}, Words(template, 2)...))) // addAddressProposal(address,uint256)
	if r := o.one()[0][0]; r.Excepted != aal.None {
		o.T.Fatalf("proposal for %x: %+v", dgp, r)
	}
	o.one()
	o.one()
}

// TestGovernance changes all parameters, read both ways, and goes on under them.
func TestGovernance(t *testing.T) {
	for _, mode := range []string{"-dgpevm", "-dgpstorage"} {
		t.Run(mode, func(t *testing.T) {
			o := newOddities(t, mode)
			o.free = true
			template := func(words ...uint32) []byte {
				if mode == "-dgpstorage" {
					return storing(words...)
				}
				return Init(answering(words...))
			}
			robot := o.Deploy(Robot)
			o.one()
			usual := aal.BaseSchedule(o.Params, o.Height())

			words := make([]uint32, aal.Words, aal.Words+1)
			for i, w := range usual.Word {
				words[i] = max(1, w)
			}
			words[13], words[14], words[15] = 300, 30, 5000 // SSTORE set, reset, refund
			words[25] = 900                                 // refund of SELFDESTRUCT
			words[28], words[29], words[30] = 3, 900, 1000  // byte of code, call, creation
			words[31], words[32] = 1, 3                     // bytes of data
			words[38] = 26_000                              // longest code
			o.govern(params.GasScheduleAddress, template(append(words, 7)...))
			r := func(a Action) aal.Result {
				o.Run(o.Miner, a)
				return o.one()[0][0]
			}
			if got := r(do(robot, 0, nil)); got.GasUsed > 3000 {
				t.Errorf("a call uses %d gas", got.GasUsed)
			}
			// Slots that get their first value back: the refund wraps.
			r(do(robot, 0, Steps(Step{Op: OpStore, A: 1, B: 7})))
			got := r(do(robot, 0, Steps(Step{Op: OpStore, A: 1, B: 8}, Step{Op: OpStore, A: 1, B: 7})))
			if got.GasRefunded < 1<<31 {
				t.Errorf("refunds earned: %d", got.GasRefunded)
			}
			r(do(robot, 0, Steps(Step{Op: OpStore, A: 2, B: 8}, Step{Op: OpStore, A: 2, B: 0})))
			r(do(robot, 0, Steps(Step{Op: OpStore, A: 1, B: 0}, Step{Op: OpStore, A: 1, B: 3})))
			long := r(Action{Data: Asm("25999 0 RETURN"), GasLimit: 1_000_000})
			tooLong := r(Action{Data: Asm("26001 0 RETURN"), GasLimit: 1_000_000})
			if long.Excepted != aal.None || tooLong.Excepted != aal.OutOfGas {
				t.Errorf("long code: %v, %v", long.Excepted, tooLong.Excepted)
			}
			mortal := o.Deploy(Mortal)
			o.one()
			r(do(mortal, 0, Words(robot)))
			o.visit(t)

			o.govern(params.MinGasPriceAddress, template(35))
			o.govern(params.BlockSizeAddress, template(1_000_000))
			cheap := do(robot, 0, nil)
			cheap.GasPrice = 35
			r(cheap)
			if mode == "-dgpstorage" { // else Qtum Core does not survive it
				o.govern(params.BlockGasLimitAddress, template(30_000_000))
				r(do(robot, 0, nil))
			}
			words[0] = 0 // out of bounds: all as usual again
			o.govern(params.GasScheduleAddress, template(words...))
			if got := r(do(robot, 0, nil)); got.GasUsed < 21_000 {
				t.Errorf("a call uses %d gas", got.GasUsed)
			}
		})
	}
}
