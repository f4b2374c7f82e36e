package cop1

import (
	"fmt"
	"time"
)

// Order is what a directive tells FOP-1 to do (CCSDS 232.1-B-2 §4.2.2).
type Order uint8

// The directives.
const (
	// InitiateWithoutCheck starts the AD service at once.
	InitiateWithoutCheck Order = iota + 1
	// InitiateWithCheck starts it once a CLCW shows that both ends agree.
	InitiateWithCheck
	// InitiateWithUnlock sends an Unlock first.
	InitiateWithUnlock
	// InitiateWithSetVR sends a Set V(R) with Value first.
	InitiateWithSetVR
	// Terminate ends the AD service.
	Terminate
	// Resume goes on after a suspension.
	Resume
	// SetVS makes Value the number of the next frame; only in the initial state.
	SetVS
	// SetWindow, SetTimeout, SetLimit and SetTimeoutType change the [Config]: Value is
	// the window, the limit, or 1 for suspension at timeout; Timeout is T1_Initial.
	SetWindow
	SetTimeout
	SetLimit
	SetTimeoutType
)

// Directive is an order with its qualifier.
type Directive struct {
	// ID names the directive in responses; the caller chooses it.
	ID    uint64
	Order Order
	// Value qualifies the orders that say so.
	Value int
	// Timeout qualifies SetTimeout.
	Timeout time.Duration
}

// valid says whether the order exists and its qualifier is within bounds.
func (d Directive) valid() bool {
	switch d.Order {
	case InitiateWithoutCheck, InitiateWithCheck, InitiateWithUnlock, Terminate, Resume:
		return true
	case InitiateWithSetVR, SetVS:
		return d.Value >= 0 && d.Value <= 255
	case SetWindow:
		return d.Value >= 1 && d.Value <= 255
	case SetLimit:
		return d.Value >= 1
	case SetTimeout:
		return d.Timeout > 0
	case SetTimeoutType:
		return d.Value == 0 || d.Value == 1
	}
	return false
}

// Direct gives FOP-1 a directive (events E23 to E40).
func (f *FOP) Direct(now time.Time, d Directive) []Output {
	e := E40
	if d.valid() {
		e = f.directed(d.Order)
	}
	return f.step(now, e, input{directive: d})
}

func (f *FOP) directed(o Order) Event {
	ready := func(yes, no Event) Event {
		if f.bcReady {
			return yes
		}
		return no
	}
	switch o {
	case InitiateWithoutCheck:
		return E23
	case InitiateWithCheck:
		return E24
	case InitiateWithUnlock:
		return ready(E25, E26)
	case InitiateWithSetVR:
		return ready(E27, E28)
	case Terminate:
		return E29
	case Resume:
		return E30 + Event(f.suspended)
	case SetVS:
		return E35
	case SetWindow:
		return E36
	case SetTimeout:
		return E37
	case SetLimit:
		return E38
	case SetTimeoutType:
		return E39
	}
	return E40
}

// String names the order.
func (o Order) String() string {
	names := [...]string{"none", "initiate AD without CLCW check", "initiate AD with CLCW check", "initiate AD with unlock",
		"initiate AD with set V(R)", "terminate AD", "resume AD", "set V(S)", "set window", "set T1", "set limit", "set timeout type"}
	if int(o) < len(names) {
		return names[o]
	}
	return fmt.Sprintf("order %d", uint8(o))
}
