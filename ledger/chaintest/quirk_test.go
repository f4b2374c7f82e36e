package chaintest

import (
	"encoding/hex"
	"strings"
	"testing"

	btcwire "github.com/btcsuite/btcd/wire/v2"
	"github.com/google/go-cmp/cmp"

	"spacechain/ledger/aal"
	"spacechain/ledger/dgp"
	"spacechain/ledger/header"
	"spacechain/ledger/script"
	"spacechain/ledger/view"
	"spacechain/ledger/wire"
)

// oddities is a chain on which the odd corners of the account abstraction layer are
// visited, one block each, with Qtum Core beside it if there is one: it must take every
// block, and its receipts must say what ours say.
type oddities struct {
	*Chain
	oracle *Qtumd
	free   bool // how executions end is for Qtum Core alone to say
	loose  bool // which exception ended one does not matter
}

func newOddities(t *testing.T, options ...string) *oddities {
	options = append([]string{"-reduceblocktimeheight=100000"}, options...)
	o := &oddities{Chain: New(t, 77, Regtest(t, options...))}
	if hasOracle() {
		o.oracle = StartQtumd(t, options...)
	}
	o.OnBlock = func(b *wire.Block) {
		if o.oracle == nil {
			return
		}
		if reason := o.oracle.Submit(int64(b.Header.Time)+o.Late, b); reason != "" {
			t.Fatalf("Qtum Core refuses the block at height %d: %s\n%s", o.Height(), reason, o.oracle.Log(3000))
		}
	}
	o.MinePoW(int(o.Params.Maturity(1)) + 40)
	return o
}

// receipt is what gettransactionreceipt says of an output.
type receipt struct {
	OutputIndex                      uint32
	From, To                         string
	CumulativeGasUsed, GasUsed       uint64
	ContractAddress                  string
	Excepted, ExceptedMessage, Bloom string
	StateRoot, UTXORoot              string
	Log                              []receiptLog
}

type receiptLog struct {
	Address string
	Topics  []string
	Data    string
}

// mine makes a block of d, and gives the results of its contract outputs by transaction.
func (o *oddities) mine(d *Draft) (results [][]aal.Result) {
	o.T.Helper()
	b := d.Seal()
	receipts := o.run(b, &results)
	o.Accept(b)
	if o.oracle == nil {
		return results
	}
	for id, want := range receipts {
		var got []receipt
		o.oracle.Ask(&got, "gettransactionreceipt", id)
		if o.loose {
			alike(want)
			alike(got)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			o.T.Errorf("receipts of %s (ours -, Qtum Core's +):\n%s", id, diff)
		}
	}
	return results
}

// alike gives all exceptions that take all gas one name. The interpreter holds a run of
// instructions against stack and gas as one, so where several of them would fail it may
// name another than the first (package evm tells more); no rule of blocks depends on it.
func alike(receipts []receipt) {
	for i := range receipts {
		switch r := &receipts[i]; r.Excepted {
		case "OutOfGas", "StackUnderflow", "OutOfStack", "BadInstruction", "BadJumpDestination":
			r.Excepted = "Unknown"
		}
	}
}

