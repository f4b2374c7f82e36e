package params

import (
	"crypto/sha256"

	"github.com/btcsuite/btcd/chainhash/v2"
	btcwire "github.com/btcsuite/btcd/wire/v2"
)

// The genesis block of the network spacechain shares 100 million coins equally among
// outputs of the development key. There are more than twice as many of them as a coin
// needs blocks to mature, so that staking never waits for maturity.
const (
	genesisOutputs = 200
	genesisValue   = 500_000 * Coin
	genesisTime    = 1795305600 // 2026-11-22 00:00:00 UTC
	genesisBits    = 0x1d00ffff
	genesisText    = "SpaceChain, 22 November 2026: one ledger for those above and those below"
)

// developmentPhrase is what the development key is made of: anyone can have the key.
const developmentPhrase = "SpaceChain development key: public, for development only, worth nothing"

// developmentPublicKey is the compressed public key of DevelopmentKey.
var developmentPublicKey = unhex("02003b3615e36675226499279f8e6d15511e80d245c1e2aff3f5360248fba73a19")

// developmentKeyHash is hash160 of developmentPublicKey.
var developmentKeyHash = unhex("1ab6e440c7e26e3160ccc9c4893857b530682f05")

// spaceStateRoot is the root of the accounts in GenesisContracts.
var spaceStateRoot = [32]byte(unhex("3b494f854c3c2f6cbf134dbdea078a1b1c7509a9e0acc20ec41e7b258b4447e3"))

// DevelopmentKey is the private key of all outputs of the genesis block of the network
// spacechain. IT IS PUBLIC and for development only: who has this program has it.
func DevelopmentKey() [32]byte { return sha256.Sum256([]byte(developmentPhrase)) }

func spaceChain() *Network {
	n := qtum()
	n.Name = "spacechain"
	n.Magic = [4]byte{0xf5, 0xd3, 0xc8, 0xe5}
	n.Port, n.RPCPort, n.OnionPort = 25888, 25889, 25891
	n.PubKeyHash, n.ScriptHash, n.WIF = 63, 28, 191
	n.ExtPublic = [4]byte{0x02, 0x18, 0xf4, 0xca}
	n.ExtPrivate = [4]byte{0x02, 0x18, 0xf0, 0x90}
	n.Bech32 = "spc"

	// Every height of a fork is zero. What held before the forks is as after them, so
	// that a question about the genesis block itself has the same answer.
	n.TargetSpacing = n.TargetSpacingRBT
	n.StakeTimeMask = n.StakeTimeMaskRBT
	n.TimespanFirst, n.TimespanQIP9 = n.TimespanRBT, n.TimespanRBT
	n.CoinMaturity, n.CoinMaturityRBT = 64, 64
	n.FinalitySpan, n.FinalitySpanRBT = 64, 64
	n.HalvingInterval = n.HalvingIntervalRBT
	limit := number("00000000", 'f')
	n.PoSLimitFirst, n.PoSLimitQIP9, n.PoSLimitRBT = limit, limit, limit

	// No proof of work, no shared rewards, no block that makes 20000 coins. With the
	// height of the last such block at -1 the weight of a block is its height plus one,
	// and 100 million of genesis with seven times 3,942,000 blocks of 1, 1/2, … 1/64
	// coin stay below MaxMoney.
	n.LastPoWBlock = 0
	n.FirstMPoSBlock, n.LastMPoSBlock = 0, 0
	n.LastBigReward = -1
	n.MoneySupplyBase, n.MoneySupplyFrom, n.MoneySupplyPerBlock = genesisOutputs*genesisValue, 0, Coin

	n.EVMChainIDFirst, n.EVMChainIDShanghai = 0x535043, 0x535043
	n.GenesisContracts = append(n.GenesisContracts,
		Contract{Address: delegationsAddress, Code: delegationCode})
	n.Genesis = genesis(0x20000000, genesisTime, genesisBits, 0, spaceStateRoot,
		append([]byte{0x00, byte(len(genesisText))}, genesisText...), developmentOutputs()...)
	n.GenesisHash = n.Genesis.Hash()
	n.GenesisSpendable = true
	n.BIP34Hash = n.GenesisHash
	n.Checkpoints = map[int32]chainhash.Hash{0: n.GenesisHash}
	return n
}

// developmentOutputs pay the development key, by turns to its hash and to itself.
func developmentOutputs() []*btcwire.TxOut {
	toHash := append(append([]byte{0x76, 0xa9, 20}, developmentKeyHash...), 0x88, opCheckSig)
	toKey := append(append([]byte{33}, developmentPublicKey...), opCheckSig)
	outs := make([]*btcwire.TxOut, genesisOutputs)
	for i := range outs {
		outs[i] = &btcwire.TxOut{Value: genesisValue, PkScript: toHash}
		if i%2 == 1 {
			outs[i].PkScript = toKey
		}
	}
	return outs
}
