package chain

import (
	"encoding/hex"
	"errors"
	"fmt"
	"strconv"

	"github.com/btcsuite/btcd/chainhash/v2"
	"github.com/holiman/uint256"
	"golang.org/x/crypto/sha3"

	"spacechain/ledger/aal"
	"spacechain/ledger/coins"
	"spacechain/ledger/header"
	"spacechain/ledger/params"
	"spacechain/ledger/state"
	"spacechain/ledger/wire"
)

// Amount is satoshi; in JSON it is coins with eight decimals, as Qtum Core prints them.
type Amount int64

// String gives the amount in coins.
func (a Amount) String() string {
	sign, v := "", uint64(a)
	if a < 0 {
		sign, v = "-", -v
	}
	return fmt.Sprintf("%s%d.%08d", sign, v/uint64(params.Coin), v%uint64(params.Coin))
}

// MarshalJSON implements json.Marshaler.
func (a Amount) MarshalJSON() ([]byte, error) { return []byte(a.String()), nil }

// ParseAmount reads coins with at most eight decimals.
func ParseAmount(text string) (Amount, error) {
	whole, part := text, ""
	for i := range text {
		if text[i] == '.' {
			whole, part = text[:i], text[i+1:]
		}
	}
	if len(part) > 8 {
		return 0, fmt.Errorf("amount %q has more than eight decimals", text)
	}
	for len(part) < 8 {
		part += "0"
	}
	coins, err := strconv.ParseUint(whole, 10, 32)
	if err == nil {
		var sat uint64
		if sat, err = strconv.ParseUint(part, 10, 32); err == nil {
			return Amount(int64(coins)*params.Coin + int64(sat)), nil
		}
	}
	return 0, fmt.Errorf("amount %q: %w", text, err)
}

// Info describes the chain and its state. Hashes and roots are reversed, as RPC prints
// them.
type Info struct {
	Network     string `json:"network"`
	Height      int32  `json:"height"`
	BestBlock   string `json:"bestblock"`
	Time        uint32 `json:"time"`
	MedianTime  int64  `json:"mediantime"`
	ChainWork   string `json:"chainwork"`
	StateRoot   string `json:"hashStateRoot"`
	UTXORoot    string `json:"hashUTXORoot"`
	MoneySupply Amount `json:"moneysupply"`
	Modifier    string `json:"modifier"`
	ProofHash   string `json:"proofhash"`
	Headers     int32  `json:"headers"` // height of the best header, with or without its block
	PruneHeight int32  `json:"pruneheight"`
	BlockBytes  int64  `json:"blockbytes"` // of blocks and undos that are kept
	*Sets              // nil where they were not asked for
}

// Sets counts what the state holds; it takes a walk through all of it.
type Sets struct {
	TxOuts         int64  `json:"txouts"`
	Transactions   int64  `json:"transactions"` // with unspent outputs
	TotalAmount    Amount `json:"total_amount"`
	HashSerialized string `json:"hash_serialized_3"` // as gettxoutsetinfo prints it
	Contracts      int64  `json:"contracts"`         // accounts, those of governance included
}

// Info describes the chain; with sets also what its state holds.
func (c *Chain) Info(sets bool) (*Info, error) {
	c.mu.RLock()
	defer c.mu.RUnlock()
	if c.closed {
		return nil, ErrClosed
	}
	tip := c.tree.Tip()
	best := tip
	for _, leaf := range c.tree.Leaves() {
		if !leaf.Status.Invalid() && leaf.Work.Gt(&best.Work) {
			best = leaf
		}
	}
	info := &Info{
		Network:     c.net.Name,
		Height:      tip.Height,
		BestBlock:   tip.Hash.String(),
		Time:        tip.Header.Time,
		MedianTime:  tip.MedianTimePast(),
		ChainWork:   work(&tip.Work),
		StateRoot:   reversed(tip.Header.StateRoot),
		UTXORoot:    reversed(tip.Header.UTXORoot),
		MoneySupply: Amount(tip.MoneySupply),
		Modifier:    reversed(tip.Modifier),
		ProofHash:   reversed(tip.ProofHash),
		Headers:     best.Height,
		PruneHeight: c.rec.Pruned,
		BlockBytes:  c.rec.Bytes,
	}
	if !sets {
		return info, nil
	}
	stats, err := coins.SetStats(c.over)
	if err != nil {
		return nil, err
	}
	info.Sets = &Sets{
		TxOuts:         stats.Coins,
		Transactions:   stats.Transactions,
		TotalAmount:    Amount(stats.Amount),
		HashSerialized: stats.Hash.String(),
	}
	err = c.over.Scan([]byte{'A'}, func(_, _ []byte) error { info.Sets.Contracts++; return nil })
	return info, err
}

func reversed(h [32]byte) string { return chainhash.Hash(h).String() }

func work(w *uint256.Int) string {
	b := w.Bytes32()
	return hex.EncodeToString(b[:])
}

// Header gives the header of the best chain at a height, or with a hash, which may be on a
// branch: text is either.
func (c *Chain) Header(text string) (*header.Node, error) {
	c.mu.RLock()
	defer c.mu.RUnlock()
	if c.closed {
		return nil, ErrClosed
	}
	return c.named(text)
}