// run runs the contracts of a block on the parent's state.
func (o *oddities) run(b *wire.Block, results *[][]aal.Result) map[string][]receipt {
	o.T.Helper()
	receipts := map[string][]receipt{}
	err := o.Node.View(func(tip *header.Node, state view.Reader) error {
		m := aal.New(state)
		m.RecordRoots = true
		m.Env = aal.Env{Params: o.Params, Height: tip.Height + 1, Time: b.Header.Time, Bits: b.Header.Bits,
			BlockHash: func(h int32) [32]byte {
				n, err := tip.Ancestor(h)
				if err != nil || n == nil {
					return [32]byte{}
				}
				return n.Hash
			}}
		if _, err := dgp.Read(m); err != nil {
			return err
		}
		m.Env.Author = aal.Author(b)
		if b.IsProofOfStake() && m.Env.Height == o.Params.OfflineStakeHeight {
			m.DeployDelegations(o.Params)
		}
		cumulative := uint64(0)
		for _, tx := range b.Txs {
			if !aal.IsContract(tx) {
				continue
			}
			execs, err := aal.Extract(tx, o.scriptOf(tx.Msg().TxIn[0].PreviousOutPoint), o.Params, tip.Height+1)
			if err != nil {
				return err
			}
			res, err := m.Execute(execs)
			if err != nil {
				return err
			}
			*results = append(*results, res.Outputs)
			for i, r := range res.Outputs {
				cumulative += r.GasUsed
				bloom := r.Bloom()
				rec := receipt{
					OutputIndex: execs[i].Vout,
					From:        hex.EncodeToString(execs[i].Sender[:]), To: hex.EncodeToString(execs[i].To[:]),
					CumulativeGasUsed: cumulative, GasUsed: r.GasUsed,
					ContractAddress: hex.EncodeToString(r.NewAddress[:]),
					Excepted:        r.Excepted.String(), ExceptedMessage: r.Message,
					Bloom:     hex.EncodeToString(bloom[:]),
					StateRoot: hex.EncodeToString(r.StateRoot[:]), UTXORoot: hex.EncodeToString(r.UTXORoot[:]),
					Log: []receiptLog{},
				}
				for _, l := range r.Logs {
					entry := receiptLog{Address: hex.EncodeToString(l.Address[:]), Topics: []string{}, Data: hex.EncodeToString(l.Data)}
					for _, topic := range l.Topics {
						entry.Topics = append(entry.Topics, hex.EncodeToString(topic[:]))
					}
					rec.Log = append(rec.Log, entry)
				}
				receipts[tx.ID().String()] = append(receipts[tx.ID().String()], rec)
			}
		}
		return nil
	})
	if err != nil {
		o.T.Fatal(err)
	}
	return receipts
}

// scriptOf is the script of a coin that was ours.
func (o *oddities) scriptOf(op btcwire.OutPoint) []byte {
	coin, ok := o.wallet.known[op]
	if !ok {
		o.T.Fatalf("coin %v was never ours", op)
	}
	return coin.Key.Script(coin.Kind)
}

// one is a block of the transactions that wait.
func (o *oddities) one() [][]aal.Result {
	o.T.Helper()
	return o.mine(o.Draft())
}

// expect fails unless the outputs of the transactions of the next block end as listed: a
// string for each transaction.
func (o *oddities) expect(want ...string) {
	o.T.Helper()
	o.ended(o.one(), want...)
}

func (o *oddities) ended(results [][]aal.Result, want ...string) {
	o.T.Helper()
	if o.free {
		return
	}
	var got []string
	for _, tx := range results {
		var kinds []string
		for _, r := range tx {
			kinds = append(kinds, r.Excepted.String())
		}
		got = append(got, strings.Join(kinds, " "))
	}
	if diff := cmp.Diff(want, got); diff != "" {
		o.T.Errorf("height %d: executions ended otherwise (-want +got):\n%s", o.Height(), diff)
	}
}

// payees are whom the transactions that the layer made in the last block pay.
func (o *oddities) payees() map[Address]int64 {
	out := map[Address]int64{}
	for _, tx := range o.last.Txs {
		if !aal.IsSpend(tx) {
			continue
		}
		for _, pay := range tx.Msg().TxOut {
			if hash, ok := script.KeyHash(pay.PkScript); ok {
				out[hash] += pay.Value
			} else {
				out[Address(pay.PkScript[9:29])] += pay.Value
			}
		}
	}
	return out
}

func do(to Address, value int64, data []byte) Action {
	if len(data) == 0 {
		data = []byte{0}
	}
	return Action{To: &to, Value: value, Data: data, GasLimit: 1_000_000}
}

func TestOddities(t *testing.T) { newOddities(t).visit(t) }

