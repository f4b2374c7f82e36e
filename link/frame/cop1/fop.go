package cop1

import (
	"fmt"
	"time"

	"spacechain/link/frame"
)

// State is a state of FOP-1 (CCSDS 232.1-B-2 §5.1.2).
type State uint8

// The states of FOP-1.
const (
	// Active: the normal state, nothing is being sent again.
	Active State = iota + 1
	// RetransmitWithoutWait: FARM-1 asks for frames again.
	RetransmitWithoutWait
	// RetransmitWithWait: it does, but has no room for them yet.
	RetransmitWithWait
	// InitializingWithoutBC: a CLCW that fits is awaited before the service starts.
	InitializingWithoutBC
	// InitializingWithBC: an Unlock or Set V(R) was sent and has to show in a CLCW.
	InitializingWithBC
	// Initial: there is no AD service.
	Initial
)

// String returns the state's number and name.
func (s State) String() string {
	names := [...]string{"none", "S1 active", "S2 retransmit without wait", "S3 retransmit with wait",
		"S4 initializing without BC frame", "S5 initializing with BC frame", "S6 initial"}
	if int(s) < len(names) {
		return names[s]
	}
	return fmt.Sprintf("state %d", uint8(s))
}

// FrameType is the type of a TC frame by its bypass and control command flags.
type FrameType uint8

// The frame types of CCSDS 232.0-B-4 §4.1.2.3.
const (
	// AD frames carry data in sequence.
	AD FrameType = iota
	// BC frames carry control commands for FARM-1.
	BC
	// BD frames carry data outside the sequence.
	BD
)

// String returns the type's two letters.
func (t FrameType) String() string { return [...]string{"AD", "BC", "BD"}[t%3] }

// FDU is a frame data unit: what one frame carries for the layer above.
type FDU struct {
	// ID names the unit in responses; the caller chooses it.
	ID uint64
	// Data is the data field. FOP-1 keeps it until it is acknowledged.
	Data []byte
	// Segment and MAP go into the segment header, where the virtual channel has one.
	Segment frame.Sequence
	MAP     uint8
}

// Frame is a frame that FOP-1 wants sent.
type Frame struct {
	Type     FrameType
	VC       uint8
	Sequence uint8         // N(S), for AD
	FDU      FDU           // for AD and BD
	Command  frame.Command // for BC
}

// TC makes the transfer frame, for a channel where segments tells whether the virtual
// channel has segment headers.
func (f *Frame) TC(spacecraft uint16, segments bool) frame.TCFrame {
	t := frame.TCFrame{Bypass: f.Type != AD, Control: f.Type == BC, Spacecraft: spacecraft, VC: f.VC}
	if f.Type == BC {
		t.Data = f.Command.Append(nil)
		return t
	}
	if f.Type == AD {
		t.Sequence = f.Sequence
	}
	t.Data = f.FDU.Data
	if segments {
		t.HasSegment, t.Segment, t.MAP = true, f.FDU.Segment, f.FDU.MAP
	}
	return t
}

// Kind says what an [Output] is.
type Kind uint8

// The outputs of FOP-1 (§4.2 and §4.3).
const (
	// Send: a frame is to be sent; answer with [FOP.Radiated].
	Send Kind = iota
	// Abort: frames handed over that have not been sent yet need not be.
	Abort
	// Accept and Reject answer a directive or a unit at once.
	Accept
	Reject
	// Confirm: the directive is done, the unit was acknowledged, or the BD frame was sent.
	Confirm
	// NegativeConfirm: it failed, or nobody knows whether it arrived.
	NegativeConfirm
	// Alert: the AD service has ended, for Reason.
	Alert
	// Suspended: it has paused and can be resumed.
	Suspended
)

// String returns the kind in words.
func (k Kind) String() string {
	names := [...]string{"send", "abort", "accept", "reject", "confirm", "negative confirm", "alert", "suspend"}
	if int(k) < len(names) {
		return names[k]
	}
	return fmt.Sprintf("output %d", uint8(k))
}

// Reason is why an alert was raised (§4.3.2).
type Reason uint8

// The reason codes of alerts.
const (
	Limit     Reason = iota + 1 // a frame was sent as often as allowed
	TimedOut                    // the timer ran out as often as allowed ('T1')
	Lockout                     // FARM-1 is in lockout
	Synch                       // a CLCW contradicts what was sent
	InvalidNR                   // a CLCW reports a number that was never sent ('NN(R)')
	BadCLCW                     // a CLCW contradicts itself, or is not valid ('CLCW')
	LowerSide                   // a frame could not be sent ('LLIF')
	Term                        // a directive terminated the service
)

// String returns the standard's code.
func (r Reason) String() string {
	names := [...]string{"none", "limit", "T1", "lockout", "synch", "NN(R)", "CLCW", "LLIF", "term"}
	if int(r) < len(names) {
		return names[r]
	}
	return fmt.Sprintf("reason %d", uint8(r))
}

// Output is something that FOP-1 wants done or known.
type Output struct {
	Kind Kind
	// Frame is what to send.
	Frame Frame
	// ID names what a response is about: a directive if Directive is set, else a unit.
	ID        uint64
	Directive bool
	// Reason explains an alert.
	Reason Reason
}

// Config is the parameters of a FOP; directives can change them later.
type Config struct {
	// VC is the TC virtual channel, 6 bits.
	VC uint8
	// Window is K, how many frames may be unacknowledged: 1 to 255, and no more than half
	// of the FARM's window. Zero means 10.
	Window int
	// Timeout is T1_Initial, how long a CLCW is waited for. Zero means 10 s.
	Timeout time.Duration
	// Limit is how often a frame may be sent, at least 1. Zero means 5.
	Limit int
	// Suspend sets the timeout type to 1: when the limit is reached by the timer the
	// service is suspended rather than ended.
	Suspend bool
}