func (c *Chain) named(text string) (n *header.Node, err error) {
	if height, bad := strconv.ParseInt(text, 10, 32); bad == nil && len(text) < chainhash.MaxHashStringSize {
		n, err = c.tree.At(int32(height))
	} else if hash, bad := chainhash.NewHashFromStr(text); bad == nil && len(text) == chainhash.MaxHashStringSize {
		n, err = c.tree.Find(*hash)
	} else {
		return nil, fmt.Errorf("block %q: it is neither a height nor a hash", text)
	}
	if err == nil && n == nil {
		err = ErrNoBlock
	}
	if err != nil {
		return nil, fmt.Errorf("block %q: %w", text, err)
	}
	return n, nil
}

// BlockOf gives the block of a header of the Tree.
func (c *Chain) BlockOf(n *header.Node) (*wire.Block, error) {
	c.mu.RLock()
	defer c.mu.RUnlock()
	if c.closed {
		return nil, ErrClosed
	}
	return c.block(n)
}

// Block describes the block at a height or with a hash: text is either.
func (c *Chain) Block(text string) (*BlockInfo, error) {
	c.mu.RLock()
	defer c.mu.RUnlock()
	if c.closed {
		return nil, ErrClosed
	}
	n, err := c.named(text)
	if err != nil {
		return nil, err
	}
	b, err := c.block(n)
	if err != nil {
		return nil, err
	}
	return c.describeBlock(n, b)
}

// AccountInfo describes a contract's account as `getaccountinfo` does, with its nonce.
type AccountInfo struct {
	Address string      `json:"address"`
	Balance uint64      `json:"balance"` // satoshi
	Nonce   uint64      `json:"nonce"`
	Storage StorageInfo `json:"storage"`
	Code    string      `json:"code"`
	Vin     *VinInfo    `json:"vin,omitempty"`
}

// StorageInfo is a contract's storage: by the hash of its key in the trie, one key and its
// value, in hex.
type StorageInfo map[string]map[string]string

// VinInfo is the one unspent output that holds a contract's balance.
type VinInfo struct {
	Hash  string `json:"hash"`
	NVout uint32 `json:"nVout"`
	Value uint64 `json:"value"` // satoshi
}

// ErrNoAccount is what asking for an account gives that the state does not have.
var ErrNoAccount = errors.New("address does not exist")

// ParseAddress reads the 40 hex digits, with or without 0x, of a contract's address.
func ParseAddress(text string) (a state.Address, err error) {
	digits := text
	if len(digits) == 42 && digits[:2] == "0x" {
		digits = digits[2:]
	}
	b, err := hex.DecodeString(digits)
	if err != nil || len(b) != len(a) {
		return a, fmt.Errorf("address %q: not 40 hex digits", text)
	}
	return state.Address(b), nil
}

// ParseTxID reads the 64 hex digits of a transaction's id.
func ParseTxID(text string) (chainhash.Hash, error) {
	id, err := chainhash.NewHashFromStr(text)
	if err != nil || len(text) != chainhash.MaxHashStringSize {
		return chainhash.Hash{}, fmt.Errorf("transaction %q: not 64 hex digits", text)
	}
	return *id, nil
}

// Account describes the account of an address.
func (c *Chain) Account(a state.Address) (*AccountInfo, error) {
	c.mu.RLock()
	defer c.mu.RUnlock()
	if c.closed {
		return nil, ErrClosed
	}
	info, err := c.account(a)
	if err != nil {
		return nil, fmt.Errorf("account %v: %w", a, err)
	}
	return info, nil
}

func (c *Chain) account(a state.Address) (*AccountInfo, error) {
	acc, ok, err := state.StoredAccount(c.over, a)
	if err == nil && !ok {
		err = ErrNoAccount
	}
	if err != nil {
		return nil, err
	}
	info := &AccountInfo{Address: hex.EncodeToString(a[:]), Balance: acc.Balance.Uint64(), Nonce: acc.Nonce}
	if acc.CodeHash != state.EmptyCodeHash {
		code, ok, err := c.over.Get(state.CodeKey(acc.CodeHash))
		if err == nil && !ok {
			err = fmt.Errorf("its code %v is missing in the store", acc.CodeHash)
		}
		if err != nil {
			return nil, err
		}
		info.Code = hex.EncodeToString(code)
	}
	if info.Storage, err = c.storage(a); err != nil {
		return nil, err
	}
	raw, ok, err := c.over.Get(aal.CoinKey(a))
	if err != nil || !ok {
		return info, err
	}
	coin, err := aal.DecodeCoin(raw)
	if err != nil {
		return nil, err
	}
	info.Vin = &VinInfo{Hash: reversed(coin.TxID), NVout: coin.Vout, Value: coin.Value.Uint64()}
	return info, nil
}

// Storage gives all of a contract's storage that is not zero.
func (c *Chain) Storage(a state.Address) (StorageInfo, error) {
	c.mu.RLock()
	defer c.mu.RUnlock()
	if c.closed {
		return nil, ErrClosed
	}
	_, ok, err := state.StoredAccount(c.over, a)
	if err == nil && !ok {
		err = ErrNoAccount
	}
	if err != nil {
		return nil, fmt.Errorf("storage of %v: %w", a, err)
	}
	return c.storage(a)
}

func (c *Chain) storage(a state.Address) (StorageInfo, error) {
	info := StorageInfo{}
	h := sha3.NewLegacyKeccak256()
	err := state.StoredSlots(c.over, a, func(slot state.Hash, value uint256.Int) error {
		h.Reset()
		h.Write(slot[:])
		v := value.Bytes32()
		info[hex.EncodeToString(h.Sum(nil))] = map[string]string{hex.EncodeToString(slot[:]): hex.EncodeToString(v[:])}
		return nil
	})
	return info, err
}
