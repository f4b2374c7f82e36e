package params

import (
	"compress/gzip"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"spacechain/internal/vectors"
)

// same compares two networks in all that can be told from outside.
func same(a, b *Network) string {
	return cmp.Diff(a, b, cmpopts.IgnoreUnexported(Network{}), cmpopts.IgnoreFields(Network{}, "Genesis"))
}

func override(t *testing.T, options ...string) *Network {
	t.Helper()
	n := Regtest()
	for _, o := range options {
		if err := n.Override(o); err != nil {
			t.Fatal(err)
		}
	}
	return n
}

func TestEachOption(t *testing.T) {
	tests := map[string]struct {
		option string
		change func(*Network)
	}{
		"testactivationheight":        {"-testactivationheight=segwit@7", func(n *Network) { n.SegwitHeight = 7 }},
		"vbparams":                    {"-vbparams=taproot:0:100:3", func(*Network) {}},
		"opsenderheight":              {"-opsenderheight=602", func(n *Network) { n.QIP5Height = 602 }},
		"btcecrecoverheight":          {"-btcecrecoverheight=2", func(n *Network) { n.QIP6Height = 2 }},
		"constantinopleheight":        {"-constantinopleheight=2204", func(n *Network) { n.QIP7Height = 2204 }},
		"offlinestakingheight":        {"-offlinestakingheight=6101", func(n *Network) { n.OfflineStakeHeight = 6101 }},
		"lastmposheight":              {"-lastmposheight=999999", func(n *Network) { n.LastMPoSBlock = 999999 }},
		"reduceblocktimeheight":       {"-reduceblocktimeheight=9", func(n *Network) { n.ReduceBlockTimeHeight = 9 }},
		"powallowmindifficultyblocks": {"-powallowmindifficultyblocks=0", func(n *Network) { n.AllowMinDifficulty = false }},
		"pownoretargeting":            {"-pownoretargeting=0", func(n *Network) { n.NoPoWRetargeting = false }},
		"posnoretargeting":            {"-noposnoretargeting", func(n *Network) { n.NoPoSRetargeting = false }},
		"muirglacierheight":           {"--muirglacierheight=100000", func(n *Network) { n.MuirGlacierHeight = 100000 }},
		"londonheight":                {"londonheight=2056", func(n *Network) { n.LondonHeight = 2056 }},
		"taprootheight":               {"-taprootheight=144", func(n *Network) { n.TaprootHeight = 144 }},
		"shanghaiheight":              {"-shanghaiheight=1000000", func(n *Network) { n.ShanghaiHeight = 1000000 }},
		"cancunheight":                {"-cancunheight=2180", func(n *Network) { n.CancunHeight = 2180 }},
		"dgpstorage":                  {"-dgpstorage", func(n *Network) { n.DGPFromStorage = true }},
		"dgpevm":                      {"-dgpevm=", func(*Network) {}},
		"delegationsaddress": {"-delegationsaddress=00112233445566778899aabbccddeeff00112233", func(n *Network) {
			n.DelegationsAddress = [20]byte(unhex("00112233445566778899aabbccddeeff00112233"))
		}},
		"difficultychangeheight": {"-difficultychangeheight=3", func(n *Network) {
			main := Main()
			n.QIP9Height = 3
			n.PoSLimitFirst, n.PoSLimitQIP9, n.PoSLimitRBT = main.PoSLimitFirst, main.PoSLimitQIP9, main.PoSLimitRBT
			n.AllowMinDifficulty, n.NoPoSRetargeting = false, false
			n.LastPoWBlock, n.FirstMPoSBlock = 5000, 5510
		}},
	}
	for _, o := range Overrides() {
		test, ok := tests[o.Name]
		if !ok {
			t.Errorf("%s has no test", o.Name)
			continue
		}
		want := Regtest()
		test.change(want)
		if diff := same(override(t, test.option), want); diff != "" {
			t.Errorf("%s: %s", test.option, diff)
		}
		if o.Help == "" {
			t.Errorf("%s has no help", o.Name)
		}
	}
}

