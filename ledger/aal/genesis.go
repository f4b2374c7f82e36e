package aal

import (
	"github.com/holiman/uint256"

	"spacechain/ledger/params"
	"spacechain/ledger/state"
	"spacechain/ledger/view"
)

// GenesisState gives what the state of a network's genesis block holds beside coins: the
// network's GenesisContracts (node/chainstate.cpp: populateFrom). Both roots are those of
// the genesis header.
func GenesisState(p *params.Network) (*Outcome, error) {
	m := New(view.Empty{})
	for i := range p.GenesisContracts {
		m.deploy(&p.GenesisContracts[i])
	}
	return m.Commit()
}

// DeployDelegations puts the contract of delegations into the state, if no account has its
// address. Qtum Core does it when the block at OfflineStakeHeight is connected: for proof
// of stake before the delegation is looked up, else after the block's transactions
// (pos.cpp: CheckProofOfStake; validation.cpp: ConnectBlock; qtumstate.cpp:
// deployDelegationsContract). It must not be called during an execution.
func (m *Machine) DeployDelegations(p *params.Network) {
	if !m.st.Exists(p.DelegationsAddress) {
		m.deploy(&params.Contract{Address: p.DelegationsAddress, Code: params.DelegationCode()})
	}
}

// deploy puts a contract into the state without running anything.
func (m *Machine) deploy(c *params.Contract) {
	m.st.BeginTx()
	m.st.CreateAccount(c.Address)
	m.st.SetCode(c.Address, c.Code)
	for i := range c.Storage {
		var key, value uint256.Int
		key.SetBytes32(c.Storage[i].Key[:])
		value.SetBytes32(c.Storage[i].Value[:])
		m.st.SetStorage(c.Address, &key, &value)
	}
	m.st.EndTx(true)
}

// Exists tells whether an address has an account, such as a contract.
func (m *Machine) Exists(a Address) bool { return m.st.Exists(a) }

// State is the accounts as the machine's executions have left them, to read.
func (m *Machine) State() *state.State { return m.st }
