package chaintest

import (
	"encoding/hex"
)

// DelegationGas is what addDelegation wants: the contract burns gas until two million
// are gone.
const DelegationGas = 2_250_000

// ProofOfDelegation is the owner's signature of the staker's address, 65 bytes
// (Qtum Core 27.1 signstr.h: SignMessage over the address in lower-case hex).
func ProofOfDelegation(owner *Key, staker Address) []byte {
	const magic = "Qtum Signed Message:\n"
	message := hex.EncodeToString(staker[:])
	b := append([]byte{byte(len(magic))}, magic...)
	b = append(b, byte(len(message)))
	b = append(b, message...)
	hash := doubleHash(b)
	return owner.SignCompact(hash[:])
}

// AddDelegation is the call data of addDelegation(address,uint8,bytes).
func AddDelegation(staker Address, fee uint8, proof []byte) []byte {
	data := []byte{0x4c, 0x0e, 0x96, 0x8c}
	data = append(data, word(staker[:])...)
	data = append(data, word([]byte{fee})...)
	data = append(data, word([]byte{0x60})...)
	data = append(data, word([]byte{byte(len(proof) >> 8), byte(len(proof))})...)
	data = append(data, proof...)
	return append(data, make([]byte, (32-len(proof)%32)%32)...)
}

// RemoveDelegation is the call data of removeDelegation().
func RemoveDelegation() []byte { return []byte{0x3d, 0x66, 0x6e, 0x8b} }

// word is b at the right of 32 bytes, as contracts take a number or an address.
func word(b []byte) []byte { return append(make([]byte, 32-len(b), 32), b...) }
