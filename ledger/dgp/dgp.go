// Package dgp reads the parameters that Qtum's decentralised governance protocol keeps in
// contracts: gas schedule, block size, least gas price and gas limit of a block. Each has a
// governance contract, which lists from which height on which other contract (the template)
// answers for the parameter. What is not answered, or answered out of bounds, has its
// default (Qtum Core 27.1 qtum/qtumDGP.cpp).
//
// The parameters of a block follow from its parent's state. Without a template, which is
// how the chain began, that takes four reads of stored values and no execution.
package dgp

import (
	"fmt"

	"github.com/holiman/uint256"

	"spacechain/ledger/aal"
	"spacechain/ledger/params"
)

// Bounds and defaults (qtum/qtumDGP.h). Sizes are in bytes, prices in satoshi per gas.
const (
	MinBlockSize         = 500_000
	MaxBlockSize         = 32_000_000
	DefaultBlockSize     = 2_000_000 // divided by the factor of the reduced block time
	MinMinGasPrice       = 1
	MaxMinGasPrice       = 10_000
	DefaultMinGasPrice   = 40
	MinBlockGasLimit     = 1_000_000
	MaxBlockGasLimit     = 1_000_000_000
	DefaultBlockGasLimit = 40_000_000
)

// Values are the parameters of a block.
type Values struct {
	Schedule      aal.Schedule
	BlockSize     uint32 // bytes without witness
	MinGasPrice   uint64 // satoshi per gas
	BlockGasLimit uint64 // gas
}

// Limits on a block that follow from its size (consensus/consensus.cpp:
// updateBlockSizeParams).
const (
	scale      = 4   // units of weight per byte
	sigOpBytes = 100 // units of weight per unit of signature operations
)

// Weight is the most weight, and the most bytes with witness, that a block may have.
func (v *Values) Weight() uint32 { return scale * v.BlockSize }

// SigOps is the most signature operations that a block may have, in BIP141's units.
func (v *Values) SigOps() int64 { return int64(v.Weight() / sigOpBytes) }

// TxSigOps is the most signature operations of a transaction that is relayed.
func (v *Values) TxSigOps() uint32 { return uint32(v.SigOps() / 5) }

// MaxMessage is the most bytes of a message between peers.
func (v *Values) MaxMessage() uint32 { return v.Weight() }

// Selectors of the functions that templates answer with.
var (
	getSchedule      = []byte{0x26, 0xfa, 0xdb, 0xe2}
	getBlockSize     = []byte{0x92, 0xac, 0x3c, 0x62}
	getMinGasPrice   = []byte{0x3f, 0xb5, 0x88, 0x19}
	getBlockGasLimit = []byte{0x2c, 0xc8, 0x37, 0x7d}
)

// AskedHeight is the height that the parameters of the block at height are asked for: until
// QIP7 one more (validation.cpp: ConnectBlock).
func AskedHeight(p *params.Network, height int32) int32 {
	if height+1 >= p.QIP7Height {
		return height
	}
	return height + 1
}

// Read gives the parameters of the block that m is the machine of, before any of the
// block's executions. m.Env must have Params, Height and Time, and should have Bits and
// Author of the block below; Read sets GasLimit and Schedule.
func Read(m *aal.Machine) (Values, error) {
	p, asked := m.Env.Params, AskedHeight(m.Env.Params, m.Env.Height)
	// While the schedule is asked for, that of the block below is in force.
	below := m.Env.Height - 1
	m.Env.Schedule = aal.BaseSchedule(p, AskedHeight(p, below))
	r := reader{m: m, height: asked}
	if r.template(params.GasScheduleAddress) != (aal.Address{}) {
		r.height = AskedHeight(p, below)
		m.Env.Schedule = r.schedule()
		r.height = asked
	}
	m.Env.Schedule = r.schedule()
	v := Values{Schedule: m.Env.Schedule}
	v.BlockSize = r.blockSize()
	v.MinGasPrice = bounded(r.number(params.MinGasPriceAddress, getMinGasPrice),
		MinMinGasPrice, MaxMinGasPrice, DefaultMinGasPrice)
	v.BlockGasLimit = r.blockGasLimit(asked)
	m.Env.GasLimit = v.BlockGasLimit
	if r.err == nil {
		r.err = m.Err()
	}
	if r.err != nil {
		return Values{}, fmt.Errorf("dgp: parameters of height %d: %w", m.Env.Height, r.err)
	}
	return v, nil
}

