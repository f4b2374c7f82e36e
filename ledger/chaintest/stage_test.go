package chaintest

import (
	"bytes"
	"slices"
	"testing"

	btcwire "github.com/btcsuite/btcd/wire/v2"

	"spacechain/ledger/params"
	"spacechain/ledger/wire"
)

// stage is a chain on which every mutation finds what it spoils: contracts, coins of all
// kinds, a coin that was spent, an owner who delegated.
type stage struct {
	*Chain
	oracle *Qtumd

	counter, burner, vault, splitter, refuser Address

	safe   Coin // the contract output that holds what a vault keeps
	spent  Coin // spent long ago
	costly []Coin
	owner  *Key // delegated to carol
	fee    uint8
	staked Coin // of owner, staked by carol a block before
}

// newStage starts a chain of net, with Qtum Core beside it if oracle is not nil.
func newStage(t testing.TB, net *params.Network, oracle *Qtumd, late int64) *stage {
	t.Helper()
	s := &stage{Chain: New(t, 8, net), oracle: oracle}
	s.Late = late
	s.OnBlock = s.confirmed
	return s
}

// raise makes blocks up to where coins of the miner have matured, and sets the stage.
func (s *stage) raise() *stage {
	s.T.Helper()
	if !s.Params.GenesisSpendable {
		s.MinePoW(int(s.Params.Maturity(s.Height()+1)) + 60)
	}
	s.set()
	return s
}

// delegate makes dan an owner whose coins carol stakes for ten percent.
func (s *stage) delegate() *stage {
	s.T.Helper()
	for range s.Params.Maturity(s.Height() + 1) {
		s.next()
	}
	s.owner, s.fee = s.Key("dan"), 10
	s.Delegate(s.owner, s.Key("carol"), s.fee)
	s.next()
	b := s.Accept(s.DelegatedDraft(s.owner).Seal())
	s.staked = s.wallet.known[b.Header.PrevStake]
	return s
}

// shared brings the chain to where rewards are shared among stakers of blocks a maturity
// below.
func (s *stage) shared() *stage {
	s.T.Helper()
	s.MinePoW(int(s.Params.FirstMPoSBlock - s.Params.CoinMaturity + 5))
	s.StakePoS(15)
	for s.Height() < s.Params.FirstMPoSBlock+7 {
		s.Mine()
	}
	s.set()
	return s
}

// confirmed gives every block that was accepted to Qtum Core too.
func (s *stage) confirmed(b *wire.Block) {
	if s.oracle == nil {
		return
	}
	s.T.Helper()
	if reason := s.oracle.Submit(int64(b.Header.Time)+s.Late, b); reason != "" {
		s.T.Fatalf("Qtum Core refuses block %v at height %d: %s\n%s", b.Hash(), s.Height(), reason, s.oracle.Log(3000))
	}
}

// next adds a block of what waits, made in the way that the network allows.
func (s *stage) next() {
	s.T.Helper()
	if s.Params.LastPoWBlock > s.Height() {
		s.Mine()
	} else {
		s.Stake()
	}
}

func (s *stage) set() {
	s.T.Helper()
	s.spent = s.coin(s.Miner, 1e9, PubKeyHash)
	pays := []Pay{To(s.Key("bob"), PubKeyHash, 50e8)}
	for kind := range kinds {
		pays = append(pays, To(s.Key("alice"), kind, 100e8))
		for range 2 {
			pays = append(pays, To(s.Key("store"), kind, 1e8))
		}
	}
	for range 6 {
		pays = append(pays, Pay{p2sh(costlyScript), 1e6})
	}
	for range 24 {
		pays = append(pays, To(s.Key("carol"), PubKeyHash, 500e8), To(s.Key("dan"), PubKeyHash, 100e8))
	}
	pays = append(pays, To(s.Key("carol"), PubKeyHash, 50e8))
	tx := s.Queue(s.Payment(s.spent, pays...))
	for i, out := range tx.TxOut {
		if bytes.Equal(out.PkScript, p2sh(costlyScript)) {
			s.costly = append(s.costly, Coin{OutPoint: at(tx.TxHash(), uint32(i)), Value: out.Value, Script: out.PkScript})
		}
	}
	s.counter, s.burner, s.vault = s.Deploy(Counter), s.Deploy(Burner), s.Deploy(Vault)
	s.splitter, s.refuser = s.Deploy(Splitter), s.Deploy(Refuser)
	safe := s.Deploy(Vault)
	s.next()
	s.Call(s.vault, 100_000, nil)
	s.Call(safe, 70_000, nil)
	s.next()
	s.safe = s.contractCoin(safe)
	if s.safe.Value != 70_000 {
		s.T.Fatalf("the safe holds %d satoshi", s.safe.Value)
	}
}

