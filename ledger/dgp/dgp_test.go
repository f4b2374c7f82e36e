package dgp

import (
	"testing"

	"github.com/holiman/uint256"

	"spacechain/ledger/aal"
	"spacechain/ledger/params"
	"spacechain/ledger/state"
	"spacechain/ledger/view"
)

// template is where the contract that answers stands in these tests.
var template = aal.Address{0: 0x7e, 19: 1}

// answering is code that returns words, each of 32 bits.
func answering(words ...uint32) []byte {
	var code []byte
	for i, w := range words {
		at := 32 * i
		code = append(code, 0x63, byte(w>>24), byte(w>>16), byte(w>>8), byte(w))
		code = append(code, 0x61, byte(at>>8), byte(at), 0x52)
	}
	n := 32 * len(words)
	return append(code, 0x61, byte(n>>8), byte(n), 0x5f, 0xf3)
}

type listed struct {
	height uint64
	at     aal.Address
}

// governed is a machine of the block at height, on a state where the governance contract
// dgp lists templates, and contracts stand.
func governed(t testing.TB, p *params.Network, height int32, dgp aal.Address, list []listed,
	contracts map[aal.Address][]byte, storage map[aal.Address][]uint256.Int) *aal.Machine {
	t.Helper()
	m := aal.New(stateOf(t, p, dgp, list, contracts, storage))
	m.Env = aal.Env{Params: p, Height: height, Time: 1_600_000_000, Bits: 0x207fffff}
	return m
}

func stateOf(t testing.TB, p *params.Network, dgp aal.Address, list []listed,
	contracts map[aal.Address][]byte, storage map[aal.Address][]uint256.Int) view.Reader {
	t.Helper()
	genesis, err := aal.GenesisState(p)
	if err != nil {
		t.Fatal(err)
	}
	store := view.NewOverlay(view.Empty{})
	store.Apply(genesis.Changes)
	st := state.New(store)
	var slot uint256.Int
	st.SetStorage(dgp, &slot, uint256.NewInt(uint64(len(list))))
	// Keccak-256 of 32 zero bytes: where the elements begin.
	first := uint256.MustFromHex("0x290decd9548b62a8d60345a988386fc84ba6bc95484008f6362f93160ef3e563")
	for i, l := range list {
		slot.AddUint64(first, uint64(2*i))
		st.SetStorage(dgp, &slot, uint256.NewInt(l.height))
		slot.AddUint64(first, uint64(2*i+1))
		var a uint256.Int
		st.SetStorage(dgp, &slot, a.SetBytes20(l.at[:]))
	}
	for a, code := range contracts {
		st.CreateAccount(a)
		st.SetCode(a, code)
		for i, v := range storage[a] {
			st.SetStorage(a, uint256.NewInt(uint64(i)), &v)
		}
	}
	st.EndTx(true)
	c, err := st.Commit()
	if err != nil {
		t.Fatal(err)
	}
	store.Apply(c.Changes)
	return store
}

func TestDefaults(t *testing.T) {
	p := params.Regtest()
	p.ReduceBlockTimeHeight = 100
	for _, tt := range []struct {
		height int32
		size   uint32
	}{{99, 2_000_000}, {100, 500_000}} {
		v, err := Read(governed(t, p, tt.height, params.BlockSizeAddress, nil, nil, nil))
		if err != nil {
			t.Fatal(err)
		}
		if v.BlockSize != tt.size || v.MinGasPrice != 40 || v.BlockGasLimit != 40_000_000 || v.Schedule != aal.BaseSchedule(p, tt.height) {
			t.Errorf("height %d: %+v", tt.height, v)
		}
		if v.Weight() != 4*tt.size || v.SigOps() != int64(tt.size)/25 || v.TxSigOps() != tt.size/125 || v.MaxMessage() != 4*tt.size {
			t.Errorf("height %d: limits %d %d %d", tt.height, v.Weight(), v.SigOps(), v.TxSigOps())
		}
	}
}

func TestTemplateByHeight(t *testing.T) {
	two, three := aal.Address{19: 0xf2}, aal.Address{19: 0xf3}
	list := []listed{{50, template}, {70, two}, {60, three}}
	contracts := map[aal.Address][]byte{template: answering(50), two: answering(70), three: answering(60)}
	for _, tt := range []struct {
		height int32
		qip7   int32
		want   uint64
	}{
		{49, 0, 40}, {50, 0, 50}, {59, 0, 50}, {60, 0, 60}, {80, 0, 60}, // the last that fits, not the highest
		{49, 51, 50}, {48, 51, 40}, {49, 50, 40}, // until QIP7 the next height is asked for
	} {
		p := params.Regtest()
		p.QIP7Height = tt.qip7
		v, err := Read(governed(t, p, tt.height, params.MinGasPriceAddress, list, contracts, nil))
		if err != nil || v.MinGasPrice != tt.want {
			t.Errorf("height %d, QIP7 at %d: least price %d, want %d, %v", tt.height, tt.qip7, v.MinGasPrice, tt.want, err)
		}
	}
}

