package params

import _ "embed"

// dgpCode is the code that the five contracts of decentralised governance share, and
// delegationCode that of offline staking's. Both are chain data: every node's state holds
// them, under keccak256 0736d7cd… and cf0ccea7….
var (
	//go:embed dgp.bin
	dgpCode []byte
	//go:embed delegation.bin
	delegationCode []byte
)

// Slot is a storage slot of a contract and its value, both big-endian.
type Slot struct{ Key, Value [32]byte }

// Contract is an account that stands in the state of a genesis block: nonce and balance 0.
type Contract struct {
	Address [20]byte
	Code    []byte
	Storage []Slot
}

// DelegationCode is the code of the delegation contract, which is put into the state at
// OfflineStakeHeight (kernel/chainparams.h: DELEGATIONS_CONTRACT_CODE). It must not be changed.
func DelegationCode() []byte { return delegationCode }

// Addresses of the contracts of decentralised governance (qtum/qtumDGP.h).
var (
	GasScheduleAddress   = [20]byte{19: 0x80}
	BlockSizeAddress     = [20]byte{19: 0x81}
	MinGasPriceAddress   = [20]byte{19: 0x82}
	BlockGasLimitAddress = [20]byte{19: 0x84}
)

// delegationsAddress is where offline staking's contract stands unless overridden.
var delegationsAddress = [20]byte{19: 0x86}

// governance is the five contracts at 0x80 to 0x84; 0x83 is not used.
func governance() []Contract {
	word := func(v uint16) (w [32]byte) {
		w[30], w[31] = byte(v>>8), byte(v)
		return w
	}
	var cs []Contract
	for last := byte(0x80); last <= 0x84; last++ {
		cs = append(cs, Contract{
			Address: [20]byte{19: last},
			Code:    dgpCode,
			Storage: []Slot{{word(3), word(30)}, {word(5), word(21600)}},
		})
	}
	return cs
}
