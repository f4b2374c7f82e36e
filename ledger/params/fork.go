package params

// Fork is a set of EVM rules.
type Fork struct {
	// Name is the newest Ethereum fork in the set, in lower case.
	Name string
	// Option is qtumd's option that moves it, without dashes; empty: it stands from genesis.
	Option string
	// At tells the height from which a network has it.
	At func(*Network) int32
}

// Forks are the sets of EVM rules, oldest first: a newer one holds from its height on
// whatever the heights of older ones are. A fork that is added is one row here.
var Forks = []Fork{
	{"spuriousdragon", "", func(*Network) int32 { return 0 }},
	{"petersburg", "constantinopleheight", func(n *Network) int32 { return n.QIP7Height }},
	{"istanbul", "muirglacierheight", func(n *Network) int32 { return n.MuirGlacierHeight }},
	{"london", "londonheight", func(n *Network) int32 { return n.LondonHeight }},
	{"shanghai", "shanghaiheight", func(n *Network) int32 { return n.ShanghaiHeight }},
	{"cancun", "cancunheight", func(n *Network) int32 { return n.CancunHeight }},
}

// ForkAt is the newest row of Forks that holds at height.
func (n *Network) ForkAt(height int32) Fork {
	for i := len(Forks) - 1; i > 0; i-- {
		if height >= Forks[i].At(n) {
			return Forks[i]
		}
	}
	return Forks[0]
}
