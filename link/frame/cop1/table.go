package cop1

import "fmt"

// Event is an event of FOP-1, numbered as in table 5-1 of CCSDS 232.1-B-2.
type Event uint8

// The events. Those of E1 to E14, E101, E102 and E103 are CLCWs, told apart by lockout
// flag, N(R) against V(S) and NN(R), retransmit and wait flags, and how often frames were
// sent already; E16, E104, E17 and E18 are the timer.
const (
	E1 Event = iota + 1
	E2
	E3
	E4
	E5
	E6
	E7
	E8
	E9
	E10
	E11
	E12
	E13
	E14
	E15
	E16
	E17
	E18
	E19
	E20
	E21
	E22
	E23
	E24
	E25
	E26
	E27
	E28
	E29
	E30
	E31
	E32
	E33
	E34
	E35
	E36
	E37
	E38
	E39
	E40
	E41
	E42
	E43
	E44
	E45
	E46
	E101 // those that issue 2 of the standard added
	E102
	E103
	E104
)

func (e Event) index() int { return int(e) }

// String returns the event's number.
func (e Event) String() string {
	if e >= E101 {
		return fmt.Sprintf("E%d", 101+e-E101)
	}
	return fmt.Sprintf("E%d", uint8(e))
}

// action is an action of §5.2.
type action func(*FOP)

// cell is an entry of the table: what to do, and the state to go to. A cell without next
// state cannot be reached; the standard has 'N/A' there. (Nothing happens in one.)
type cell struct {
	actions []action
	next    State
}

func do(next State, actions ...action) cell { return cell{actions, next} }

// row is one event in the states S1 to S6; index 0 is unused.
type row [7]cell

// each is a row in which every state does the same and stays.
func each(actions ...action) row {
	var r row
	for s := Active; s <= Initial; s++ {
		r[s] = do(s, actions...)
	}
	return r
}

// initiation is a row that rejects unless the state is initial.
func initiation(next State, actions ...action) row {
	r := each((*FOP).reject)
	r[Initial] = do(next, actions...)
	return r
}

// resumption is a row that can only happen in the initial state.
func resumption(next State) row {
	return row{Initial: do(next, (*FOP).accept, (*FOP).resume, (*FOP).confirm)}
}

// alert makes the action 'Alert [reason]' with the state that always follows it.
func alert(r Reason) cell { return do(Initial, raise(r)) }

func raise(r Reason) action { return func(f *FOP) { f.alert(r) } }

func suspend(s State) cell {
	return do(Initial, func(f *FOP) {
		f.suspended = s
		f.out = append(f.out, Output{Kind: Suspended})
	})
}

var ignore []action

