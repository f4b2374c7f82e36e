package params

import (
	"github.com/btcsuite/btcd/chainhash/v2"
	"github.com/holiman/uint256"

	"spacechain/ledger/wire"
)

// Coin is one coin in satoshi.
const Coin int64 = 100_000_000

// MaxMoney is the most that an output, or the outputs of a transaction together, may hold
// (consensus/amount.h: MAX_MONEY).
const MaxMoney int64 = 107_822_406*Coin + Coin/4

// MoneyRange tells whether v is an amount that can be (consensus/amount.h: MoneyRange).
func MoneyRange(v int64) bool { return v >= 0 && v <= MaxMoney }

// Never is the height of a rule that does not come.
const Never int32 = 1<<31 - 1

// Network is everything that one network is told apart by. Names follow Qtum Core's
// consensus/params.h.
type Network struct {
	// Name is what --network takes and the data directory is called after.
	Name string

	// Addressing.
	Magic         [4]byte // first bytes of every message
	Port, RPCPort uint16
	OnionPort     uint16
	DNSSeeds      []string
	PubKeyHash    byte // version byte of a P2PKH address
	ScriptHash    byte // version byte of a P2SH address
	WIF           byte // version byte of a private key
	ExtPublic     [4]byte
	ExtPrivate    [4]byte
	Bech32        string // human-readable part of a segwit address

	// Heights from which a rule holds.
	BIP34Height, BIP65Height, BIP66Height int32
	BIP34Hash                             chainhash.Hash // of the block at BIP34Height; zero: BIP30 is always looked at
	CSVHeight                             int32          // BIP68, 112 and 113
	SegwitHeight                          int32          // the commitment and NULLDUMMY; spending by segwit rules holds from 1
	TaprootHeight                         int32          // of the deployment; no rule of blocks depends on it
	QIP5Height                            int32          // OP_SENDER
	QIP6Height                            int32          // btc_ecrecover at 0x85
	QIP7Height                            int32          // Petersburg EVM
	QIP9Height                            int32          // retarget by the exponential
	OfflineStakeHeight                    int32          // the delegation contract is put into the state at this height
	ReduceBlockTimeHeight                 int32
	MuirGlacierHeight                     int32 // Istanbul EVM
	LondonHeight                          int32 // Berlin and London EVM
	ShanghaiHeight                        int32
	CancunHeight                          int32
	FixUTXOCacheHeight                    int32 // below it a failed execution keeps the cache of contracts' outputs
	EnableHeaderSignatureHeight           int32

	// Proof of stake and work.
	LastPoWBlock        int32
	FirstMPoSBlock      int32
	LastMPoSBlock       int32
	MPoSRecipients      int32
	PoWLimit            uint256.Int
	PoSLimitFirst       uint256.Int // before QIP9
	PoSLimitQIP9        uint256.Int // from QIP9 until the block time was reduced
	PoSLimitRBT         uint256.Int
	AllowMinDifficulty  bool
	NoPoWRetargeting    bool
	NoPoSRetargeting    bool
	TargetSpacing       int64 // seconds, before the block time was reduced
	TargetSpacingRBT    int64
	TimespanFirst       int64 // seconds, before QIP9
	TimespanQIP9        int64
	TimespanRBT         int64
	StakeTimeMask       uint32 // these bits of a proof-of-stake block's time are zero
	StakeTimeMaskRBT    uint32
	CoinMaturity        int32 // blocks
	CoinMaturityRBT     int32
	FinalitySpan        int32 // blocks: the rolling checkpoint is this far below the tip
	FinalitySpanRBT     int32
	BlockTimeDownscale  int64 // how many times more blocks there are since the block time was reduced
	HalvingInterval     int32
	HalvingIntervalRBT  int32
	LastBigReward       int32 // up to this height a block makes 20000 coins; -1: no such block
	MoneySupplyBase     int64 // satoshi: MoneySupplyCap's value at height MoneySupplyFrom
	MoneySupplyFrom     int32
	MoneySupplyPerBlock int64 // satoshi; 0: the supply is not capped

	// Contracts.
	DelegationsAddress [20]byte // all zero: there is no offline staking
	DGPFromStorage     bool     // live parameters are read from storage, not by a view call
	EVMChainIDFirst    uint64   // before Shanghai
	EVMChainIDShanghai uint64
	GenesisContracts   []Contract

	// The chain's start and what is known of it.
	Genesis          *wire.Block
	GenesisHash      chainhash.Hash
	GenesisSpendable bool // outputs of the genesis block are coins, mature at once, and stake from height 1
	Checkpoints      map[int32]chainhash.Hash
	MinimumChainWork uint256.Int
	OnDemand         bool // a test network: forks may be overridden, the money supply is not capped (Qtum: MineBlocksOnDemand)

	given []setting // what Override was given
	plain *Network  // as it was before the first Override
}

// Main is Qtum's main network.
func Main() *Network { return qtumMain() }

// Test is Qtum's test network.
func Test() *Network { return qtumTest() }

// Regtest is Qtum's network for tests on one machine; its rules can be overridden.
func Regtest() *Network { return qtumRegtest() }

// SpaceChain is our own network.
func SpaceChain() *Network { return spaceChain() }

// Names are the names that ByName knows.
func Names() []string { return []string{"spacechain", "main", "test", "regtest"} }

// ByName gives a fresh Network by its name, and whether there is one.
func ByName(name string) (*Network, bool) {
	switch name {
	case "main":
		return Main(), true
	case "test":
		return Test(), true
	case "regtest":
		return Regtest(), true
	case "spacechain":
		return SpaceChain(), true
	}
	return nil, false
}