func TestBounds(t *testing.T) {
	long := answering(1, 2)
	absent := aal.Address{19: 0xab}
	wide := []byte{0x64, 1, 0, 0x0f, 0x42, 0x40, 0x5f, 0x52, 0x60, 32, 0x5f, 0xf3} // 2^32 + 1,000,000
	for _, tt := range []struct {
		name string
		dgp  aal.Address
		to   aal.Address
		code []byte
		want Values
	}{
		{"size too small", params.BlockSizeAddress, template, answering(499_999), Values{BlockSize: 500_000}},
		{"size", params.BlockSizeAddress, template, answering(500_001), Values{BlockSize: 500_001}},
		{"largest size", params.BlockSizeAddress, template, answering(32_000_000), Values{BlockSize: 32_000_000}},
		{"size too large", params.BlockSizeAddress, template, answering(32_000_001), Values{BlockSize: 500_000}},
		{"low half of a size", params.BlockSizeAddress, template, wide, Values{BlockSize: 1_000_000}},
		{"price 0", params.MinGasPriceAddress, template, answering(0), Values{MinGasPrice: 40}},
		{"price 1", params.MinGasPriceAddress, template, answering(1), Values{MinGasPrice: 1}},
		{"highest price", params.MinGasPriceAddress, template, answering(10_000), Values{MinGasPrice: 10_000}},
		{"price too high", params.MinGasPriceAddress, template, answering(10_001), Values{MinGasPrice: 40}},
		{"two words", params.MinGasPriceAddress, template, long, Values{MinGasPrice: 40}},
		{"no contract", params.MinGasPriceAddress, absent, nil, Values{MinGasPrice: 40}},
		{"failing contract", params.MinGasPriceAddress, template, []byte{0xfe}, Values{MinGasPrice: 40}},
		{"zero address", params.MinGasPriceAddress, aal.Address{}, nil, Values{MinGasPrice: 40}},
		{"least gas limit", params.BlockGasLimitAddress, template, answering(1_000_000), Values{BlockGasLimit: 1_000_000}},
		{"gas limit too low", params.BlockGasLimitAddress, template, answering(999_999), Values{BlockGasLimit: 40_000_000}},
		{"gas limit too high", params.BlockGasLimitAddress, template, answering(1_000_000_001), Values{BlockGasLimit: 40_000_000}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			contracts := map[aal.Address][]byte{}
			if tt.code != nil {
				contracts[tt.to] = tt.code
			}
			m := governed(t, params.Regtest(), 50, tt.dgp, []listed{{10, tt.to}}, contracts, nil)
			v, err := Read(m)
			if err != nil {
				t.Fatal(err)
			}
			want := Values{Schedule: v.Schedule, BlockSize: 500_000, MinGasPrice: 40, BlockGasLimit: 40_000_000}
			if tt.want.BlockSize != 0 {
				want.BlockSize = tt.want.BlockSize
			}
			if tt.want.MinGasPrice != 0 {
				want.MinGasPrice = tt.want.MinGasPrice
			}
			if tt.want.BlockGasLimit != 0 {
				want.BlockGasLimit = tt.want.BlockGasLimit
			}
			if v != want || m.Env.GasLimit != want.BlockGasLimit {
				t.Errorf("values %+v, want %+v", v, want)
			}
		})
	}
}

// changed is a schedule within bounds that differs from usual in every word.
func changed(usual *[aal.Words]uint32) []uint32 {
	words := make([]uint32, aal.Words)
	for i, w := range usual {
		words[i] = max(1, w) * 2
	}
	return words
}

