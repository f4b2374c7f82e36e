package coins

import (
	"errors"
	"fmt"
	"math"

	"spacechain/ledger/script"
)

// The stored form of a coin, in the manner of Bitcoin Core's compressor.cpp:
//
//	varint  height<<2 | coinstake<<1 | coinbase
//	varint  amount, compressed: see compressAmount
//	varint  kind of script: 0 P2PKH, 1 P2SH (20 bytes follow), 2 and 3 pay to the
//	        compressed key that begins so (32 bytes follow), 4+n any script of n bytes
//
// A varint is groups of seven bits, the most significant first, each but the last with
// the top bit set and reduced by one, so that every number has exactly one form. There is
// exactly one form of every coin; Decode takes no other.

const (
	kindKeyHash = iota
	kindScriptHash
	kindKeyEven
	kindKeyOdd
	kindRaw
)

const (
	opDup         = 0x76
	opHash160     = 0xa9
	opEqual       = 0x87
	opEqualVerify = 0x88
	opCheckSig    = 0xac
)

var errShort = errors.New("ends too early")

// Append appends the stored form of c, whose script must be spendable, value not negative
// and height at most 2^30-1; the rules of blocks and transactions see to that.
func (c *Coin) Append(dst []byte) []byte {
	code := uint64(c.Height) << 2
	if c.CoinBase {
		code |= 1
	}
	if c.CoinStake {
		code |= 2
	}
	dst = appendVarint(dst, code)
	dst = appendVarint(dst, compressAmount(uint64(c.Value)))
	kind, data := classify(c.Script)
	if kind == kindRaw {
		dst = appendVarint(dst, uint64(kindRaw+len(c.Script)))
	} else {
		dst = append(dst, byte(kind))
	}
	return append(dst, data...)
}

// Decode reads one stored coin and gives what follows it. The coin shares nothing with b.
func Decode(b []byte) (c Coin, rest []byte, err error) {
	code, b, err := readVarint(b)
	if err != nil {
		return c, nil, fmt.Errorf("coin height: %w", err)
	}
	if code>>2 > maxHeight {
		return c, nil, fmt.Errorf("coin height %d beyond %d", code>>2, maxHeight)
	}
	if code&3 == 3 {
		return c, nil, errors.New("coin of coinbase and coinstake at once")
	}
	c.Height, c.CoinBase, c.CoinStake = int32(code>>2), code&1 != 0, code&2 != 0
	amount, b, err := readVarint(b)
	if err != nil {
		return c, nil, fmt.Errorf("coin amount: %w", err)
	}
	value, ok := decompressAmount(amount)
	if !ok {
		return c, nil, fmt.Errorf("coin amount: code %d beyond 64 bits", amount)
	}
	c.Value = value
	kind, b, err := readVarint(b)
	if err != nil {
		return c, nil, fmt.Errorf("coin script: %w", err)
	}
	if kind >= kindRaw+script.MaxScriptSize+1 {
		return c, nil, fmt.Errorf("coin script of %d bytes: too long", kind-kindRaw)
	}
	n := int(kind) - kindRaw
	switch kind {
	case kindKeyHash, kindScriptHash:
		n = 20
	case kindKeyEven, kindKeyOdd:
		n = 32
	}
	if len(b) < n {
		return c, nil, fmt.Errorf("coin script of %d bytes: %w", n, errShort)
	}
	data, rest := b[:n], b[n:]
	c.Script = expand(int(kind), data)
	if kind >= kindRaw {
		if k, _ := classify(data); k != kindRaw {
			return c, nil, fmt.Errorf("coin script %x: not in its short form", data)
		}
		if script.IsUnspendable(data) {
			return c, nil, fmt.Errorf("coin script %x: unspendable", data)
		}
	}
	return c, rest, nil
}

// classify gives the kind of a script and the part of it that is stored.
func classify(s []byte) (kind int, data []byte) {
	switch {
	case len(s) == 25 && s[0] == opDup && s[1] == opHash160 && s[2] == 20 && s[23] == opEqualVerify && s[24] == opCheckSig:
		return kindKeyHash, s[3:23]
	case len(s) == 23 && s[0] == opHash160 && s[1] == 20 && s[22] == opEqual:
		return kindScriptHash, s[2:22]
	case len(s) == 35 && s[0] == 33 && (s[1] == 2 || s[1] == 3) && s[34] == opCheckSig:
		return int(s[1]), s[2:34]
	}
	return kindRaw, s
}

// expand makes the script of a kind from its stored part.
func expand(kind int, data []byte) []byte {
	switch kind {
	case kindKeyHash:
		s := make([]byte, 25)
		s[0], s[1], s[2], s[23], s[24] = opDup, opHash160, 20, opEqualVerify, opCheckSig
		copy(s[3:], data)
		return s
	case kindScriptHash:
		s := make([]byte, 23)
		s[0], s[1], s[22] = opHash160, 20, opEqual
		copy(s[2:], data)
		return s
	case kindKeyEven, kindKeyOdd:
		s := make([]byte, 35)
		s[0], s[1], s[34] = 33, byte(kind), opCheckSig
		copy(s[2:], data)
		return s
	}
	return append([]byte(nil), data...)
}

// compressAmount makes round amounts small numbers: with e trailing decimal zeros (at most
// 9) and d the digit before them, n = rest*10+d becomes 1+(rest*9+d-1)*10+e, and with nine
// zeros 1+(n-1)*10+9; 0 stays 0.
func compressAmount(n uint64) uint64 {
	if n == 0 {
		return 0
	}
	e := uint64(0)
	for n%10 == 0 && e < 9 {
		n /= 10
		e++
	}
	if e == 9 {
		return 1 + (n-1)*10 + 9
	}
	d := n % 10
	return 1 + (n/10*9+d-1)*10 + e
}

// decompressAmount undoes compressAmount; not ok beyond the amounts that an int64 holds.
func decompressAmount(x uint64) (int64, bool) {
	if x == 0 {
		return 0, true
	}
	x--
	e := x % 10
	x /= 10
	var n uint64
	if e < 9 {
		d := x%9 + 1
		if x /= 9; x > (math.MaxInt64-9)/10 {
			return 0, false
		}
		n = x*10 + d
	} else {
		n = x + 1
	}
	for ; e > 0; e-- {
		if n > math.MaxInt64/10 {
			return 0, false
		}
		n *= 10
	}
	if n > math.MaxInt64 {
		return 0, false
	}
	return int64(n), true
}

// appendVarint appends n as Bitcoin Core's serialize.h: VARINT does.
func appendVarint(dst []byte, n uint64) []byte {
	var tmp [10]byte
	i := len(tmp) - 1
	tmp[i] = byte(n & 0x7f)
	for n > 0x7f {
		n = n>>7 - 1
		i--
		tmp[i] = byte(n&0x7f) | 0x80
	}
	return append(dst, tmp[i:]...)
}

func readVarint(b []byte) (n uint64, rest []byte, err error) {
	for i, c := range b {
		if n > math.MaxUint64>>7 {
			return 0, nil, errors.New("number beyond 64 bits")
		}
		n = n<<7 | uint64(c&0x7f)
		if c&0x80 == 0 {
			return n, b[i+1:], nil
		}
		if n == math.MaxUint64 {
			return 0, nil, errors.New("number beyond 64 bits")
		}
		n++
	}
	return 0, nil, errShort
}
