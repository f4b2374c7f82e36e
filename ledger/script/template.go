package script

import "spacechain/ledger/wire"

// field is a place in the template of a contract's output.
type field uint8

const (
	fieldVersion field = iota
	fieldGasLimit
	fieldGasPrice
	fieldData
	fieldContract
	fieldAddressType
	fieldAddress
	fieldScriptSig
	fieldOpSender
	fieldOpCreate
	fieldOpCall
)

// contractTemplates in the order in which they are tried.
var contractTemplates = []struct {
	kind   Kind
	fields []field
}{
	{CreateSender, []field{fieldAddressType, fieldAddress, fieldScriptSig, fieldOpSender, fieldVersion, fieldGasLimit, fieldGasPrice, fieldData, fieldOpCreate}},
	{CallSender, []field{fieldAddressType, fieldAddress, fieldScriptSig, fieldOpSender, fieldVersion, fieldGasLimit, fieldGasPrice, fieldData, fieldContract, fieldOpCall}},
	{Create, []field{fieldVersion, fieldGasLimit, fieldGasPrice, fieldData, fieldOpCreate}},
	{Call, []field{fieldVersion, fieldGasLimit, fieldGasPrice, fieldData, fieldContract, fieldOpCall}},
}

// Bounds of the numbers in a contract's output (script/solver.h, qtum/qtumDGP.h).
const (
	evmVersion         = 4 // root VM 1, all else 0
	noExecVersion      = 0
	maxGasLimit        = 1_000_000_000 // of a block, by governance
	maxRelayGasLimit   = 40_000_000 / 2
	minRelayGasLimit   = 10_000
	senderIsPubKeyHash = 1
	lastAddressType    = 6
)

// matchContract tells which template a script fits (script/solver.cpp: MatchContract).
// Some misfits rule out one template, others all of them; both are kept as they are.
func matchContract(script []byte, consensus, emptySig bool) (Kind, [][]byte) {
	for _, t := range contractTemplates {
		solutions, fits, goOn := matchTemplate(script, t.fields, consensus, emptySig)
		if fits {
			return t.kind, solutions
		}
		if !goOn {
			break
		}
	}
	return NonStandard, nil
}

// matchTemplate holds a script against one template. Where it does not fit, goOn tells
// whether another may be tried.
func matchTemplate(script []byte, fields []field, consensus, emptySig bool) (solutions [][]byte, fits, goOn bool) {
	var addressType uint64
	executes := true // unless a version that does not is pushed
	for _, f := range fields {
		op, data, rest, ok := next(script)
		if !ok {
			return nil, false, true
		}
		script = rest
		push := op <= opPushData4
		switch f {
		case fieldVersion:
			// An opcode in the place of the version passes unseen.
			if !push {
				continue
			}
			version, ok := Uint64(data)
			if len(data) == 0 || len(data) > 4 || !ok || version != evmVersion && version != noExecVersion {
				return nil, false, false
			}
			executes = version == evmVersion

		case fieldGasLimit:
			// An opcode in the place of a number counts as 0.
			least, most := uint64(1), uint64(maxGasLimit)
			if !consensus {
				least, most = minRelayGasLimit, maxRelayGasLimit
			}
			v, ok := Uint64(data)
			if !ok || v > most || executes && v < least {
				return nil, false, false
			}

		case fieldGasPrice:
			v, ok := Uint64(data)
			if !ok || executes && v < 1 {
				return nil, false, false
			}

		case fieldData:
			if push && len(data) == 0 {
				return nil, false, true
			}

		case fieldContract:
			if len(data) != 20 {
				return nil, false, true
			}
			solutions = append(solutions, data)

		case fieldAddressType:
			v, ok := Uint64(data)
			if !ok || v < senderIsPubKeyHash || v > lastAddressType {
				return nil, false, true
			}
			addressType = v

		case fieldAddress:
			if addressType != senderIsPubKeyHash || len(data) != 20 {
				return nil, false, true
			}
			sender := P2PKH([20]byte(data))
			solutions = append(solutions, append(wire.AppendCompactSize(nil, uint64(len(sender))), sender...))

		case fieldScriptSig:
			// An opcode in the place of the signature passes, and is no solution.
			if !push {
				continue
			}
			if !emptySig && len(data) == 0 {
				return nil, false, true
			}
			if len(data) > MaxSenderSigSize {
				return nil, false, false
			}
			solutions = append(solutions, data)

		case fieldOpSender, fieldOpCreate, fieldOpCall:
			want := byte(OpSender)
			switch f {
			case fieldOpCreate:
				want = OpCreate
			case fieldOpCall:
				want = OpCall
			}
			if op != want {
				return nil, false, true
			}
		}
	}
	return solutions, len(script) == 0, true
}