// sentFrame is an entry of the Sent_Queue.
type sentFrame struct {
	frame Frame
	again bool // To_Be_Retransmitted
}

// FOP is the sending end, one per virtual channel.
type FOP struct {
	config    Config
	state     State
	suspended State // SS; zero when not suspended

	vs, nnr   uint8 // V(S), NN(R)
	waiting   []FDU // Wait_Queue: none or one
	sent      []sentFrame
	count     int // Transmission_Count
	adReady   bool
	bcReady   bool
	bdReady   bool
	bdID      uint64 // the unit in the BD frame under way
	timer     time.Time
	running   bool
	pending   uint64 // the directive that initiates the AD service
	isPending bool

	now time.Time
	in  input
	out []Output
}

// NewFOP makes a FOP in the initial state.
func NewFOP(c Config) (*FOP, error) {
	if c.Window == 0 {
		c.Window = 10
	}
	if c.Timeout == 0 {
		c.Timeout = 10 * time.Second
	}
	if c.Limit == 0 {
		c.Limit = 5
	}
	if c.VC > 63 || c.Window < 1 || c.Window > 255 || c.Timeout < 0 || c.Limit < 1 {
		return nil, fmt.Errorf("fop of virtual channel %d, window %d, timeout %v, limit %d: %w",
			c.VC, c.Window, c.Timeout, c.Limit, frame.ErrField)
	}
	return &FOP{config: c, state: Initial, adReady: true, bcReady: true, bdReady: true, count: 1}, nil
}

// State is the state now.
func (f *FOP) State() State { return f.state }

// Numbers are V(S), the number of the next new frame, and NN(R), that of the oldest
// unacknowledged one.
func (f *FOP) Numbers() (vs, nnr uint8) { return f.vs, f.nnr }

// Ready says whether another AD unit would be accepted into the wait queue.
func (f *FOP) Ready() bool {
	return len(f.waiting) == 0 && f.state >= Active && f.state <= RetransmitWithWait
}

// Deadline is when the timer runs out, if it runs.
func (f *FOP) Deadline() (time.Time, bool) { return f.timer, f.running }

// Transfer asks for a unit to be sent as an AD frame (§5.1, events E19 and E20).
func (f *FOP) Transfer(now time.Time, u FDU) []Output {
	e := E19
	if len(f.waiting) > 0 {
		e = E20
	}
	return f.step(now, e, input{fdu: u})
}

// TransferBD asks for a unit to be sent as a BD frame (events E21 and E22).
func (f *FOP) TransferBD(now time.Time, u FDU) []Output {
	e := E21
	if !f.bdReady {
		e = E22
	}
	return f.step(now, e, input{fdu: u})
}

// CLCW takes a control word about this virtual channel. One that is about another, or
// another procedure, is ignored (§5.3.2). One whose other fields make no sense counts as
// invalid; those that could not be decoded are for [FOP.InvalidCLCW].
func (f *FOP) CLCW(now time.Time, w frame.CLCW) []Output {
	if w.COP != 1 || w.VC != f.config.VC {
		return nil
	}
	return f.step(now, f.classify(w), input{clcw: w})
}

// InvalidCLCW tells that a control word came that is not valid (event E15).
func (f *FOP) InvalidCLCW(now time.Time) []Output { return f.step(now, E15, input{}) }

// Tick tells the time; it does nothing before the deadline.
func (f *FOP) Tick(now time.Time) []Output {
	if !f.running || now.Before(f.timer) {
		return nil
	}
	f.running = false
	e := E16
	switch again := f.count < f.config.Limit; {
	case again && f.config.Suspend:
		e = E104
	case !again && f.config.Suspend:
		e = E18
	case !again:
		e = E17
	}
	return f.step(now, e, input{})
}

// Radiated tells that the frame of the type last handed over was sent, or, with ok false,
// cannot be (events E41 to E46).
func (f *FOP) Radiated(now time.Time, t FrameType, ok bool) []Output {
	e := [...]Event{AD: E41, BC: E43, BD: E45}[t%3]
	if !ok {
		e++
	}
	return f.step(now, e, input{})
}

// classify finds the event that a control word is (table 5-1, E1 to E14).
func (f *FOP) classify(w frame.CLCW) Event {
	nr := w.ReportValue
	isNew := nr != f.nnr
	pick := func(fresh, same Event) Event {
		if isNew {
			return fresh
		}
		return same
	}
	switch {
	case w.Lockout:
		return E14
	case nr == f.vs && w.Retransmit:
		return E4
	case nr == f.vs && w.Wait:
		return E3
	case nr == f.vs:
		return pick(E2, E1)
	case nr-f.nnr >= f.vs-f.nnr: // modulo 256: outside NN(R) … V(S)
		return E13
	case !w.Retransmit && w.Wait:
		return E7
	case !w.Retransmit:
		return pick(E6, E5)
	case f.config.Limit == 1:
		return pick(E101, E102)
	case isNew && w.Wait:
		return E9
	case isNew:
		return E8
	case f.count < f.config.Limit && w.Wait:
		return E11
	case f.count < f.config.Limit:
		return E10
	case w.Wait:
		return E103
	}
	return E12
}

// input is what came with an event.
type input struct {
	fdu       FDU
	clcw      frame.CLCW
	directive Directive
}

// step looks an event up in the table, does what the cell says and goes to its state.
func (f *FOP) step(now time.Time, e Event, in input) []Output {
	f.now, f.in, f.out = now, in, nil
	c := table[e.index()][f.state]
	for _, do := range c.actions {
		do(f)
	}
	if c.next != 0 {
		f.state = c.next
	}
	f.in = input{}
	return f.out
}
