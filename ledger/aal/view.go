package aal

// View is a call that leaves no trace: of RPC, and of the rules that ask contracts.
type View struct {
	Create   bool    // Data is init code; else To is called with it
	To       Address // ignored for Create
	Data     []byte
	Sender   Address // zero: ff…ff, which has no key
	GasLimit uint64  // zero: one less than the block's
	Value    int64   // satoshi that the sender has for it
}

// viewSender calls where no sender is given.
var viewSender = Address{
	0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
	0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
}

// View runs a call at the price of one satoshi a unit of gas, in the block of Env, and
// takes back what it did. For a view of the chain's state Qtum Core makes up a block above
// the tip, with the tip's Bits and Author and the time that it is. (validation.cpp:
// CallContract)
func (m *Machine) View(v View) (Result, error) {
	e := Execution{
		Create: v.Create, To: v.To, Data: v.Data,
		Value: v.Value, GasLimit: v.GasLimit, GasPrice: 1, Version: VersionEVM,
		Sender: v.Sender, RefundSender: v.Sender,
	}
	if e.GasLimit == 0 {
		e.GasLimit = m.Env.GasLimit - 1
	}
	if e.Sender == (Address{}) {
		e.Sender, e.RefundSender = viewSender, viewSender
	}
	m.st.ClearTransient()
	r, _, err := m.run(&e, true)
	m.endTx()
	if err == nil {
		err = m.Err()
	}
	return r, err
}
