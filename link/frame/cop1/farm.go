package cop1

import (
	"fmt"

	"spacechain/link/frame"
)

// FARMState is a state of FARM-1 (CCSDS 232.1-B-2 §6.1.2).
type FARMState uint8

// The states of FARM-1.
const (
	// Open accepts AD frames in sequence.
	Open FARMState = iota + 1
	// Wait has no room for the next AD frame.
	Wait
	// Locked accepts no AD frame until it is unlocked.
	Locked
)

// String returns the state's number and name.
func (s FARMState) String() string {
	if s >= Open && s <= Locked {
		return [...]string{"S1 open", "S2 wait", "S3 lockout"}[s-1]
	}
	return fmt.Sprintf("state %d", uint8(s))
}

// FARM is the receiving end, one per virtual channel. Make it with [NewFARM].
type FARM struct {
	vc, window        uint8
	state             FARMState
	vr                uint8
	farmB             uint8
	wait, lockout     bool
	retransmit        bool
	Accepted, Refused uint64 // frames, for telemetry
}

// NewFARM makes a FARM for a virtual channel, open, expecting frame 0. The window is an
// even number of 2 to 254 (§6.1.8); half of it lies ahead of V(R).
func NewFARM(vc uint8, window int) (*FARM, error) {
	if vc > 63 || window < 2 || window > 254 || window%2 != 0 {
		return nil, fmt.Errorf("farm of virtual channel %d with window %d: %w", vc, window, frame.ErrField)
	}
	return &FARM{vc: vc, window: uint8(window), state: Open}, nil
}

// State is the state now.
func (f *FARM) State() FARMState { return f.state }

// VR is V(R), the number of the AD frame that is expected.
func (f *FARM) VR() uint8 { return f.vr }

// FARMEvent is an event of FARM-1, numbered as in table 6-1.
type FARMEvent uint8

// Frame takes a valid frame of the virtual channel and says whether its data field goes to
// the layer above. room tells whether there is a buffer for it. A buffer that has come
// free since the last frame counts as released (event E10).
func (f *FARM) Frame(t *frame.TCFrame, room bool) (accept bool) {
	e := f.classify(t, room)
	if e == 1 && f.state == Wait {
		f.Release()
	}
	accept = f.apply(e, t)
	if accept {
		f.Accepted++
	} else if e != 7 && e != 8 {
		f.Refused++
	}
	return accept
}

// classify finds the event that a frame is: E1 to E9 of table 6-1.
func (f *FARM) classify(t *frame.TCFrame, room bool) FARMEvent {
	switch half := f.window / 2; {
	case t.Control && !t.Bypass:
		return 9
	case t.Control:
		c, err := frame.DecodeCommand(t.Data)
		switch {
		case err != nil:
			return 9
		case c.SetVR:
			return 8
		}
		return 7
	case t.Bypass:
		return 6
	case t.Sequence == f.vr && room:
		return 1
	case t.Sequence == f.vr:
		return 2
	case t.Sequence-f.vr < half: // modulo 256
		return 3
	case f.vr-t.Sequence <= half:
		return 4
	}
	return 5
}

// apply does what table 6-1 says about an event in the state.
func (f *FARM) apply(e FARMEvent, t *frame.TCFrame) (accept bool) {
	switch e {
	case 1:
		if f.state == Open {
			f.vr++
			f.retransmit = false
			return true
		}
	case 2:
		if f.state == Open {
			f.retransmit, f.wait, f.state = true, true, Wait
		}
	case 3:
		if f.state == Open {
			f.retransmit = true
		}
	case 5:
		if f.state != Locked {
			f.lockout, f.state = true, Locked
		}
	case 6:
		f.farmB++
		return true
	case 7:
		f.farmB++
		f.retransmit, f.wait, f.lockout, f.state = false, false, false, Open
	case 8:
		f.farmB++
		if f.state != Locked {
			// The command was read when it was classified.
			c, _ := frame.DecodeCommand(t.Data)
			f.vr, f.retransmit, f.wait, f.state = c.VR, false, false, Open
		}
	case 10:
		f.wait = false
		if f.state == Wait {
			f.state = Open
		}
	}
	return false
}

// Invalid tells that a frame came that is not valid (event E9): it is discarded.
func (f *FARM) Invalid() {
	f.apply(9, nil)
	f.Refused++
}

// Release tells that a buffer has come free (event E10).
func (f *FARM) Release() { f.apply(10, nil) }

// CLCW is the report for the operational control field (event E11). The caller adds what
// it knows of the physical channel.
func (f *FARM) CLCW() frame.CLCW {
	return frame.CLCW{
		COP: 1, VC: f.vc, Lockout: f.lockout, Wait: f.wait, Retransmit: f.retransmit,
		FARMB: f.farmB & 3, ReportValue: f.vr,
	}
}
