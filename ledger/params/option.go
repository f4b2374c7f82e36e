package params

import (
	"encoding/hex"
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// Option is one of qtumd's options that change the rules of a network.
type Option struct {
	// Name is the option without dashes, such as londonheight.
	Name string
	// Value says what it takes: height, bool, name@height, address.
	Value string
	// Help is one line about it.
	Help string
	// AnyNetwork tells that networks other than regtest take it too.
	AnyNetwork bool

	set func(n *Network, value string) error
}

type setting struct{ name, value string }

// options stand in the order in which qtumd looks at them (chainparams.cpp:
// ReadRegTestArgs, then init.cpp: AppInitParameterInteraction), whatever their order on
// the command line: difficultychangeheight undoes what stands before it.
var options = []Option{
	{"testactivationheight", "name@height", "height of segwit, bip34, dersig, cltv or csv", false, setActivation},
	{"vbparams", "name:start:end[:height]", "when taproot or testdummy is voted on; changes no rule of blocks", false, setVersionBits},
	heightOption("opsenderheight", "height of OP_SENDER (QIP5)", func(n *Network) *int32 { return &n.QIP5Height }),
	heightOption("btcecrecoverheight", "height of btc_ecrecover (QIP6)", func(n *Network) *int32 { return &n.QIP6Height }),
	heightOption("constantinopleheight", "height of the Petersburg EVM (QIP7)", func(n *Network) *int32 { return &n.QIP7Height }),
	{"difficultychangeheight", "height", "height of the new retarget (QIP9), and limits, retargeting and last proof-of-work block as on the main network", false, setDifficultyChange},
	heightOption("offlinestakingheight", "height of offline staking", func(n *Network) *int32 { return &n.OfflineStakeHeight }),
	{"delegationsaddress", "address", "40 hex digits: where the delegation contract stands", false, setDelegations},
	heightOption("lastmposheight", "last height of shared rewards", func(n *Network) *int32 { return &n.LastMPoSBlock }),
	heightOption("reduceblocktimeheight", "height of the reduced block time", func(n *Network) *int32 { return &n.ReduceBlockTimeHeight }),
	boolOption("powallowmindifficultyblocks", "a late block may have the easiest target", func(n *Network) *bool { return &n.AllowMinDifficulty }),
	boolOption("pownoretargeting", "proof of work is never retargeted", func(n *Network) *bool { return &n.NoPoWRetargeting }),
	boolOption("posnoretargeting", "proof of stake is never retargeted", func(n *Network) *bool { return &n.NoPoSRetargeting }),
	heightOption("muirglacierheight", "height of the Istanbul EVM", func(n *Network) *int32 { return &n.MuirGlacierHeight }),
	heightOption("londonheight", "height of the Berlin and London EVM", func(n *Network) *int32 { return &n.LondonHeight }),
	heightOption("taprootheight", "height of the taproot deployment; changes no rule of blocks", func(n *Network) *int32 { return &n.TaprootHeight }),
	heightOption("shanghaiheight", "height of the Shanghai EVM", func(n *Network) *int32 { return &n.ShanghaiHeight }),
	heightOption("cancunheight", "height of the Cancun EVM", func(n *Network) *int32 { return &n.CancunHeight }),
	{"dgpstorage", "", "read live parameters from storage, unless dgpevm is given too", true, setDGPStorage},
	{"dgpevm", "", "read live parameters by a view call (the default)", true, setDGPEVM},
}

// ignored are options of qtumd that test chains are made with and that change no rule of
// a block.
var ignored = []string{
	"acceptnonstdtxn", "addrindex", "addresstype", "changetype", "checkblocks", "checklevel",
	"checkblockindex", "checkmempool", "cleanblockindex", "cleanblockindextimeout", "dbcache",
	"debug", "fallbackfee", "keypool", "logevents", "maxtipage", "minmempoolgaslimit",
	"minrelaytxfee", "par", "prune", "record-log-opcodes", "regtest", "rpcmaxgasprice",
	"stakecache", "staker-max-tx-gas-limit", "staker-min-tx-gas-price",
	"staker-soft-block-gas-limit", "staking", "txindex", "whitelist",
}

// Overrides lists the options that Override takes and that change rules, in the order in
// which they are applied.
func Overrides() []Option { return slices.Clone(options) }

// Override changes the network as qtumd does when it is given option: "-londonheight=2056",
// "-posnoretargeting", "-nopowallowmindifficultyblocks". One or two dashes, or none, may
// stand before the name. The order of several Overrides does not matter, except that of
// one option given twice the last holds. As qtumd, it ignores a negative height and takes
// all but dgpstorage and dgpevm only for a network whose OnDemand is set. Options of qtumd
// that change no rule are taken and ignored; any other is an error.
func (n *Network) Override(option string) error {
	name := strings.TrimPrefix(strings.TrimPrefix(option, "-"), "-")
	name, value, _ := strings.Cut(name, "=")
	row := find(name)
	if row < 0 && strings.HasPrefix(name, "no") {
		bare := name[len("no"):]
		if row = find(bare); row >= 0 || slices.Contains(ignored, bare) {
			no, err := parseBool(value)
			if err != nil {
				return fmt.Errorf("option %q of network %s: %w", option, n.Name, err)
			}
			if name, value = bare, "0"; !no {
				value = "1"
			}
		}
	}
	if row < 0 {
		if slices.Contains(ignored, name) {
			return nil
		}
		return fmt.Errorf("option %q of network %s: not an option of qtumd that is known here", option, n.Name)
	}
	if !n.OnDemand && !options[row].AnyNetwork {
		return fmt.Errorf("option %q of network %s: it may only be given on regtest", option, n.Name)
	}
	given := append(slices.Clone(n.given), setting{name, value})
	plain := n.plain
	if plain == nil {
		c := *n
		plain = &c
	}
	next := *plain
	for _, o := range options {
		for _, s := range given {
			if s.name != o.Name {
				continue
			}
			if err := o.set(&next, s.value); err != nil {
				return fmt.Errorf("option %q of network %s: %w", option, n.Name, err)
			}
		}
	}
	next.given, next.plain = given, plain
	*n = next
	return nil
}

func find(name string) int {
	return slices.IndexFunc(options, func(o Option) bool { return o.Name == name })
}

func parseHeight(value string) (int32, error) {
	height, err := strconv.ParseInt(value, 10, 32)
	if err != nil {
		return 0, fmt.Errorf("%q is not a height", value)
	}
	return int32(height), nil
}

// parseBool reads a switch: nothing means on, as does any number but 0.
func parseBool(value string) (bool, error) {
	if value == "" {
		return true, nil
	}
	v, err := strconv.ParseInt(value, 10, 64)
	if err != nil {
		return false, fmt.Errorf("%q is not 0 or 1", value)
	}
	return v != 0, nil
}

func heightOption(name, help string, field func(*Network) *int32) Option {
	return Option{name, "height", help, false, func(n *Network, value string) error {
		height, err := parseHeight(value)
		if err == nil && height >= 0 {
			*field(n) = height
		}
		return err
	}}
}

func boolOption(name, help string, field func(*Network) *bool) Option {
	return Option{name, "bool", help, false, func(n *Network, value string) error {
		on, err := parseBool(value)
		*field(n) = on
		return err
	}}
}

func setActivation(n *Network, value string) error {
	name, at, ok := strings.Cut(value, "@")
	if !ok {
		return fmt.Errorf("%q is not name@height", value)
	}
	height, err := parseHeight(at)
	if err != nil || height < 0 || height == Never {
		return fmt.Errorf("%q is not a height from 0 to %d", at, Never-1)
	}
	switch name {
	case "segwit":
		n.SegwitHeight = height
	case "bip34":
		n.BIP34Height = height
	case "dersig":
		n.BIP66Height = height
	case "cltv":
		n.BIP65Height = height
	case "csv":
		n.CSVHeight = height
	default:
		return fmt.Errorf("%q is not segwit, bip34, dersig, cltv or csv", name)
	}
	return nil
}

// setVersionBits checks the value only: the deployments that there are gate no rule.
func setVersionBits(_ *Network, value string) error {
	parts := strings.Split(value, ":")
	if len(parts) < 3 || len(parts) > 4 {
		return fmt.Errorf("%q is not name:start:end[:height]", value)
	}
	if parts[0] != "taproot" && parts[0] != "testdummy" {
		return fmt.Errorf("%q is not taproot or testdummy", parts[0])
	}
	for _, p := range parts[1:] {
		if _, err := strconv.ParseInt(p, 10, 64); err != nil {
			return fmt.Errorf("%q in %q is not a number", p, value)
		}
	}
	return nil
}

// setDifficultyChange is chainparams.cpp: UpdateDifficultyChangeBlockHeight.
func setDifficultyChange(n *Network, value string) error {
	height, err := parseHeight(value)
	if err != nil || height < 0 {
		return err
	}
	n.QIP9Height = height
	n.HalvingInterval = 985_500
	n.HalvingIntervalRBT = int32(n.BlockTimeDownscale) * 985_500
	n.PoSLimitFirst = number("00000000", 'f')
	n.PoSLimitQIP9 = number("0000000000001fff", 'f')
	n.PoSLimitRBT = number("0000000000003fff", 'f')
	n.AllowMinDifficulty = false
	n.NoPoWRetargeting = true
	n.NoPoSRetargeting = false
	n.LastPoWBlock = 5000
	n.MPoSRecipients = 10
	n.FirstMPoSBlock = n.LastPoWBlock + n.MPoSRecipients + n.CoinMaturity
	n.LastMPoSBlock = 0
	return nil
}

func setDelegations(n *Network, value string) error {
	b, err := hex.DecodeString(value)
	if err != nil || len(b) != len(n.DelegationsAddress) {
		return fmt.Errorf("%q is not an address of 40 hex digits", value)
	}
	n.DelegationsAddress = [20]byte(b)
	return nil
}

// setDGPStorage and setDGPEVM look at whether an option is given, not at its value, and
// dgpevm outdoes dgpstorage (init.cpp: AppInitMain).
func setDGPStorage(n *Network, _ string) error {
	n.DGPFromStorage = true
	return nil
}

func setDGPEVM(n *Network, _ string) error {
	n.DGPFromStorage = false
	return nil
}
