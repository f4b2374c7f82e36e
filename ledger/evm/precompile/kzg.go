package precompile

import (
	"crypto/sha256"
	"encoding/hex"
	"math/big"
	"sync"

	bls12381 "github.com/consensys/gnark-crypto/ecc/bls12-381"
	"github.com/consensys/gnark-crypto/ecc/bls12-381/fr"
)

// pointEvaluation checks a KZG proof that the polynomial behind a commitment has the
// value y at z (EIP-4844). Input: versioned hash 32, z 32, y 32, commitment 48, proof 48.
//
// Of the ceremony's 4,161 points one is needed, [tau]G2, and one pairing check. A KZG
// library's context holds them all: go-eth-kzg's takes over a second and tens of
// megabytes to set up, which an on-board computer would pay at every start.
var pointEvaluation = Contract{Name: "point_evaluation", Gas: constant(50000), Run: runPointEvaluation}

// tauG2Hex is [tau]G2 of Ethereum's KZG ceremony, compressed: g2_monomial[1] of
// consensus-specs presets/mainnet/trusted_setups/trusted_setup_4096.json.
const tauG2Hex = "b5bfd7dd8cdeb128843bc287230af38926187075cbfbefa81009a2ce615ac53d2914e5870cb452d2afaaab24f3499f72" +
	"185cbfee53492714734429b7b38608e23926c911cceceac9a36851477ba4c60b087041de621000edc98edada20c1def2"

// kzgPoints is what every check needs: G1, -G2 and [tau]G2.
type kzgPoints struct {
	g1         bls12381.G1Affine
	negG2, tau bls12381.G2Affine
}

var kzgSetup = sync.OnceValue(func() *kzgPoints {
	var s kzgPoints
	_, _, g1, g2 := bls12381.Generators()
	s.g1 = g1
	s.negG2.Neg(&g2)
	raw, err := hex.DecodeString(tauG2Hex)
	if err == nil {
		_, err = s.tau.SetBytes(raw) // checks curve and subgroup
	}
	if err != nil {
		panic("precompile: the ceremony's point is damaged: " + err.Error())
	}
	return &s
})

// pointEvaluationOutput is FIELD_ELEMENTS_PER_BLOB and BLS_MODULUS, 32 bytes each.
var pointEvaluationOutput = func() (out [64]byte) {
	big.NewInt(4096).FillBytes(out[:32])
	fr.Modulus().FillBytes(out[32:])
	return out
}()

func runPointEvaluation(dst, input []byte) ([]byte, error) {
	if len(input) != 192 {
		return dst, ErrInput
	}
	hash := sha256.Sum256(input[96:144])
	hash[0] = 1 // VERSIONED_HASH_VERSION_KZG
	if hash != [32]byte(input[:32]) {
		return dst, ErrInput
	}
	var z, y fr.Element
	if z.SetBytesCanonical(input[32:64]) != nil || y.SetBytesCanonical(input[64:96]) != nil {
		return dst, ErrInput
	}
	var commitment, proof bls12381.G1Affine
	if _, err := commitment.SetBytes(input[96:144]); err != nil {
		return dst, ErrInput
	}
	if _, err := proof.SetBytes(input[144:192]); err != nil {
		return dst, ErrInput
	}
	// commitment - y*G1 = (tau - z)*proof, as e(commitment - y*G1 + z*proof, -G2) * e(proof, tau*G2) = 1.
	s := kzgSetup()
	var n big.Int
	var left, term bls12381.G1Affine
	term.ScalarMultiplication(&proof, z.BigInt(&n))
	left.Add(&commitment, &term)
	term.ScalarMultiplication(&s.g1, y.BigInt(&n))
	left.Sub(&left, &term)
	ok, err := bls12381.PairingCheck(
		[]bls12381.G1Affine{left, proof}, []bls12381.G2Affine{s.negG2, s.tau})
	if err != nil || !ok {
		return dst, ErrInput
	}
	return append(dst, pointEvaluationOutput[:]...), nil
}