// TestOptionsStandInQtumsOrder gives options in the wrong order: difficultychangeheight
// sets what others set after it, wherever it stands.
func TestOptionsStandInQtumsOrder(t *testing.T) {
	a := override(t, "-difficultychangeheight=5", "-lastmposheight=9", "-powallowmindifficultyblocks=1", "-posnoretargeting=1")
	b := override(t, "-posnoretargeting=1", "-powallowmindifficultyblocks=1", "-lastmposheight=9", "-difficultychangeheight=5")
	if diff := same(a, b); diff != "" {
		t.Error(diff)
	}
	if a.LastMPoSBlock != 9 || !a.AllowMinDifficulty || !a.NoPoSRetargeting || a.LastPoWBlock != 5000 {
		t.Errorf("%d, %t, %t, %d", a.LastMPoSBlock, a.AllowMinDifficulty, a.NoPoSRetargeting, a.LastPoWBlock)
	}
	if n := override(t, "-londonheight=5", "-londonheight=6"); n.LondonHeight != 6 {
		t.Errorf("the last of two heights is to hold, not %d", n.LondonHeight)
	}
	if n := override(t, "-testactivationheight=csv@5", "-testactivationheight=cltv@6", "-testactivationheight=dersig@7",
		"-testactivationheight=bip34@8"); n.CSVHeight != 5 || n.BIP65Height != 6 || n.BIP66Height != 7 || n.BIP34Height != 8 {
		t.Errorf("%d %d %d %d", n.CSVHeight, n.BIP65Height, n.BIP66Height, n.BIP34Height)
	}
	if n := override(t, "-dgpstorage", "-dgpevm"); n.DGPFromStorage {
		t.Error("dgpevm is to outdo dgpstorage")
	}
	if n := override(t, "-cancunheight=-1"); n.CancunHeight != 0 {
		t.Errorf("a negative height is to be ignored, and is %d", n.CancunHeight)
	}
	if n := override(t, "-noposnoretargeting=0"); !n.NoPoSRetargeting {
		t.Error("twice no is yes")
	}
}

func TestOptionsThatAreRefused(t *testing.T) {
	for _, c := range []struct{ option, err string }{
		{"-unknown=1", "not an option"},
		{"-nounknown", "not an option"},
		{"", "not an option"},
		{"-londonheight", "not a height"},
		{"-londonheight=", "not a height"},
		{"-londonheight=x", "not a height"},
		{"-londonheight=99999999999", "not a height"},
		{"-posnoretargeting=yes", "not 0 or 1"},
		{"-delegationsaddress=86", "40 hex digits"},
		{"-testactivationheight=segwit", "name@height"},
		{"-testactivationheight=taproot@1", "is not segwit"},
		{"-testactivationheight=segwit@-1", "not a height from 0"},
		{"-testactivationheight=segwit@2147483647", "not a height from 0"},
		{"-vbparams=taproot:0", "name:start:end"},
		{"-vbparams=other:0:1", "not taproot"},
		{"-vbparams=taproot:a:1", "not a number"},
	} {
		n := Regtest()
		err := n.Override(c.option)
		if err == nil || !strings.Contains(err.Error(), c.err) {
			t.Errorf("%s: %v, want an error with %q", c.option, err, c.err)
		}
		if diff := same(n, Regtest()); diff != "" {
			t.Errorf("%s was refused and changed %s", c.option, diff)
		}
	}
	for _, n := range []*Network{Main(), Test(), SpaceChain()} {
		if err := n.Override("-londonheight=1"); err == nil || !strings.Contains(err.Error(), "only be given on regtest") {
			t.Errorf("%s: %v", n.Name, err)
		}
		if err := n.Override("-dgpstorage"); err != nil || !n.DGPFromStorage {
			t.Errorf("%s: %v", n.Name, err)
		}
	}
}

func TestOptionsThatAreIgnored(t *testing.T) {
	n := override(t, "-acceptnonstdtxn", "-acceptnonstdtxn=", "-cleanblockindextimeout=1",
		"-staker-soft-block-gas-limit=1000000000", "-noaddrindex")
	if diff := same(n, Regtest()); diff != "" {
		t.Error(diff)
	}
	for _, name := range ignored {
		if find(name) >= 0 {
			t.Errorf("%s is both taken and ignored", name)
		}
	}
}

// TestVectorArguments gives the options that the vector chains were made with.
func TestVectorArguments(t *testing.T) {
	files, err := filepath.Glob(filepath.Join(vectors.Path(t, "qtum"), "*.json.gz"))
	if err != nil || len(files) == 0 {
		t.Fatal(files, err)
	}
	given := 0
	for _, file := range files {
		f, err := os.Open(file)
		if err != nil {
			t.Fatal(err)
		}
		z, err := gzip.NewReader(f)
		if err != nil {
			t.Fatal(err)
		}
		// The options stand before the blocks.
		d := json.NewDecoder(z)
		for token, err := d.Token(); err == nil && token != "args"; token, err = d.Token() {
		}
		var args []string
		if err := d.Decode(&args); err != nil {
			t.Fatalf("%s: %v", file, err)
		}
		f.Close()
		given += len(args)
		override(t, args...)
	}
	if given < 10 {
		t.Errorf("%d options in all", given)
	}
}
