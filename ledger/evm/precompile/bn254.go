package precompile

import (
	"math/big"

	"github.com/consensys/gnark-crypto/ecc/bn254"
	"github.com/consensys/gnark-crypto/ecc/bn254/fp"
)

// The bn254 contracts (EIP-196, EIP-197), priced as in Byzantium and as in Istanbul (EIP-1108).
var (
	bnAddByzantium  = Contract{Name: "alt_bn128_G1_add", Gas: constant(500), Run: bnAdd}
	bnMulByzantium  = Contract{Name: "alt_bn128_G1_mul", Gas: constant(40000), Run: bnMul}
	bnPairByzantium = Contract{Name: "alt_bn128_pairing_product", Gas: bnPairGas(100000, 80000), Run: bnPair}

	bnAddIstanbul  = Contract{Name: "alt_bn128_G1_add", Gas: constant(150), Run: bnAdd}
	bnMulIstanbul  = Contract{Name: "alt_bn128_G1_mul", Gas: constant(6000), Run: bnMul}
	bnPairIstanbul = Contract{Name: "alt_bn128_pairing_product", Gas: bnPairGas(45000, 34000), Run: bnPair}
)

// bnPairSize is a point of each group: 2 and 4 coordinates of 32 bytes.
const bnPairSize = 192

func bnPairGas(base, pair uint64) func([]byte) uint64 {
	return func(input []byte) uint64 { return base + pair*uint64(len(input)/bnPairSize) }
}

// bnG1 reads a point of the first group; the origin stands for infinity.
func bnG1(b []byte) (p bn254.G1Affine, err error) {
	if p.X.SetBytesCanonical(b[:32]) != nil || p.Y.SetBytesCanonical(b[32:64]) != nil {
		return p, ErrInput
	}
	if !p.IsInfinity() && !p.IsOnCurve() {
		return p, ErrInput
	}
	return p, nil
}

// bnG2 reads a point of the second group, each coordinate with its imaginary part first,
// and checks that it has the group's order.
func bnG2(b []byte) (p bn254.G2Affine, err error) {
	for i, e := range []*fp.Element{&p.X.A1, &p.X.A0, &p.Y.A1, &p.Y.A0} {
		if e.SetBytesCanonical(b[32*i:32*i+32]) != nil {
			return p, ErrInput
		}
	}
	if !p.IsInfinity() && (!p.IsOnCurve() || !p.IsInSubGroup()) {
		return p, ErrInput
	}
	return p, nil
}

func bnAppend(dst []byte, p *bn254.G1Affine) []byte {
	x, y := p.X.Bytes(), p.Y.Bytes() // zeros for infinity
	return append(append(dst, x[:]...), y[:]...)
}

func bnAdd(dst, input []byte) ([]byte, error) {
	var in [128]byte
	padded(in[:], input, 0)
	p, err := bnG1(in[:64])
	if err != nil {
		return dst, err
	}
	q, err := bnG1(in[64:])
	if err != nil {
		return dst, err
	}
	var sum bn254.G1Affine
	sum.Add(&p, &q)
	return bnAppend(dst, &sum), nil
}

func bnMul(dst, input []byte) ([]byte, error) {
	var in [96]byte
	padded(in[:], input, 0)
	p, err := bnG1(in[:64])
	if err != nil {
		return dst, err
	}
	var product bn254.G1Affine
	product.ScalarMultiplication(&p, new(big.Int).SetBytes(in[64:]))
	return bnAppend(dst, &product), nil
}

// bnPair gives 1 in 32 bytes if the product of the pairings is one, else 0.
func bnPair(dst, input []byte) ([]byte, error) {
	if len(input)%bnPairSize != 0 {
		return dst, ErrInput
	}
	var ps []bn254.G1Affine
	var qs []bn254.G2Affine
	for ; len(input) > 0; input = input[bnPairSize:] {
		p, err := bnG1(input[:64])
		if err != nil {
			return dst, err
		}
		q, err := bnG2(input[64:bnPairSize])
		if err != nil {
			return dst, err
		}
		if p.IsInfinity() || q.IsInfinity() {
			continue // its pairing is one
		}
		ps, qs = append(ps, p), append(qs, q)
	}
	one := len(ps) == 0
	if !one {
		var err error
		if one, err = bn254.PairingCheck(ps, qs); err != nil {
			return dst, ErrInput
		}
	}
	var out [32]byte
	if one {
		out[31] = 1
	}
	return append(dst, out[:]...), nil
}
