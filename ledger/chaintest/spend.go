package chaintest

import (
	"fmt"
	"slices"

	"github.com/btcsuite/btcd/chainhash/v2"
	btcwire "github.com/btcsuite/btcd/wire/v2"

	"spacechain/ledger/script"
)

// wallet is the outputs that the builder's keys can spend after the blocks so far and the
// transactions that wait for the next one. Coins are kept in the order in which they came.
type wallet struct {
	scripts map[string]Coin // a coin without place and value: whose script it is
	coins   []Coin
	known   map[btcwire.OutPoint]Coin // all that there ever were
}

func (w *wallet) watch(k *Key) {
	for kind := Kind(0); kind < kinds; kind++ {
		s := k.Script(kind)
		w.scripts[string(s)] = Coin{Script: s, Key: k, Kind: kind}
	}
}

// spend removes what tx spends.
func (w *wallet) spend(tx *btcwire.MsgTx) {
	w.coins = slices.DeleteFunc(w.coins, func(c Coin) bool {
		return slices.ContainsFunc(tx.TxIn, func(in *btcwire.TxIn) bool { return in.PreviousOutPoint == c.OutPoint })
	})
}

// receive adds the outputs of tx that are ours, as of a block at height.
func (w *wallet) receive(tx *btcwire.MsgTx, id chainhash.Hash, height int32, reward bool) {
	for i, out := range tx.TxOut {
		coin, ours := w.scripts[string(out.PkScript)]
		if !ours {
			continue
		}
		coin.OutPoint = btcwire.OutPoint{Hash: id, Index: uint32(i)}
		coin.Value, coin.Height, coin.Reward = out.Value, height, reward
		w.coins = append(w.coins, coin)
		w.known[coin.OutPoint] = coin
	}
}

// confirm adds the outputs of tx, which now is in a block. Those that receive added while
// it waited, and that something may have spent since, are kept as they are.
func (w *wallet) confirm(tx *btcwire.MsgTx, id chainhash.Hash, height int32, reward bool) {
	for i := range tx.TxOut {
		if _, had := w.known[btcwire.OutPoint{Hash: id, Index: uint32(i)}]; had {
			return
		}
	}
	w.receive(tx, id, height, reward)
}

// Pay is one output of a plain payment.
type Pay struct {
	Script []byte
	Value  int64
}

// To is an output of value satoshi in a form of k's scripts.
func To(k *Key, kind Kind, value int64) Pay { return Pay{k.Script(kind), value} }

// PlainFee is the fee of transactions beyond what the gas of their contract outputs takes.
const PlainFee = 1_000_000

// Coins are the mature outputs of key that no waiting transaction spends, of the given
// kinds, or of all where none are given, oldest first.
func (c *Chain) Coins(key *Key, of ...Kind) []Coin {
	var found []Coin
	for _, coin := range c.wallet.coins {
		if coin.Key == key && (len(of) == 0 || slices.Contains(of, coin.Kind)) && c.mature(coin) {
			found = append(found, coin)
		}
	}
	return found
}

// Immature are the outputs of key that may not be spent yet, oldest first.
func (c *Chain) Immature(key *Key) []Coin {
	var found []Coin
	for _, coin := range c.wallet.coins {
		if coin.Key == key && !c.mature(coin) {
			found = append(found, coin)
		}
	}
	return found
}

func (c *Chain) mature(coin Coin) bool {
	height := c.Height() + 1
	return !coin.Reward || coin.Height == 0 || height-coin.Height >= c.Params.Maturity(height)
}

// coin finds a mature coin of key with at least value satoshi: the smallest such, of a
// transaction that still waits only where there is no other.
func (c *Chain) coin(key *Key, value int64, of ...Kind) Coin {
	c.T.Helper()
	var best *Coin
	for _, coin := range c.Coins(key, of...) {
		if coin.Value >= value && (best == nil || c.before(coin, *best)) {
			best = &coin
		}
	}
	if best == nil {
		c.T.Fatalf("no mature coin of %s with %d satoshi at height %d", key.Name, value, c.Height())
	}
	return *best
}

func (c *Chain) before(a, b Coin) bool {
	if c.waits(a) != c.waits(b) {
		return c.waits(b)
	}
	return a.Value < b.Value
}

// waits tells whether a coin is made by a transaction that waits for the next block.
func (c *Chain) waits(coin Coin) bool { return coin.Height > c.Height() }

