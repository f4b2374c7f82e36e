// Package precompile holds the EVM's precompiled contracts as pure functions of their
// input, each with its price: those of Ethereum from Frontier to Cancun, and Qtum's
// btc_ecrecover at address 0x85. Which of them exist, and at which price, is a Set; the
// caller makes one per fork and keeps it.
//
// Nothing here keeps state between calls, so everything may be used concurrently. No
// length that the input claims is allocated before it is known that gas bounds it.
package precompile

import "errors"

// ErrInput says that a contract refuses its input; the call fails and takes all its gas.
var ErrInput = errors.New("precompile: input refused")

// Contract is one precompiled contract.
type Contract struct {
	// Name is what Qtum Core calls the contract, such as "alt_bn128_G1_add".
	Name string
	// Gas is the price of a call with this input, in gas.
	Gas func(input []byte) uint64
	// Run appends the contract's output to dst and gives the result, or ErrInput. It
	// does not keep or change input, and dst must not overlap it.
	Run func(dst, input []byte) ([]byte, error)
}

// Rules says which precompiled contracts exist and how they are priced. Ethereum forks
// switch several of them on together; Qtum has heights of its own for some.
type Rules struct {
	// Byzantium adds modexp (EIP-198) and the three bn254 contracts (EIP-196, EIP-197).
	Byzantium bool
	// Istanbul adds blake2f (EIP-152) and reprices bn254 (EIP-1108).
	Istanbul bool
	// Berlin reprices modexp (EIP-2565).
	Berlin bool
	// PointEvaluation adds KZG point evaluation (EIP-4844). Ethereum has it from Cancun;
	// Qtum Core from the block after its Cancun height (ChainParams.cpp: loadConfig).
	PointEvaluation bool
	// BtcRecover adds Qtum's btc_ecrecover (QIP6).
	BtcRecover bool
}

// Set is the precompiled contracts that exist under some Rules, by the last byte of
// their address. It must not be changed.
type Set [256]*Contract

// Make gives the Set of r.
func Make(r Rules) *Set {
	s := &Set{1: &ecrecover, 2: &sha256Contract, 3: &ripemd160Contract, 4: &identity}
	if r.Byzantium {
		s[5], s[6], s[7], s[8] = &modexpByzantium, &bnAddByzantium, &bnMulByzantium, &bnPairByzantium
	}
	if r.Istanbul {
		s[9] = &blake2f
	}
	if r.Byzantium && r.Istanbul {
		s[6], s[7], s[8] = &bnAddIstanbul, &bnMulIstanbul, &bnPairIstanbul
	}
	if r.Byzantium && r.Berlin {
		s[5] = &modexpBerlin
	}
	if r.PointEvaluation {
		s[0x0a] = &pointEvaluation
	}
	if r.BtcRecover {
		s[0x85] = &btcRecover
	}
	return s
}

// At gives the contract at addr, nil where there is none.
func (s *Set) At(addr *[20]byte) *Contract {
	for _, b := range addr[:19] {
		if b != 0 {
			return nil
		}
	}
	return s[addr[19]]
}

// constant prices every input alike.
func constant(gas uint64) func([]byte) uint64 {
	return func([]byte) uint64 { return gas }
}

// linear prices a call by the 32-byte words of its input.
func linear(base, word uint64) func([]byte) uint64 {
	return func(input []byte) uint64 { return base + word*((uint64(len(input))+31)/32) }
}

// padded copies input from offset into dst, with zeros where input has ended.
func padded(dst, input []byte, offset int) {
	n := 0
	if offset < len(input) {
		n = copy(dst, input[offset:])
	}
	clear(dst[n:])
}
