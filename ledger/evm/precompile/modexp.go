package precompile

import (
	"encoding/binary"
	"math"
	"math/big"
	"math/bits"
)

// maxOperand bounds the base and the modulus of modexp, in bytes. A longer one costs
// over 10^9 gas under either schedule, which is more than a transaction of the ledger
// can have, so no call that can be paid for meets this bound.
const maxOperand = 1 << 20

var (
	modexpByzantium = Contract{Name: "modexp", Gas: modexpGas198, Run: runModexp}
	modexpBerlin    = Contract{Name: "modexp", Gas: modexpGas2565, Run: runModexp}
)

// modexpLengths are the three lengths that open modexp's input, in bytes; a length of
// over 64 bits counts as the largest uint64.
type modexpLengths struct{ base, exp, mod uint64 }

func readLengths(input []byte) modexpLengths {
	var head [96]byte
	padded(head[:], input, 0)
	one := func(word []byte) uint64 {
		for _, b := range word[:24] {
			if b != 0 {
				return math.MaxUint64
			}
		}
		return binary.BigEndian.Uint64(word[24:])
	}
	return modexpLengths{one(head[:32]), one(head[32:64]), one(head[64:])}
}

// adjustedExp is EIP-198's ADJUSTED_EXPONENT_LENGTH as 128 bits, at least 1.
func (l modexpLengths) adjustedExp(input []byte) (hi, lo uint64) {
	var first [32]byte
	n := min(l.exp, 32)
	if l.base <= uint64(len(input)) {
		padded(first[32-n:], input, 96+int(l.base))
	}
	bitLen := new(big.Int).SetBytes(first[:]).BitLen()
	if bitLen > 0 {
		lo = uint64(bitLen - 1)
	}
	if l.exp > 32 {
		h, add := bits.Mul64(8, l.exp-32)
		var carry uint64
		lo, carry = bits.Add64(lo, add, 0)
		hi = h + carry
	}
	if hi == 0 && lo == 0 {
		lo = 1
	}
	return hi, lo
}

// price is complexity*adjusted/divisor, the largest uint64 where it is larger.
func price(complexity, expHi, expLo, divisor uint64) uint64 {
	hi, lo := bits.Mul64(complexity, expLo)
	over, upper := bits.Mul64(complexity, expHi)
	hi, carry := bits.Add64(hi, upper, 0)
	if over != 0 || carry != 0 || hi >= divisor {
		return math.MaxUint64
	}
	q, _ := bits.Div64(hi, lo, divisor)
	return q
}

func modexpGas198(input []byte) uint64 {
	l := readLengths(input)
	x := max(l.base, l.mod)
	if x > maxOperand {
		return math.MaxUint64
	}
	switch {
	case x <= 64:
		x *= x
	case x <= 1024:
		x = x*x/4 + 96*x - 3072
	default:
		x = x*x/16 + 480*x - 199680
	}
	hi, lo := l.adjustedExp(input)
	return price(x, hi, lo, 20)
}

func modexpGas2565(input []byte) uint64 {
	l := readLengths(input)
	x := max(l.base, l.mod)
	if x > maxOperand {
		return math.MaxUint64
	}
	x = (x + 7) / 8
	hi, lo := l.adjustedExp(input)
	return max(price(x*x, hi, lo, 3), 200)
}

// runModexp gives base^exp mod mod in as many bytes as the modulus has (EIP-198).
func runModexp(dst, input []byte) ([]byte, error) {
	l := readLengths(input)
	if l.mod == 0 {
		return dst, nil
	}
	if l.base > maxOperand || l.mod > maxOperand {
		return dst, ErrInput
	}
	operand := func(offset, length uint64) *big.Int {
		if offset >= uint64(len(input)) {
			return new(big.Int)
		}
		have := min(length, uint64(len(input))-offset)
		x := new(big.Int).SetBytes(input[offset : offset+have])
		return x.Lsh(x, uint(8*(length-have)))
	}
	modAt, carry := bits.Add64(96+l.base, l.exp, 0)
	if carry != 0 {
		modAt = math.MaxUint64
	}
	mod := operand(modAt, l.mod)
	at := len(dst)
	dst = append(dst, make([]byte, l.mod)...)
	if mod.Sign() == 0 {
		return dst, nil
	}
	base := operand(96, l.base)
	result := power(base, input, 96+l.base, l.exp, mod)
	result.FillBytes(dst[at:])
	return dst, nil
}

// power is base to the exponent of length bytes at offset in the input, modulo mod. The
// exponent lies in the input whole: the modulus behind it is not zero here.
func power(base *big.Int, input []byte, offset, length uint64, mod *big.Int) *big.Int {
	exp := new(big.Int)
	if offset < uint64(len(input)) {
		exp.SetBytes(input[offset : offset+min(length, uint64(len(input))-offset)])
	}
	return new(big.Int).Exp(base, exp, mod)
}