func TestSchedule(t *testing.T) {
	p := params.Regtest()
	usual := aal.BaseSchedule(p, 50)
	good := changed(&usual.Word)
	with := func(i int, w uint32) []uint32 {
		out := append([]uint32(nil), good...)
		out[i] = w
		return out
	}
	for _, tt := range []struct {
		name  string
		words []uint32
		used  bool
	}{
		{"all doubled", good, true},
		{"40 words", append(append([]uint32(nil), good...), 0), true},
		{"38 words", good[:38], false},
		{"41 words", append(append([]uint32(nil), good...), 0, 0), false},
		{"a thousand times", with(29, 21_000_000), true},
		{"more than a thousand times", with(29, 21_000_001), false},
		{"a hundredth", with(29, 210), true},
		{"less than a hundredth", with(29, 209), false},
		{"zero where the default is zero", with(0, 0), false},
		{"a thousand where the default is zero", with(0, 1000), true},
		{"more than a thousand where the default is zero", with(0, 1001), false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			v, err := Read(governed(t, p, 50, params.GasScheduleAddress, []listed{{10, template}},
				map[aal.Address][]byte{template: answering(tt.words...)}, nil))
			if err != nil {
				t.Fatal(err)
			}
			want := usual
			if tt.used {
				copy(want.Word[:], tt.words)
			}
			if v.Schedule != want {
				t.Errorf("schedule %v, want %v", v.Schedule, want)
			}
		})
	}
	// Forty words count from QIP7 on only.
	p.QIP7Height = 60
	early := aal.BaseSchedule(p, 51)
	words := append(changed(&early.Word), 0)
	if withinBounds(&early.Word, words, false) || !withinBounds(&early.Word, words, true) || !withinBounds(&early.Word, words[:39], false) {
		t.Error("forty words")
	}
}

func TestFromStorage(t *testing.T) {
	p := params.Regtest()
	p.DGPFromStorage = true
	usual := aal.BaseSchedule(p, 50)
	words := changed(&usual.Word)
	words = append(words, 7)
	slots := make([]uint256.Int, 5)
	for i := range slots {
		for limb := range 4 {
			at := 8*i + 2*limb
			slots[i][limb] = uint64(words[at]) | uint64(words[at+1])<<32
		}
	}
	v, err := Read(governed(t, p, 50, params.GasScheduleAddress, []listed{{10, template}},
		map[aal.Address][]byte{template: {0xfe}}, map[aal.Address][]uint256.Int{template: slots}))
	if err != nil {
		t.Fatal(err)
	}
	want := usual
	copy(want.Word[:], words)
	if v.Schedule != want {
		t.Errorf("schedule %v, want %v", v.Schedule, want)
	}
	v, err = Read(governed(t, p, 50, params.MinGasPriceAddress, []listed{{10, template}},
		map[aal.Address][]byte{template: {0xfe}}, map[aal.Address][]uint256.Int{template: {*uint256.NewInt(55)}}))
	if err != nil || v.MinGasPrice != 55 {
		t.Errorf("least price %d, %v", v.MinGasPrice, err)
	}
}

// A schedule that makes every view call cost more gas than it has is in force when the next
// block asks, which then gets no schedule; only the gas limit is asked with gas enough.
func TestScheduleBelowIsInForce(t *testing.T) {
	p := params.Regtest()
	usual := aal.BaseSchedule(p, 50)
	words := changed(&usual.Word)
	words[29] = 21_000_000 // a call
	limit := aal.Address{0: 0x7e, 19: 2}
	contracts := map[aal.Address][]byte{template: answering(words...), limit: answering(1_000_000)}
	// The gas limit's template makes view calls have 999,999 gas.
	read := func(height int32, from uint64) Values {
		m := governed(t, p, height, params.GasScheduleAddress, []listed{{from, template}}, contracts, nil)
		var slot, one uint256.Int
		st := m.State()
		st.SetStorage(params.BlockGasLimitAddress, &slot, one.SetOne())
		first := uint256.MustFromHex("0x290decd9548b62a8d60345a988386fc84ba6bc95484008f6362f93160ef3e563")
		st.SetStorage(params.BlockGasLimitAddress, first, uint256.NewInt(1))
		st.SetStorage(params.BlockGasLimitAddress, first.AddUint64(first, 1), slot.SetBytes20(limit[:]))
		st.EndTx(true)
		v, err := Read(m)
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
	if v := read(50, 50); v.Schedule.Word[29] != 21_000_000 || v.BlockGasLimit != 1_000_000 {
		t.Errorf("first block: %d, %d", v.Schedule.Word[29], v.BlockGasLimit)
	}
	if v := read(51, 50); v.Schedule != usual {
		t.Errorf("second block: %v", v.Schedule)
	}
}

func BenchmarkRead(b *testing.B) {
	usual := aal.BaseSchedule(params.Regtest(), 50)
	for _, bb := range []struct {
		name string
		list []listed
	}{{"defaults", nil}, {"schedule by contract", []listed{{10, template}}}} {
		b.Run(bb.name, func(b *testing.B) {
			p := params.Regtest()
			store := stateOf(b, p, params.GasScheduleAddress, bb.list,
				map[aal.Address][]byte{template: answering(changed(&usual.Word)...)}, nil)
			b.ReportAllocs()
			for b.Loop() {
				m := aal.New(store)
				m.Env = aal.Env{Params: p, Height: 50, Time: 1_600_000_000, Bits: 0x207fffff}
				if _, err := Read(m); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