// TestOdditiesOfOldForks visits the same corners under older rules, where only Qtum Core
// knows what comes of them.
func TestOdditiesOfOldForks(t *testing.T) {
	if !hasOracle() {
		t.Skip("SKIPPED: SPACECHAIN_QTUMD names no qtumd to compare with")
	}
	options := []string{"-cancunheight=100000", "-shanghaiheight=100000", "-londonheight=100000",
		"-muirglacierheight=100000", "-constantinopleheight=100000"}
	for n := 1; n <= len(options); n++ {
		t.Run(options[n-1], func(t *testing.T) {
			o := newOddities(t, options[:n]...)
			o.free = true
			o.visit(t)
			if n == len(options) {
				o.overspend()
			}
		})
	}
}

// overspend has a contract pay twice what it owns, once in a frame that fails: before QIP7
// nobody sorts that out, and no transaction comes of it, but coins are written down.
func (o *oddities) overspend() {
	poor := o.Deploy(Robot)
	o.one()
	o.Run(o.Miner, do(poor, 10, nil))
	o.one()
	var steps []Step
	for _, first := range []byte{0x01, 0xfe} { // before and behind the contract's address
		steps = append(steps,
			Step{Op: OpCall, Address: poor, A: 100_000, Data: Steps(
				Step{Op: OpCall, Address: Address{0: first, 1: 1}, A: 30_000, B: 10}, Step{Op: OpInvalid})},
			Step{Op: OpCall, Address: Address{0: first, 1: 2}, A: 30_000, B: 5})
	}
	o.Run(o.Miner, do(poor, 0, Steps(steps...)))
	o.one()
	if len(o.payees()) != 0 {
		o.T.Error("a transaction came of what cannot be")
	}
	o.Run(o.Miner, do(poor, 0, nil))
	o.one()
}

