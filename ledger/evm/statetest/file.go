package statetest

import (
	"encoding/hex"
	"fmt"
	"strings"

	"github.com/holiman/uint256"

	"spacechain/ledger/state"
)

// test is one test of a file.
type test struct {
	Env         env
	Pre         map[string]account
	Transaction transactions
	Post        map[string][]post
}

type env struct {
	Coinbase      string  `json:"currentCoinbase"`
	Difficulty    string  `json:"currentDifficulty"`
	GasLimit      string  `json:"currentGasLimit"`
	Number        string  `json:"currentNumber"`
	Timestamp     string  `json:"currentTimestamp"`
	BaseFee       *string `json:"currentBaseFee"`
	Random        *string `json:"currentRandom"`
	ExcessBlobGas *string `json:"currentExcessBlobGas"`
}

type account struct {
	Balance, Nonce, Code string
	Storage              map[string]string
}

// transactions is the family of transactions that the indexes of a post choose from.
type transactions struct {
	Data, GasLimit, Value []string
	AccessLists           []*[]accessEntry

	GasPrice, MaxFeePerGas, MaxPriorityFeePerGas, MaxFeePerBlobGas *string

	BlobVersionedHashes          *[]string
	Nonce, To, Sender, SecretKey string
}

type accessEntry struct {
	Address     string
	StorageKeys []string
}

// post is what a fork makes of one transaction.
type post struct {
	Hash, Logs      string
	TxBytes         string
	ExpectException string
	Indexes         Indexes
}

// reader keeps the first error of reading many fields, so that they need one check.
type reader struct{ err error }

func (r *reader) fail(what, s string, err error) {
	if r.err == nil {
		r.err = fmt.Errorf("%s %.80q: %w", what, s, err)
	}
}

// bytes reads 0x and hex digits; nothing at all is no bytes.
func (r *reader) bytes(what, s string) []byte {
	b, err := hex.DecodeString(strings.TrimPrefix(s, "0x"))
	if err != nil {
		r.fail(what, s, err)
	}
	return b
}

// number reads an unsigned integer, hex after 0x and else decimal. One of more than 256
// bits, which tests of invalid transactions have, sets over.
func (r *reader) number(what, s string) (v uint256.Int, over bool) {
	s = strings.TrimPrefix(s, "0x:bigint ")
	digits, isHex := strings.CutPrefix(s, "0x")
	if !isHex {
		if s == "" {
			return v, false
		}
		if err := v.SetFromDecimal(s); err != nil {
			r.fail(what, s, err)
		}
		return v, false
	}
	digits = strings.TrimLeft(digits, "0")
	if len(digits)%2 == 1 {
		digits = "0" + digits
	}
	b, err := hex.DecodeString(digits)
	if err != nil {
		r.fail(what, s, err)
	}
	if len(b) > 32 {
		return v, true
	}
	v.SetBytes(b)
	return v, false
}

func (r *reader) word(what, s string) uint256.Int {
	v, over := r.number(what, s)
	if over {
		r.fail(what, s, fmt.Errorf("more than 256 bits"))
	}
	return v
}

func (r *reader) uint64(what, s string) uint64 {
	v := r.word(what, s)
	if !v.IsUint64() {
		r.fail(what, s, fmt.Errorf("more than 64 bits"))
	}
	return v.Uint64()
}

func (r *reader) address(what, s string) (a state.Address) {
	b := r.bytes(what, s)
	if len(b) != len(a) {
		r.fail(what, s, fmt.Errorf("%d bytes, want 20", len(b)))
		return a
	}
	return state.Address(b)
}

func (r *reader) hash(what, s string) (h state.Hash) {
	b := r.bytes(what, s)
	if len(b) != len(h) {
		r.fail(what, s, fmt.Errorf("%d bytes, want 32", len(b)))
		return h
	}
	return state.Hash(b)
}

// maybe is the string that p points to, and whether it points to one.
func maybe(p *string) (string, bool) {
	if p == nil || *p == "" {
		return "", false
	}
	return *p, true
}