// contractCoin is the output that the contract at an address holds after the tip, whose
// block made it.
func (s *stage) contractCoin(of Address) (coin Coin) {
	s.T.Helper()
	for _, tx := range s.last.Txs {
		for i, out := range tx.Msg().TxOut {
			if bytes.HasSuffix(out.PkScript, append(of[:], opCall)) && out.Value > 0 {
				coin = Coin{OutPoint: at(tx.ID(), uint32(i)), Value: out.Value, Script: out.PkScript}
			}
		}
	}
	return coin
}

// act queues what the block that is going to be spoiled must hold.
func (s *stage) act() {
	s.T.Helper()
	alice := s.Key("alice")
	var coins []Coin
	var outs []*btcwire.TxOut
	for kind := range kinds {
		coin := s.Coins(alice, kind)[0]
		coins = append(coins, coin)
		outs = append(outs, btcwire.NewTxOut(coin.Value-PlainFee, alice.Script(kind)))
	}
	s.Queue(s.Tx(coins, outs...))
	bob := s.Key("bob")
	twice := Action{To: &s.counter, Data: []byte{0}}
	s.Run(s.Miner, twice, twice)
	s.Call(s.vault, 1000, Words(bob.Hash, 400))
	s.Call(s.refuser, 900, nil)
	s.Call(s.splitter, 3, Words(bob.Hash, s.Key("erin").Hash, s.Key("frank").Hash))
	s.Deploy(Asm("STOP"))
	s.Run(s.Miner, Action{To: &s.counter, Data: []byte{0}, Sender: bob})
	// A block whose number of transactions is a power of two cannot hide any twice.
	for len(s.pending) < 8 {
		s.Pay(s.Miner, To(bob, PubKey, 1e5))
	}
}

// rich are the miner's coins that can pay for much.
func (s *stage) rich() []Coin {
	return slices.DeleteFunc(s.Coins(s.Miner, PubKeyHash), func(coin Coin) bool { return coin.Value < 500e8 || s.waits(coin) })
}

// blockSize is the limit of a block's size without witnesses, in bytes.
func (s *stage) blockSize() int {
	if s.Params.ReducedBlockTime(s.Height() + 1) {
		return 500_000
	}
	return 2_000_000
}

// steal is a transaction that spends the safe's coin with a scriptSig of one opcode.
func (s *stage) steal(op byte) *btcwire.MsgTx {
	tx := btcwire.NewMsgTx(2)
	tx.AddTxIn(btcwire.NewTxIn(&s.safe.OutPoint, []byte{op}, nil))
	tx.AddTxOut(btcwire.NewTxOut(s.safe.Value-1000, s.Key("bob").Script(PubKeyHash)))
	return tx
}

// costlyScript counts as 3800 signature operations, none of which is run.
var costlyScript = slices.Concat([]byte{0x00, 0x63}, bytes.Repeat([]byte{0xae}, 190), []byte{0x68, 0x51})

// spendCostly spends all coins of costlyScript.
func (s *stage) spendCostly() *btcwire.MsgTx {
	tx := btcwire.NewMsgTx(2)
	for _, coin := range s.costly {
		tx.AddTxIn(btcwire.NewTxIn(&coin.OutPoint, ScriptPush(costlyScript), nil))
	}
	tx.AddTxOut(btcwire.NewTxOut(1e6, s.Key("bob").Script(PubKeyHash)))
	return tx
}