// table is table 5-1 of CCSDS 232.1-B-2, but for two things:
//
//   - When the timer runs out in S3 (E16, E104) the standard says 'Ignore'. The timer is
//     started again here: left stopped, it would leave a service in S1 without one if the
//     next CLCW acknowledges some frames (E6), and a loss of the others would never show.
//   - In E42, E44 and E46 the out flag is set ready again; see everywhere.
var table = [E104 + 1]row{
	E1: {
		S1: do(S1, ignore...), S2: alert(Synch), S3: alert(Synch),
		S4: do(S1, (*FOP).confirmInitiation, (*FOP).cancelTimer),
		S5: do(S1, (*FOP).confirmInitiation, (*FOP).releaseBC, (*FOP).cancelTimer),
		S6: do(S6, ignore...),
	},
	E2: {
		S1: do(S1, (*FOP).removeAcknowledged, (*FOP).cancelTimer, (*FOP).lookForFDU),
		S2: do(S1, (*FOP).removeAcknowledged, (*FOP).cancelTimer, (*FOP).lookForFDU),
		S3: do(S1, (*FOP).removeAcknowledged, (*FOP).cancelTimer, (*FOP).lookForFDU),
		S6: do(S6, ignore...),
	},
	E3: {
		S1: alert(BadCLCW), S2: alert(BadCLCW), S3: alert(BadCLCW), S4: alert(BadCLCW), S5: alert(BadCLCW),
		S6: do(S6, ignore...),
	},
	E4: {
		S1: alert(Synch), S2: alert(Synch), S3: alert(Synch), S4: alert(Synch),
		S5: do(S5, ignore...), S6: do(S6, ignore...),
	},
	E5: {
		S1: do(S1, ignore...), S2: alert(Synch), S3: alert(Synch),
		S6: do(S6, ignore...),
	},
	E6: {
		S1: do(S1, (*FOP).removeAcknowledged, (*FOP).lookForFDU),
		S2: do(S1, (*FOP).removeAcknowledged, (*FOP).lookForFDU),
		S3: do(S1, (*FOP).removeAcknowledged, (*FOP).lookForFDU),
		S6: do(S6, ignore...),
	},
	E7: {
		S1: alert(BadCLCW), S2: alert(BadCLCW), S3: alert(BadCLCW),
		S6: do(S6, ignore...),
	},
	E101: {
		S1: do(S6, (*FOP).removeAcknowledged, raise(Limit)),
		S2: do(S6, (*FOP).removeAcknowledged, raise(Limit)),
		S3: do(S6, (*FOP).removeAcknowledged, raise(Limit)),
		S6: do(S6, ignore...),
	},
	E102: {
		S1: alert(Limit), S2: alert(Limit), S3: alert(Limit),
		S6: do(S6, ignore...),
	},
	E8: {
		S1: do(S2, (*FOP).removeAcknowledged, (*FOP).retransmitAD, (*FOP).lookForFDU),
		S2: do(S2, (*FOP).removeAcknowledged, (*FOP).retransmitAD, (*FOP).lookForFDU),
		S3: do(S2, (*FOP).removeAcknowledged, (*FOP).retransmitAD, (*FOP).lookForFDU),
		S6: do(S6, ignore...),
	},
	E9: {
		S1: do(S3, (*FOP).removeAcknowledged),
		S2: do(S3, (*FOP).removeAcknowledged),
		S3: do(S3, (*FOP).removeAcknowledged),
		S6: do(S6, ignore...),
	},
	E10: {
		S1: do(S2, (*FOP).retransmitAD, (*FOP).lookForFDU),
		S2: do(S2, ignore...),
		S3: do(S2, (*FOP).retransmitAD, (*FOP).lookForFDU),
		S6: do(S6, ignore...),
	},
	E11: {
		S1: do(S3, ignore...), S2: do(S3, ignore...), S3: do(S3, ignore...),
		S6: do(S6, ignore...),
	},
	E12: {
		S1: do(S2, ignore...), S2: do(S2, ignore...), S3: do(S2, ignore...),
		S6: do(S6, ignore...),
	},
	E103: {
		S1: do(S3, ignore...), S2: do(S3, ignore...), S3: do(S3, ignore...),
		S6: do(S6, ignore...),
	},
	E13: {
		S1: alert(InvalidNR), S2: alert(InvalidNR), S3: alert(InvalidNR), S4: alert(InvalidNR),
		S5: do(S5, ignore...), S6: do(S6, ignore...),
	},
	E14: {
		S1: alert(Lockout), S2: alert(Lockout), S3: alert(Lockout), S4: alert(Lockout),
		S5: do(S5, ignore...), S6: do(S6, ignore...),
	},
	E15: {
		S1: alert(BadCLCW), S2: alert(BadCLCW), S3: alert(BadCLCW), S4: alert(BadCLCW), S5: alert(BadCLCW),
		S6: do(S6, ignore...),
	},
	E16: {
		S1: do(S1, (*FOP).retransmitAD, (*FOP).lookForFDU),
		S2: do(S2, (*FOP).retransmitAD, (*FOP).lookForFDU),
		S3: do(S3, (*FOP).startTimer),
		S4: alert(TimedOut),
		S5: do(S5, (*FOP).retransmitBC, (*FOP).lookForDirective),
	},
	E104: {
		S1: do(S1, (*FOP).retransmitAD, (*FOP).lookForFDU),
		S2: do(S2, (*FOP).retransmitAD, (*FOP).lookForFDU),
		S3: do(S3, (*FOP).startTimer),
		S4: suspend(S4),
		S5: do(S5, (*FOP).retransmitBC, (*FOP).lookForDirective),
	},
	E17: {
		S1: alert(TimedOut), S2: alert(TimedOut), S3: alert(TimedOut), S4: alert(TimedOut), S5: alert(TimedOut),
	},
	E18: {
		S1: suspend(S1), S2: suspend(S2), S3: suspend(S3), S4: suspend(S4), S5: alert(TimedOut),
	},
	E19: {
		S1: do(S1, (*FOP).addToWait, (*FOP).lookForFDU),
		S2: do(S2, (*FOP).addToWait, (*FOP).lookForFDU),
		S3: do(S3, (*FOP).addToWait),
		S4: do(S4, (*FOP).reject), S5: do(S5, (*FOP).reject), S6: do(S6, (*FOP).reject),
	},
	E20: each((*FOP).reject),
	E21: each((*FOP).accept, (*FOP).transmitBD),
	E22: each((*FOP).reject),
	E23: initiation(S1, (*FOP).accept, (*FOP).initialize, (*FOP).confirm),
	E24: initiation(S4, (*FOP).accept, (*FOP).initialize, (*FOP).initiate, (*FOP).startTimer),
	E25: initiation(S5, (*FOP).accept, (*FOP).initialize, (*FOP).initiate, (*FOP).transmitUnlock),
	E26: each((*FOP).reject),
	E27: initiation(S5, (*FOP).accept, (*FOP).initialize, (*FOP).initiate, (*FOP).setNumbers, (*FOP).transmitSetVR),
	E28: each((*FOP).reject),
	E29: {
		S1: do(S6, (*FOP).accept, raise(Term), (*FOP).confirm),
		S2: do(S6, (*FOP).accept, raise(Term), (*FOP).confirm),
		S3: do(S6, (*FOP).accept, raise(Term), (*FOP).confirm),
		S4: do(S6, (*FOP).accept, raise(Term), (*FOP).confirm),
		S5: do(S6, (*FOP).accept, raise(Term), (*FOP).confirm),
		S6: do(S6, (*FOP).accept, (*FOP).confirm),
	},
	E30: each((*FOP).reject),
	E31: resumption(S1),
	E32: resumption(S2),
	E33: resumption(S3),
	E34: resumption(S4),
	E35: initiation(S6, (*FOP).setVS),
	E36: each((*FOP).accept, (*FOP).configure, (*FOP).confirm),
	E37: each((*FOP).accept, (*FOP).configure, (*FOP).confirm),
	E38: each((*FOP).accept, (*FOP).configure, (*FOP).confirm),
	E39: each((*FOP).accept, (*FOP).configure, (*FOP).confirm),
	E40: each((*FOP).reject),
	E41: {
		S1: do(S1, (*FOP).readyAD, (*FOP).lookForFDU),
		S2: do(S2, (*FOP).readyAD, (*FOP).lookForFDU),
		S3: do(S3, (*FOP).readyAD),
		S4: do(S4, (*FOP).readyAD), S5: do(S5, (*FOP).readyAD), S6: do(S6, (*FOP).readyAD),
	},
	E42: everywhere(LowerSide, (*FOP).readyAD),
	E43: {
		S1: do(S1, (*FOP).readyBC), S2: do(S2, (*FOP).readyBC), S3: do(S3, (*FOP).readyBC), S4: do(S4, (*FOP).readyBC),
		S5: do(S5, (*FOP).readyBC, (*FOP).lookForDirective),
		S6: do(S6, (*FOP).readyBC),
	},
	E44: everywhere(LowerSide, (*FOP).readyBC),
	E45: each((*FOP).readyBD, (*FOP).confirmBD),
	E46: everywhere(LowerSide, (*FOP).readyBD, (*FOP).refuseBD),
}

// The states by their numbers, for the table.
const (
	S1 = Active
	S2 = RetransmitWithoutWait
	S3 = RetransmitWithWait
	S4 = InitializingWithoutBC
	S5 = InitializingWithBC
	S6 = Initial
)

// everywhere is a row in which every state raises an alert. The out flag is set ready
// again, which the standard leaves out: a frame that was refused is no longer outstanding,
// and with the flag left as it is no frame of the type could ever be sent again.
func everywhere(r Reason, first ...action) row {
	var t row
	for s := Active; s <= Initial; s++ {
		t[s] = do(Initial, append(append([]action(nil), first...), raise(r))...)
	}
	return t
}
