package script

import (
	"errors"
	"fmt"
	"strings"

	"github.com/btcsuite/btcd/address/v2/base58"
	"github.com/btcsuite/btcd/address/v2/bech32"
	"github.com/btcsuite/btcd/btcec/v2"

	"spacechain/ledger/params"
)

// EncodeAddress gives the address that a script pays to on network n, and whether there is
// one: scripts that pay to a bare key, several keys or a contract have none
// (addresstype.cpp: ExtractDestination, key_io.cpp: EncodeDestination).
func EncodeAddress(n *params.Network, script []byte) (string, bool) {
	kind, solutions := Solve(script, false, false)
	switch kind {
	case PubKeyHash:
		return base58.CheckEncode(solutions[0], n.PubKeyHash), true
	case ScriptHash:
		return base58.CheckEncode(solutions[0], n.ScriptHash), true
	case WitnessV0KeyHash, WitnessV0ScriptHash, WitnessV1Taproot, WitnessUnknown:
		version, program, _ := WitnessProgram(script)
		return encodeSegwit(n.Bech32, version, program), true
	}
	return "", false
}

func encodeSegwit(hrp string, version int, program []byte) string {
	encode := bech32.Encode
	if version > 0 {
		encode = bech32.EncodeM
	}
	// Neither step fails for a program of 2 to 40 bytes.
	digits, _ := bech32.ConvertBits(program, 8, 5, true)
	text, _ := encode(hrp, append([]byte{byte(version)}, digits...))
	return text
}

// DecodeAddress gives the script that an address of network n pays to
// (key_io.cpp: DecodeDestination).
func DecodeAddress(n *params.Network, address string) (script []byte, err error) {
	// A base58 address may begin like the segwit ones, so it is tried first.
	if payload, version, err := base58.CheckDecode(address); err == nil {
		known := version == n.PubKeyHash || version == n.ScriptHash
		switch {
		case known && len(payload) != 20:
			return nil, fmt.Errorf("address %q: its hash has %d bytes, not 20", address, len(payload))
		case version == n.PubKeyHash:
			return P2PKH([20]byte(payload)), nil
		case version == n.ScriptHash:
			return append(AppendPush([]byte{opHash160}, payload), opEqual), nil
		}
		return nil, fmt.Errorf("address %q: version %d is not of network %s", address, version, n.Name)
	}
	if len(address) < len(n.Bech32) || !strings.EqualFold(address[:len(n.Bech32)], n.Bech32) {
		return nil, fmt.Errorf("address %q: neither base58 with a checksum nor a segwit address of network %s", address, n.Name)
	}
	script, err = decodeSegwit(n.Bech32, address)
	if err != nil {
		return nil, fmt.Errorf("address %q of network %s: %w", address, n.Name, err)
	}
	return script, nil
}

func decodeSegwit(hrp, address string) (script []byte, err error) {
	got, digits, checksum, err := bech32.DecodeGeneric(address)
	if err != nil {
		return nil, err
	}
	if got != hrp {
		return nil, fmt.Errorf("it begins with %q, not %q", got, hrp)
	}
	if len(digits) == 0 {
		return nil, errors.New("it holds nothing")
	}
	version := digits[0]
	if (version == 0) != (checksum == bech32.Version0) {
		return nil, fmt.Errorf("its checksum is not that of version %d", version)
	}
	program, err := bech32.ConvertBits(digits[1:], 5, 8, false)
	switch {
	case err != nil:
		return nil, err
	case version > 16:
		return nil, fmt.Errorf("version %d is above 16", version)
	case version == 0 && len(program) != 20 && len(program) != 32, len(program) < 2, len(program) > 40:
		return nil, fmt.Errorf("a program of version %d cannot have %d bytes", version, len(program))
	}
	op := version
	if version > 0 {
		op = op1 + version - 1
	}
	return AppendPush([]byte{op}, program), nil
}

// EncodeWIF gives the text form of a private key of network n. compressed tells in which
// form its public key is used.
func EncodeWIF(n *params.Network, key [32]byte, compressed bool) string {
	payload := key[:]
	if compressed {
		payload = append(payload, 1)
	}
	return base58.CheckEncode(payload, n.WIF)
}

// DecodeWIF reads what EncodeWIF gives (key_io.cpp: DecodeSecret). Its errors do not show
// the key.
func DecodeWIF(n *params.Network, text string) (key [32]byte, compressed bool, err error) {
	payload, version, err := base58.CheckDecode(text)
	if err != nil {
		return key, false, errors.New("private key: not base58 with a checksum")
	}
	if version != n.WIF {
		return key, false, fmt.Errorf("private key: version %d is not of network %s", version, n.Name)
	}
	compressed = len(payload) == 33 && payload[32] == 1
	if len(payload) != 32 && !compressed {
		return key, false, fmt.Errorf("private key: %d bytes", len(payload))
	}
	var scalar btcec.ModNScalar
	if scalar.SetByteSlice(payload[:32]) || scalar.IsZero() {
		return key, false, errors.New("private key: the number is none of the curve's")
	}
	return [32]byte(payload[:32]), compressed, nil
}