func (o *oddities) visit(t *testing.T) {
	bob, eve := o.Key("bob"), o.Key("eve")
	o.Pay(o.Miner, To(bob, PubKeyHash, 500e8), To(bob, PubKey, 500e8), To(eve, PubKeyHash, 900e8), To(eve, PubKeyHash, 900e8))
	robot, second, refuser := o.Deploy(Robot), o.Deploy(Robot), o.Deploy(Refuser)
	splitter := o.Deploy(Splitter)
	// Pays three satoshi to the address in slot 0, which a call with a word of data sets.
	keeper := o.Deploy(Asm(`
		1 CALLDATASIZE GT @set JUMPI
		0 0 0 0 3 0 SLOAD GAS CALL POP STOP
	set: 0 CALLDATALOAD 0 SSTORE STOP`))
	nocode := o.Run(o.Miner, Action{Data: Init(nil)})[0]
	o.expect("None", "None", "None", "None", "None", "None")
	o.Run(o.Miner, do(robot, 1e8, nil), do(second, 1e8, nil), do(splitter, 1e8, nil), do(keeper, 1000, Words(0)))
	o.expect("None None None None")

	t.Run("ends without code", func(t *testing.T) {
		nobody := Address{1: 9}
		o.Run(bob, do(nobody, 7, nil), do(nocode, 8, nil), do(Address{19: 4}, 9, nil), do(Address{19: 0x83}, 0, nil),
			Action{Data: Init(nil), Value: 5}, do(refuser, 3, nil))
		o.expect("Unknown Unknown Unknown BadJumpDestination CreateWithValue Revert")
	})

	t.Run("what a failed execution left bears a reverted transfer out", func(t *testing.T) {
		// Bob's execution fails before anything is paid: his balance was raised by
		// 10,000·40 = 400,000. Then the robot pays him as much, which is reverted, and
		// eve, which is not.
		const gas = 400_000
		o.Run(bob, Action{To: &robot, Data: []byte{1}, GasLimit: 10_000})
		o.Run(o.Miner, do(robot, 0, Steps(
			Step{Op: OpCall, Address: robot, A: 300_000, Data: Steps(
				Step{Op: OpCall, Address: bob.Hash, A: 50_000, B: gas},
				Step{Op: OpRevert})},
			Step{Op: OpCall, Address: eve.Hash, A: 50_000, B: gas})))
		o.expect("OutOfGasIntrinsic", "None")
		paid := o.payees()
		if !o.free && (paid[bob.Hash] != gas || paid[eve.Hash] != 0) {
			t.Errorf("bob got %d, eve %d", paid[bob.Hash], paid[eve.Hash])
		}
	})

	t.Run("the wrong transfer stands", func(t *testing.T) {
		// robot pays eve 11, reverted; second pays eve 11; robot pays bob 11.
		o.Run(o.Miner, do(robot, 0, Steps(
			Step{Op: OpCall, Address: robot, A: 300_000, Data: Steps(
				Step{Op: OpCall, Address: eve.Hash, A: 50_000, B: 11},
				Step{Op: OpRevert})},
			Step{Op: OpCall, Address: second, A: 200_000, Data: Steps(Step{Op: OpCall, Address: eve.Hash, A: 50_000, B: 11})},
			Step{Op: OpCall, Address: bob.Hash, A: 50_000, B: 11})))
		o.expect("None")
	})

	t.Run("zero address", func(t *testing.T) {
		o.Run(o.Miner, do(robot, 0, Steps(
			Step{Op: OpCall, Address: Address{}, A: 50_000, B: 12},
			Step{Op: OpCall, Address: bob.Hash, A: 50_000, B: 12},
			Step{Op: OpCall, Address: robot, A: 300_000, Data: Steps(
				Step{Op: OpCall, Address: Address{}, A: 50_000, B: 12}, Step{Op: OpRevert})})))
		o.expect("None")
		o.Run(o.Miner, do(robot, 0, Steps(Step{Op: OpCall, Address: Address{}, A: 50_000, B: 13})))
		o.expect("None")
	})

	t.Run("as many outputs as there may be, and one more", func(t *testing.T) {
		for _, n := range []int{999, 1000} {
			var words []byte
			for i := range n {
				words = append(words, Words(Address{2: 3, 18: byte(i >> 8), 19: byte(i)})...)
			}
			o.Run(o.Miner, Action{To: &splitter, Data: words, Value: 21, GasLimit: 40_000_000})
			r := o.one()[0][0]
			if full := r.GasUsed == 40_000_000; !o.free && (full != (n == 1000) || r.Excepted != aal.None) {
				t.Errorf("%d outputs: gas used %d, %v", n+1, r.GasUsed, r.Excepted)
			}
		}
	})

	t.Run("paid before it is created", func(t *testing.T) {
		tx := o.Execution(o.coin(bob, 100e8), do(keeper, 0, nil), Action{Data: Init(Robot), GasLimit: 1_000_000}, do(robot, 0, nil))
		future := ContractAddress(tx.TxHash(), 1)
		o.wallet.spend(tx)
		o.Run(o.Miner, do(keeper, 0, Words(future)))
		o.expect("None")
		o.Queue(tx)
		o.expect("None None None")
		// It is gone again: nobody is there.
		o.Run(o.Miner, do(future, 4, nil))
		o.expect("Unknown")
	})

	t.Run("destroyed for its own benefit, and called after", func(t *testing.T) {
		mortal := o.Deploy(Mortal)
		o.expect("None")
		o.Run(o.Miner, do(mortal, 50, nil))
		o.expect("None")
		o.Run(o.Miner, do(mortal, 5, Words(mortal)), do(mortal, 6, nil))
		o.expect("None Unknown")
		// A coin is still on its book.
		o.Run(o.Miner, do(robot, 0, Steps(Step{Op: OpCall, Address: mortal, A: 50_000, B: 14})))
		o.expect("None")
	})

	t.Run("the sender and the author are paid", func(t *testing.T) {
		for range 2 {
			o.Run(bob, do(robot, 30, Steps(
				Step{Op: OpCall, Address: bob.Hash, A: 50_000, B: 10},
				Step{Op: OpHash, Address: bob.Hash, A: 70},
				Step{Op: OpCall, Address: o.Miner.Hash, A: 50_000, B: 9})))
			o.Run(o.Miner, do(robot, 0, Steps(Step{Op: OpCall, Address: bob.Hash, A: 50_000, B: 8})))
			o.expect("None", "None")
		}
		// A reverted execution of bob's, too, takes his coin off the book.
		o.Run(bob, do(refuser, 0, nil))
		o.Run(o.Miner, do(robot, 0, Steps(Step{Op: OpCall, Address: bob.Hash, A: 50_000, B: 7})))
		o.expect("Revert", "None")
	})

	t.Run("an author without address", func(t *testing.T) {
		coinbase := o.Deploy(Asm(`COINBASE 1 SSTORE 0 0 0 0 15 0 GAS CALL POP COINBASE EXTCODEHASH 2 SSTORE STOP`))
		o.expect("None")
		o.Run(o.Miner, do(coinbase, 40, nil))
		strange := []byte{0x51} // OP_1: anyone's
		o.ended(o.mine(o.draftTo(strange)), "None")
		o.Run(o.Miner, do(coinbase, 0, nil))
		o.expect("None")
	})

	t.Run("transient storage between outputs", func(t *testing.T) {
		set := Steps(Step{Op: OpTStore, A: 1, B: 99}, Step{Op: OpRevert})
		get := Steps(Step{Op: OpTLoad, A: 1, B: 80})
		o.Run(o.Miner, do(robot, 0, set), do(nocode, 0, nil), do(robot, 0, get))
		o.Run(o.Miner, do(robot, 0, get))
		o.expect("Revert Unknown None", "None")
	})

	t.Run("elements that are no pushes", func(t *testing.T) {
		const (
			op4, opNop, opDup, opTuck, opSha256, opDepth = 0x54, 0x61, 0x76, 0x7d, 0xa8, 0x74
		)
		price, limit := number(100_000), number(100_001)
		element := func(parts ...any) []byte {
			var s []byte
			for _, p := range parts {
				switch p := p.(type) {
				case int:
					s = append(s, byte(p))
				case []byte:
					s = append(s, ScriptPush(p)...)
				}
			}
			return s
		}
		for _, s := range [][]byte{
			element(op4, limit, number(40), []byte{1}, robot[:], opCall),
			element([]byte{4}, limit, number(40), opDup, robot[:], opCall),
			element([]byte{4}, limit, price, opTuck, robot[:], opCall),
			element([]byte{4, 0}, limit, number(40), 0x51, robot[:], opCall), // OP_1 as data
			element([]byte{4, 0, 0, 0}, append(limit, 0, 0), append(number(40), 0), 0x4f, opCreate),
		} {
			coin := o.coin(o.Miner, 300e8)
			out := btcwire.NewTxOut(0, s)
			back := btcwire.NewTxOut(coin.Value-200e8, coin.Key.Script(PubKeyHash))
			o.Queue(o.Tx([]Coin{coin}, out, back))
			if r := o.one()[0][0]; !o.free && r.Excepted == aal.Unknown {
				t.Errorf("%x: %+v", s, r)
			}
		}
	})
}

// draftTo is Draft with a reward that pays to a script.
func (o *oddities) draftTo(pays []byte) *Draft {
	o.T.Helper()
	d := o.draft()
	d.Header.Time = uint32(o.tip().Time() + o.spacing())
	d.Header.PrevStake = wire.NullOutPoint
	reward := btcwire.NewTxOut(0, pays)
	d.Txs = append([]*btcwire.MsgTx{coinbase(d.Height, false, reward)}, d.Txs...)
	o.retarget(d)
	run := o.assemble(d)
	reward.Value = run.reward
	cb := d.Coinbase()
	cb.TxOut = append([]*btcwire.TxOut{reward}, run.refunds...)
	return d
}
