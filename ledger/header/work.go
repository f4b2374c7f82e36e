package header

import (
	"github.com/holiman/uint256"
)

// Target gives the 256-bit number that the compact form bits stands for, and whether
// that form says it is negative or does not fit 256 bits (Qtum Core 27.1
// arith_uint256.cpp: SetCompact). The number is given in those cases too, as Qtum Core
// computes it: some of its rules look only at the number.
//
// The first byte of bits is a length in bytes, the other three the leading digits:
// 0x1d00ffff is 0x00ffff followed by 0x1d-3 zero bytes.
func Target(bits uint32) (target uint256.Int, negative, overflow bool) {
	size := bits >> 24
	word := uint64(bits & 0x007fffff)
	if size <= 3 {
		word >>= 8 * (3 - size)
		target.SetUint64(word)
	} else {
		target.SetUint64(word)
		target.Lsh(&target, uint(8*(size-3)))
	}
	negative = word != 0 && bits&0x00800000 != 0
	overflow = word != 0 && (size > 34 || (word > 0xff && size > 33) || (word > 0xffff && size > 32))
	return target, negative, overflow
}

// Compact gives the compact form of target, which keeps its three leading bytes, or two
// where the third would read as a sign (arith_uint256.cpp: GetCompact).
func Compact(target *uint256.Int) uint32 {
	size := uint32(target.BitLen()+7) / 8
	var word uint32
	if size <= 3 {
		word = uint32(target.Uint64() << (8 * (3 - size)))
	} else {
		var t uint256.Int
		t.Rsh(target, uint(8*(size-3)))
		word = uint32(t.Uint64())
	}
	if word&0x00800000 != 0 {
		word >>= 8
		size++
	}
	return word | size<<24
}

// Work gives how many hashes a block with this target takes on average, 2^256/(target+1)
// rounded down; 0 for a target that cannot be met (chain.cpp: GetBlockProof). Both kinds
// of block count by it.
func Work(bits uint32) uint256.Int {
	target, negative, overflow := Target(bits)
	if negative || overflow || target.IsZero() {
		return uint256.Int{}
	}
	// 2^256/(t+1) = (2^256-1-t)/(t+1) + 1, which stays inside 256 bits. t+1 does not
	// wrap to 0: the compact form cannot say 2^256-1.
	var inverse, divisor, one uint256.Int
	one.SetOne()
	inverse.Not(&target)
	divisor.Add(&target, &one)
	inverse.Div(&inverse, &divisor)
	inverse.Add(&inverse, &one)
	return inverse
}

// Number reads a hash as the 256-bit number that targets are compared with: its bytes
// are little-endian (arith_uint256.cpp: UintToArith256).
func Number(hash [32]byte) uint256.Int {
	var b [32]byte
	for i := range b {
		b[i] = hash[31-i]
	}
	var n uint256.Int
	n.SetBytes32(b[:])
	return n
}
