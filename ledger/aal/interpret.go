package aal

import (
	"bytes"

	"github.com/holiman/uint256"

	"spacechain/ledger/evm"
	"spacechain/ledger/evm/precompile"
	"spacechain/ledger/state"
)

// evmForks are the interpreter's names of the rows of params.Forks (libevm/EVMC.cpp:
// toRevision).
var evmForks = map[string]evm.Fork{
	"spuriousdragon": evm.Spurious,
	"petersburg":     evm.Petersburg,
	"istanbul":       evm.Istanbul,
	"london":         evm.London,
	"shanghai":       evm.Shanghai,
	"cancun":         evm.Cancun,
}

// exceptions are Qtum Core's kinds for the interpreter's (libevm/EVMC.cpp: exec;
// libethereum/Transaction.cpp: toTransactionException).
var exceptions = map[evm.Exception]Exception{
	evm.OutOfGas:           OutOfGas,
	evm.Revert:             Revert,
	evm.BadInstruction:     BadInstruction,
	evm.BadJumpDestination: BadJumpDestination,
	evm.OutOfStack:         OutOfStack,
	evm.StackUnderflow:     StackUnderflow,
	evm.CreateWithValue:    CreateWithValue,
	evm.InvalidCode:        InvalidCode,
	evm.CodeTooLarge:       OutOfGas,
	evm.DepositUnpaid:      OutOfGas,
}

// interpret runs an execution whose sender has paid. It gives the gas that is left, before
// refunds, and whether any code ran: that of a callee, or init code.
func (m *Machine) interpret(e *Execution) (r Result, gas int64, ran bool) {
	env := &m.Env
	fork := env.Schedule.fork()
	prices := env.Schedule.prices()
	cfg := evm.Config{
		Fork:      fork,
		Qtum:      evm.QtumDeviations,
		ChainID:   env.Params.EVMChainID(env.tip()),
		Schedule:  &prices,
		Contracts: m.precompiled(),
		Block: evm.Block{
			Coinbase: env.Author,
			Number:   uint64(env.Height),
			Time:     uint64(env.Time),
			GasLimit: env.GasLimit,
			Hash:     m.blockHash,
		},
		Tx: evm.Tx{Origin: e.Sender},
		Hooks: evm.Hooks{
			Transfer: func(from, to state.Address, value *uint256.Int) {
				m.transfers = append(m.transfers, Transfer{From: from, To: to, Value: *value})
			},
			Unused: func(a state.Address) { m.unkept[a] = struct{}{} },
		},
	}
	cfg.Block.Difficulty.SetUint64(uint64(env.Bits))
	cfg.Tx.GasPrice.SetUint64(e.GasPrice)
	vm := evm.New(cfg, m.st)
	defer vm.Close()

	start := e.GasLimit - uint64(env.Schedule.Intrinsic(e.Create, e.Data))
	value := uint256.NewInt(uint64(e.Value))
	var out []byte
	var left uint64
	var err error
	if e.Create {
		out, r.NewAddress, left, err = vm.CreateAt(e.Sender, NewAddress(e.TxID, e.Vout), e.Data, start, value)
	} else {
		m.st.SetNonce(e.Sender, m.st.Nonce(e.Sender)+1)
		out, left, err = vm.Call(e.Sender, e.To, e.Data, start, value)
		r.NewAddress = e.To
	}
	if !vm.Ran() {
		return Result{}, 0, false
	}
	r.Output = bytes.Clone(out)
	if err != nil {
		r.Excepted = Unknown
		if x, ok := err.(evm.Exception); ok && exceptions[x] != None {
			r.Excepted = exceptions[x]
		}
		if r.Excepted == Revert {
			r.Message = revertMessage(r.Output)
		}
	} else if e.Create {
		r.Output = bytes.Clone(m.st.Code(r.NewAddress))
	}
	return r, int64(left), true
}

func (m *Machine) blockHash(number uint64) state.Hash {
	if m.Env.BlockHash == nil {
		return state.Hash{}
	}
	return m.Env.BlockHash(int32(number))
}

// precompiled are the contracts that Qtum has at the block's height; it goes by the
// height itself, whatever the schedule is (libethereum/ChainParams.cpp: loadConfig).
func (m *Machine) precompiled() *precompile.Set {
	h, p := m.Env.Height, m.Env.Params
	rules := precompile.Rules{
		Byzantium:       h >= p.QIP7Height,
		Istanbul:        h >= p.MuirGlacierHeight,
		Berlin:          h >= p.LondonHeight,
		PointEvaluation: h > p.CancunHeight,
		BtcRecover:      h >= p.QIP6Height,
	}
	if m.contracts == nil || m.contractRules != rules {
		m.contracts, m.contractRules = precompile.Make(rules), rules
	}
	return m.contracts
}
