package params

import (
	"github.com/btcsuite/btcd/chainhash/v2"
	"github.com/holiman/uint256"
)

// qtum is what Qtum's networks have in common.
func qtum() *Network {
	return &Network{
		PoSLimitQIP9:       number("0000000000001fff", 'f'),
		PoSLimitRBT:        number("0000000000003fff", 'f'),
		PoWLimit:           number("0000", 'f'),
		NoPoWRetargeting:   true,
		TargetSpacing:      128,
		TargetSpacingRBT:   32,
		TimespanFirst:      960,
		TimespanQIP9:       4000,
		TimespanRBT:        1000,
		StakeTimeMask:      15,
		StakeTimeMaskRBT:   3,
		CoinMaturity:       500,
		CoinMaturityRBT:    2000,
		FinalitySpan:       500,
		FinalitySpanRBT:    2000,
		BlockTimeDownscale: 4,
		HalvingInterval:    985_500,
		HalvingIntervalRBT: 4 * 985_500,
		LastBigReward:      5000,
		LastPoWBlock:       5000,
		FirstMPoSBlock:     5000 + 10 + 500,
		MPoSRecipients:     10,

		MoneySupplyBase:     100_000_000 * Coin,
		MoneySupplyFrom:     5000,
		MoneySupplyPerBlock: 4 * Coin,

		DelegationsAddress: delegationsAddress,
		EVMChainIDFirst:    81,
		GenesisContracts:   governance(),
	}
}

func qtumMain() *Network {
	n := qtum()
	n.Name = "main"
	n.Magic = [4]byte{0xf1, 0xcf, 0xa6, 0xd3}
	n.Port, n.RPCPort, n.OnionPort = 3888, 3889, 3891
	n.DNSSeeds = []string{"qtum3.dynu.net", "qtum5.dynu.net", "qtum6.dynu.net", "qtum7.dynu.net"}
	n.PubKeyHash, n.ScriptHash, n.WIF = 58, 50, 128
	n.ExtPublic = [4]byte{0x04, 0x88, 0xb2, 0x1e}
	n.ExtPrivate = [4]byte{0x04, 0x88, 0xad, 0xe4}
	n.Bech32 = "qc"

	n.CSVHeight, n.SegwitHeight = 6048, 6048
	n.TaprootHeight = 2_080_512
	n.QIP5Height, n.QIP6Height, n.QIP7Height, n.QIP9Height = 466_600, 466_600, 466_600, 466_600
	n.OfflineStakeHeight = 680_000
	n.ReduceBlockTimeHeight, n.MuirGlacierHeight = 845_000, 845_000
	n.LondonHeight, n.ShanghaiHeight, n.CancunHeight = 2_080_512, 3_385_122, 4_590_000
	n.FixUTXOCacheHeight = 100_000
	n.EnableHeaderSignatureHeight = 399_100
	n.LastMPoSBlock = 679_999
	n.PoSLimitFirst = number("00000000", 'f')

	n.EVMChainIDShanghai = 81
	n.Genesis = qtumGenesis(0x1f00ffff, 8_026_361)
	n.GenesisHash = n.Genesis.Hash()
	n.BIP34Hash = n.GenesisHash
	n.Checkpoints = hashes(mainCheckpoints)
	n.MinimumChainWork = *uint256.MustFromHex("0x737918e0d51dfef8a1d")
	return n
}

func qtumTest() *Network {
	n := qtum()
	n.Name = "test"
	n.Magic = [4]byte{0x0d, 0x22, 0x15, 0x06}
	n.Port, n.RPCPort, n.OnionPort = 13888, 13889, 13891
	n.DNSSeeds = []string{"qtum4.dynu.net"}
	testPrefixes(n)
	n.Bech32 = "tq"

	n.CSVHeight, n.SegwitHeight = 6048, 6048
	n.TaprootHeight = 1_967_616
	n.QIP5Height, n.QIP6Height, n.QIP7Height, n.QIP9Height = 446_320, 446_320, 446_320, 446_320
	n.OfflineStakeHeight = 625_000
	n.ReduceBlockTimeHeight, n.MuirGlacierHeight = 806_600, 806_600
	n.LondonHeight, n.ShanghaiHeight, n.CancunHeight = 1_967_616, 3_298_892, 4_510_000
	n.FixUTXOCacheHeight = 84_500
	n.EnableHeaderSignatureHeight = 391_993
	n.LastMPoSBlock = 624_999
	n.PoSLimitFirst = number("0000", 'f')

	n.EVMChainIDShanghai = 8889
	n.Genesis = qtumGenesis(0x1f00ffff, 7_349_697)
	n.GenesisHash = n.Genesis.Hash()
	n.BIP34Hash = n.GenesisHash
	n.Checkpoints = hashes(testCheckpoints)
	n.MinimumChainWork = *uint256.MustFromHex("0x29aad39021b08dcb926")
	return n
}

// testPrefixes are those of every Qtum network but the main one.
func testPrefixes(n *Network) {
	n.PubKeyHash, n.ScriptHash, n.WIF = 120, 110, 239
	n.ExtPublic = [4]byte{0x04, 0x35, 0x87, 0xcf}
	n.ExtPrivate = [4]byte{0x04, 0x35, 0x83, 0x94}
}

func qtumRegtest() *Network {
	n := qtum()
	n.Name = "regtest"
	n.OnDemand = true
	n.Magic = [4]byte{0xfd, 0xdd, 0xc6, 0xe1}
	n.Port, n.RPCPort, n.OnionPort = 23888, 13889, 13891
	testPrefixes(n)
	n.Bech32 = "qcrt"

	n.BIP34Height, n.BIP65Height, n.BIP66Height, n.CSVHeight = 1, 1, 1, 1
	n.OfflineStakeHeight = 1
	n.LastPoWBlock = Never
	n.FirstMPoSBlock = 5000
	n.AllowMinDifficulty = true
	n.NoPoSRetargeting = true
	easiest := number("7", 'f')
	n.PoWLimit, n.PoSLimitFirst, n.PoSLimitQIP9, n.PoSLimitRBT = easiest, easiest, easiest, easiest
	n.MoneySupplyBase, n.MoneySupplyFrom, n.MoneySupplyPerBlock = 0, 0, 0

	n.EVMChainIDShanghai = 8890
	n.Genesis = qtumGenesis(0x207fffff, 17)
	n.GenesisHash = n.Genesis.Hash()
	n.Checkpoints = map[int32]chainhash.Hash{0: n.GenesisHash}
	return n
}