// Tx makes and signs a transaction of coins to outputs, of version 2.
func (c *Chain) Tx(coins []Coin, outputs ...*btcwire.TxOut) *btcwire.MsgTx {
	tx := btcwire.NewMsgTx(2)
	for _, coin := range coins {
		tx.AddTxIn(btcwire.NewTxIn(&coin.OutPoint, nil, nil))
	}
	tx.TxOut = outputs
	for i := range coins {
		signInput(tx, i, coins)
	}
	return tx
}

// Payment makes a transaction of one coin of key to pays; what is left, less PlainFee,
// goes back to key.
func (c *Chain) Payment(coin Coin, pays ...Pay) *btcwire.MsgTx {
	c.T.Helper()
	var outs []*btcwire.TxOut
	left := coin.Value - PlainFee
	for _, p := range pays {
		outs = append(outs, btcwire.NewTxOut(p.Value, p.Script))
		left -= p.Value
	}
	if left > 0 {
		outs = append(outs, btcwire.NewTxOut(left, coin.Key.Script(PubKeyHash)))
	}
	return c.Tx([]Coin{coin}, outs...)
}

// Execution makes a transaction of coin whose first outputs are actions; what is left
// goes back to the coin's key.
func (c *Chain) Execution(coin Coin, actions ...Action) *btcwire.MsgTx {
	c.T.Helper()
	var outs []*btcwire.TxOut
	left := coin.Value - PlainFee
	for _, a := range actions {
		outs = append(outs, btcwire.NewTxOut(a.Value, a.Script(nil)))
		left -= a.Value + a.fee()
	}
	if left < 0 {
		c.T.Fatalf("coin of %d satoshi is %d short of its contract outputs", coin.Value, -left)
	}
	if left > 0 {
		outs = append(outs, btcwire.NewTxOut(left, coin.Key.Script(PubKeyHash)))
	}
	tx := btcwire.NewMsgTx(2)
	tx.AddTxIn(btcwire.NewTxIn(&coin.OutPoint, nil, nil))
	tx.TxOut = outs
	for i, a := range actions {
		if a.Sender != nil {
			outs[i].PkScript = a.Script(senderSig(tx, i, a.Sender, 1))
		}
	}
	signInput(tx, 0, []Coin{coin})
	return tx
}

// senderSig is the scriptSig within the OP_SENDER form of output i, for sender.
func senderSig(tx *btcwire.MsgTx, i int, sender *Key, hashType uint32) []byte {
	hash := script.SenderSigHash(tx, i, sender.Script(PubKeyHash), hashType)
	sig := append(sender.SignDER(hash[:]), byte(hashType))
	return append(ScriptPush(sig), ScriptPush(sender.Public)...)
}

// Queue lets tx wait for the next block. Its outputs can be spent at once.
func (c *Chain) Queue(tx *btcwire.MsgTx) *btcwire.MsgTx {
	c.pending = append(c.pending, tx)
	c.wallet.spend(tx)
	c.wallet.receive(tx, tx.TxHash(), c.Height()+1, false)
	return tx
}

// Pay queues a payment by key.
func (c *Chain) Pay(key *Key, pays ...Pay) *btcwire.MsgTx {
	c.T.Helper()
	need := int64(PlainFee)
	for _, p := range pays {
		need += p.Value
	}
	return c.Queue(c.Payment(c.coin(key, need), pays...))
}

// Run queues a transaction of actions that key pays for, and gives the address of the
// contract or account that each of them is about.
func (c *Chain) Run(key *Key, actions ...Action) []Address {
	c.T.Helper()
	need := int64(PlainFee)
	for _, a := range actions {
		need += a.Value + a.fee()
	}
	tx := c.Queue(c.Execution(c.coin(key, need, PubKeyHash, PubKey), actions...))
	var at []Address
	for i, a := range actions {
		if a.To != nil {
			at = append(at, *a.To)
		} else {
			at = append(at, ContractAddress(tx.TxHash(), uint32(i)))
		}
	}
	return at
}

// Deploy queues the creation of a contract with the given runtime code by the miner's
// key, and gives its address.
func (c *Chain) Deploy(runtime []byte) Address {
	c.T.Helper()
	gas := uint64(100_000 + 300*len(runtime))
	return c.Run(c.Miner, Action{Data: Init(runtime), GasLimit: gas})[0]
}

// Call queues a call by the miner's key that sends value satoshi.
func (c *Chain) Call(to Address, value int64, data []byte) {
	c.T.Helper()
	if len(data) == 0 {
		data = []byte{0}
	}
	c.Run(c.Miner, Action{To: &to, Data: data, Value: value})
}

// String names a coin in test messages.
func (c Coin) String() string {
	return fmt.Sprintf("%v of %s: %d satoshi, height %d", c.Kind, c.Key.Name, c.Value, c.Height)
}
