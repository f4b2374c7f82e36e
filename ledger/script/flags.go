package script

import "spacechain/ledger/params"

// Flags say which rules a script is held to, by Bitcoin Core's names and values
// (script/interpreter.h).
type Flags uint32

// The rules.
const (
	VerifyNone                               Flags = 0
	VerifyP2SH                               Flags = 1 << 0
	VerifyStrictEnc                          Flags = 1 << 1
	VerifyDERSig                             Flags = 1 << 2
	VerifyLowS                               Flags = 1 << 3
	VerifyNullDummy                          Flags = 1 << 4
	VerifySigPushOnly                        Flags = 1 << 5
	VerifyMinimalData                        Flags = 1 << 6
	VerifyDiscourageUpgradableNops           Flags = 1 << 7
	VerifyCleanStack                         Flags = 1 << 8
	VerifyCheckLockTimeVerify                Flags = 1 << 9
	VerifyCheckSequenceVerify                Flags = 1 << 10
	VerifyWitness                            Flags = 1 << 11
	VerifyDiscourageUpgradableWitnessProgram Flags = 1 << 12
	VerifyMinimalIf                          Flags = 1 << 13
	VerifyNullFail                           Flags = 1 << 14
	VerifyWitnessPubKeyType                  Flags = 1 << 15
	VerifyConstScriptCode                    Flags = 1 << 16
	VerifyTaproot                            Flags = 1 << 17
	VerifyDiscourageUpgradableTaprootVersion Flags = 1 << 18
	VerifyDiscourageOpSuccess                Flags = 1 << 19
	VerifyDiscourageUpgradablePubKeyType     Flags = 1 << 20

	// OutputSender allows OpSender (QIP5).
	OutputSender Flags = 1 << 29
	// ExecByteCode marks the evaluation of a contract's output; it changes nothing.
	ExecByteCode Flags = 1 << 30
)

// BlockFlags are the rules for the inputs of the block at height (validation.cpp:
// GetBlockScriptFlags). The one block that Qtum excepts from P2SH, WITNESS and TAPROOT is
// a genesis block, whose transactions are not looked at.
func BlockFlags(n *params.Network, height int32) Flags {
	flags := VerifyP2SH | VerifyWitness | VerifyTaproot
	if height >= n.BIP66Height {
		flags |= VerifyDERSig
	}
	if height >= n.BIP65Height {
		flags |= VerifyCheckLockTimeVerify
	}
	if height >= n.CSVHeight {
		flags |= VerifyCheckSequenceVerify
	}
	if height >= n.SegwitHeight {
		flags |= VerifyNullDummy
	}
	if height >= n.QIP5Height {
		flags |= OutputSender
	}
	return flags
}

// ContractFlags are the rules for reading the contract outputs of the block at height
// (validation.cpp: GetContractScriptFlags).
func ContractFlags(n *params.Network, height int32) Flags {
	flags := ExecByteCode
	if height >= n.QIP5Height {
		flags |= OutputSender
	}
	return flags
}