func bounded(v, low, high, otherwise uint64) uint64 {
	if v < low || v > high {
		return otherwise
	}
	return v
}

// reader asks for parameters at a height.
type reader struct {
	m      *aal.Machine
	height int32
	err    error
}

// template gives the contract that answers for the parameter whose governance contract is
// at dgp: the last that is listed with a height not above the one asked for; zero if there
// is none (QtumDGP::createParamsInstance, getAddressForBlock). The list is the dynamic
// array in slot 0, its elements two slots each.
func (r *reader) template(dgp aal.Address) aal.Address {
	var slot, count, value uint256.Int
	st := r.m.State()
	st.Storage(dgp, &slot, &count)
	if count.IsZero() {
		return aal.Address{}
	}
	first := keccakOf(&slot)
	for i := count.Uint64(); i > 0; i-- {
		slot.SetUint64(2 * (i - 1))
		slot.Add(&slot, &first)
		st.Storage(dgp, &slot, &value)
		if uint32(value.Uint64()) > uint32(r.height) {
			continue
		}
		slot.AddUint64(&slot, 1)
		st.Storage(dgp, &slot, &value)
		return aal.Address(value.Bytes20())
	}
	return aal.Address{}
}

// ask gives what the template of a parameter answers to a view call; ok is false if there
// is no template.
func (r *reader) ask(dgp aal.Address, selector []byte) (answer []byte, ok bool) {
	to := r.template(dgp)
	if to == (aal.Address{}) {
		return nil, false
	}
	// A view call has the gas of the block that is asked for the tip's child. Qtum Core
	// asks governance for that too; where the block's gas limit has a template, its view
	// call would wait for itself, and the process ends. Here the innermost has the default.
	if dgp == params.BlockGasLimitAddress {
		r.m.Env.GasLimit = DefaultBlockGasLimit
	} else {
		r.m.Env.GasLimit = r.blockGasLimit(r.m.Env.Height)
	}
	res, err := r.m.View(aal.View{To: to, Data: selector})
	if err != nil && r.err == nil {
		r.err = err
	}
	return res.Output, true
}

// number gives a parameter of one number, 0 if there is none (QtumDGP::getUint64FromDGP).
func (r *reader) number(dgp aal.Address, selector []byte) uint64 {
	var v uint256.Int
	if r.m.Env.Params.DGPFromStorage {
		to := r.template(dgp)
		if to == (aal.Address{}) {
			return 0
		}
		var slot uint256.Int
		r.m.State().Storage(to, &slot, &v)
		return v.Uint64()
	}
	answer, ok := r.ask(dgp, selector)
	if !ok || len(answer) != 32 {
		return 0
	}
	return v.SetBytes32(answer).Uint64()
}

// blockSize counts the number's low 32 bits.
func (r *reader) blockSize() uint32 {
	v := uint32(r.number(params.BlockSizeAddress, getBlockSize))
	return uint32(bounded(uint64(v), MinBlockSize, MaxBlockSize,
		DefaultBlockSize/uint64(r.m.Env.Params.BlockTimeFactor(r.height))))
}

func (r *reader) blockGasLimit(height int32) uint64 {
	was := r.height
	r.height = height
	v := r.number(params.BlockGasLimitAddress, getBlockGasLimit)
	r.height = was
	return bounded(v, MinBlockGasLimit, MaxBlockGasLimit, DefaultBlockGasLimit)
}
