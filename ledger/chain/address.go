package chain

import (
	"github.com/btcsuite/btcd/address/v2/base58"
	"github.com/btcsuite/btcd/address/v2/bech32"
)

func base58Address(version byte, hash []byte) string { return base58.CheckEncode(hash, version) }

// segwitAddress is BIP173's form for version 0, BIP350's for others.
func segwitAddress(prefix string, version byte, program []byte) string {
	groups, err := bech32.ConvertBits(program, 8, 5, true)
	if err != nil {
		return ""
	}
	encode := bech32.EncodeM
	if version == 0 {
		encode = bech32.Encode
	}
	text, err := encode(prefix, append([]byte{version}, groups...))
	if err != nil {
		return ""
	}
	return text
}
