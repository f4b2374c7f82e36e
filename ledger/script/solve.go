package script

// Kind is what a script pays to (script/solver.h: TxoutType).
type Kind uint8

// The kinds.
const (
	NonStandard Kind = iota
	PubKey
	PubKeyHash
	ScriptHash
	MultiSig
	NullData
	WitnessV0ScriptHash
	WitnessV0KeyHash
	WitnessV1Taproot
	WitnessUnknown
	CreateSender // creates a contract, in the name of a sender that the script names
	CallSender
	Create
	Call
)

var kindNames = [...]string{"nonstandard", "pubkey", "pubkeyhash", "scripthash", "multisig",
	"nulldata", "witness_v0_scripthash", "witness_v0_keyhash", "witness_v1_taproot",
	"witness_unknown", "create_sender", "call_sender", "create", "call"}

// String gives Qtum's name, as RPC prints it.
func (k Kind) String() string { return kindNames[k] }

// pubKeySize is how long a public key with this first byte is, 0 for none
// (pubkey.h: CPubKey::GetLen).
func pubKeySize(first byte) int {
	switch first {
	case 2, 3:
		return 33
	case 4, 6, 7:
		return 65
	}
	return 0
}

// isPubKey tells whether b has the length of a public key with its first byte.
func isPubKey(b []byte) bool { return len(b) > 0 && len(b) == pubKeySize(b[0]) }

// matchPubKey gives the key that a script pays to.
func matchPubKey(script []byte) ([]byte, bool) {
	n := len(script)
	if n != 35 && n != 67 || int(script[0]) != n-2 || script[n-1] != opCheckSig {
		return nil, false
	}
	key := script[1 : n-1]
	return key, isPubKey(key)
}

// smallNumber reads a count from min to max, as OP_1 to OP_16 or as a shortest push.
func smallNumber(op byte, data []byte, least, most int) (int, bool) {
	var n int
	switch {
	case op >= op1 && op <= op16:
		n = int(op) - op1 + 1
	case op > op0 && op <= opPushData4:
		v, ok := number(data, true, 4)
		if !ok || !isMinimalPush(op, data) {
			return 0, false
		}
		n = clampInt(v)
	default:
		return 0, false
	}
	return n, n >= least && n <= most
}

// matchMultiSig gives the number of signatures that a script asks for, and its keys.
func matchMultiSig(script []byte) (required int, keys [][]byte, ok bool) {
	if len(script) == 0 || script[len(script)-1] != opCheckMultiSig {
		return 0, nil, false
	}
	op, data, rest, ok := next(script)
	if !ok {
		return 0, nil, false
	}
	if required, ok = smallNumber(op, data, 1, maxMultiSigKeys); !ok {
		return 0, nil, false
	}
	for {
		op, data, rest, ok = next(rest)
		if !ok || !isPubKey(data) {
			break
		}
		keys = append(keys, data)
	}
	n, ok := smallNumber(op, data, required, maxMultiSigKeys)
	return required, keys, ok && n == len(keys) && len(rest) == 1
}

// Solve tells what a script pays to, and the keys, hashes or numbers in it
// (script/solver.cpp: Solver). consensus is true where a block is judged: without it the
// rules of a memory pool hold for contracts; emptySig allows a sender without signature.
// What it gives aliases script.
func Solve(script []byte, consensus, emptySig bool) (Kind, [][]byte) {
	if IsPayToScriptHash(script) {
		return ScriptHash, [][]byte{script[2:22]}
	}
	if version, program, ok := WitnessProgram(script); ok {
		switch {
		case version == 0 && len(program) == 20:
			return WitnessV0KeyHash, [][]byte{program}
		case version == 0 && len(program) == 32:
			return WitnessV0ScriptHash, [][]byte{program}
		case version == 1 && len(program) == 32:
			return WitnessV1Taproot, [][]byte{program}
		case version != 0:
			return WitnessUnknown, [][]byte{{byte(version)}, program}
		}
		return NonStandard, nil
	}
	if len(script) >= 1 && script[0] == opReturn && IsPushOnly(script[1:]) {
		return NullData, nil
	}
	if key, ok := matchPubKey(script); ok {
		return PubKey, [][]byte{key}
	}
	if IsPayToPubKeyHash(script) {
		return PubKeyHash, [][]byte{script[3:23]}
	}
	if required, keys, ok := matchMultiSig(script); ok {
		solutions := append([][]byte{{byte(required)}}, keys...)
		return MultiSig, append(solutions, []byte{byte(len(keys))})
	}
	return matchContract(script, consensus, emptySig)
}
