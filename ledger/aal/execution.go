package aal

import (
	"encoding/binary"

	"spacechain/ledger/script"
)

// Execution is a contract output as the transaction of Ethereum's machine that it stands
// for (qtum/qtumtransaction.h: QtumTransaction).
type Execution struct {
	Create bool    // Data is init code of a new contract; else a call of To with Data
	To     Address // zero for Create
	Data   []byte  // at least one byte; must not be changed

	Value    int64  // satoshi of the output
	GasLimit uint64 // at most 2^63−1, and so is GasLimit·GasPrice
	GasPrice uint64 // satoshi
	Version  script.VersionVM

	Sender       Address // caller and origin
	RefundSender Address // who paid for the gas, and gets back what is left

	TxID [32]byte // natural order
	Vout uint32
}

// VersionEVM is the version of outputs for the one machine there is
// (qtum/qtumtransaction.h: GetEVMDefault).
const VersionEVM script.VersionVM = 4

// NewAddress is the address of the contract that a create output makes: RIPEMD-160 of
// SHA-256 of transaction and output number (qtumstate.h: createQtumAddress).
func NewAddress(txid [32]byte, vout uint32) Address {
	return script.Hash160(binary.LittleEndian.AppendUint32(txid[:], vout))
}
