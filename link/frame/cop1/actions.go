package cop1

import "spacechain/link/frame"

// respond answers whoever caused the event.
func (f *FOP) respond(k Kind) {
	if f.in.directive.Order != 0 {
		f.out = append(f.out, Output{Kind: k, ID: f.in.directive.ID, Directive: true})
		return
	}
	f.out = append(f.out, Output{Kind: k, ID: f.in.fdu.ID})
}

func (f *FOP) accept()  { f.respond(Accept) }
func (f *FOP) reject()  { f.respond(Reject) }
func (f *FOP) confirm() { f.respond(Confirm) }

// initiate remembers the directive whose confirmation waits for a CLCW.
func (f *FOP) initiate() { f.pending, f.isPending = f.in.directive.ID, true }

func (f *FOP) confirmInitiation() { f.finish(Confirm) }

func (f *FOP) finish(k Kind) {
	if f.isPending {
		f.out = append(f.out, Output{Kind: k, ID: f.pending, Directive: true})
	}
	f.isPending = false
}

// purgeSent is §5.2.2. With no frame left to be acknowledged NN(R) is V(S) (§5.1.6).
func (f *FOP) purgeSent() {
	for _, s := range f.sent {
		if s.frame.Type == AD {
			f.out = append(f.out, Output{Kind: NegativeConfirm, ID: s.frame.FDU.ID})
		}
	}
	f.sent = nil
	f.nnr = f.vs
}

// purgeWait is §5.2.3.
func (f *FOP) purgeWait() {
	for _, u := range f.waiting {
		f.out = append(f.out, Output{Kind: Reject, ID: u.ID})
	}
	f.waiting = nil
}

// initialize is §5.2.14.
func (f *FOP) initialize() {
	f.purgeSent()
	f.purgeWait()
	f.count, f.suspended = 1, 0
}

// alert is §5.2.15.
func (f *FOP) alert(r Reason) {
	f.cancelTimer()
	f.purgeSent()
	f.purgeWait()
	f.finish(NegativeConfirm)
	f.out = append(f.out, Output{Kind: Alert, Reason: r})
}

// resume is §5.2.17.
func (f *FOP) resume() {
	f.startTimer()
	f.suspended = 0
}

func (f *FOP) startTimer()  { f.timer, f.running = f.now.Add(f.config.Timeout), true }
func (f *FOP) cancelTimer() { f.running = false }

func (f *FOP) readyAD() { f.adReady = true }
func (f *FOP) readyBC() { f.bcReady = true }
func (f *FOP) readyBD() { f.bdReady = true }

// confirmBD confirms a BD unit once its frame was sent. (Table 5-1 prints 'Accept' in this
// row, E45, though E21 accepted the unit already.)
func (f *FOP) confirmBD() { f.out = append(f.out, Output{Kind: Confirm, ID: f.bdID}) }

func (f *FOP) refuseBD() { f.out = append(f.out, Output{Kind: NegativeConfirm, ID: f.bdID}) }

func (f *FOP) addToWait() { f.waiting = append(f.waiting, f.in.fdu) }

func (f *FOP) send(fr Frame) {
	fr.VC = f.config.VC
	f.out = append(f.out, Output{Kind: Send, Frame: fr})
}

// transmitAD is §5.2.4 for the unit in the wait queue.
func (f *FOP) transmitAD(u FDU) {
	fr := Frame{Type: AD, VC: f.config.VC, Sequence: f.vs, FDU: u}
	f.vs++
	if len(f.sent) == 0 {
		f.count = 1
	}
	f.sent = append(f.sent, sentFrame{frame: fr})
	f.startTimer()
	f.adReady = false
	f.send(fr)
}

func (f *FOP) transmitBC(c frame.Command) {
	fr := Frame{Type: BC, VC: f.config.VC, Command: c}
	f.sent = append(f.sent, sentFrame{frame: fr})
	f.count = 1
	f.startTimer()
	f.bcReady = false
	f.send(fr)
}

func (f *FOP) transmitUnlock() { f.transmitBC(frame.Command{}) }

func (f *FOP) transmitSetVR() {
	f.transmitBC(frame.Command{SetVR: true, VR: uint8(f.in.directive.Value)})
}

func (f *FOP) transmitBD() {
	f.bdReady, f.bdID = false, f.in.fdu.ID
	f.send(Frame{Type: BD, FDU: f.in.fdu})
}

func (f *FOP) releaseBC() { f.sent = nil }

// setNumbers makes V(S) and NN(R) the directive's number.
func (f *FOP) setNumbers() {
	f.vs = uint8(f.in.directive.Value)
	f.nnr = f.vs
}

// setVS is the cell E35 by S6, which depends on the suspend state.
func (f *FOP) setVS() {
	if f.suspended != 0 {
		f.reject()
		return
	}
	f.accept()
	f.setNumbers()
	f.confirm()
}

func (f *FOP) configure() {
	d := f.in.directive
	switch d.Order {
	case SetWindow:
		f.config.Window = d.Value
	case SetTimeout:
		f.config.Timeout = d.Timeout
	case SetLimit:
		f.config.Limit = d.Value
	case SetTimeoutType:
		f.config.Suspend = d.Value == 1
	}
}

// removeAcknowledged is §5.2.10 (Remove acknowledged Frames from Sent_Queue).
func (f *FOP) removeAcknowledged() {
	for len(f.sent) > 0 && f.nnr != f.in.clcw.ReportValue {
		f.out = append(f.out, Output{Kind: Confirm, ID: f.sent[0].frame.FDU.ID})
		f.sent = f.sent[1:]
		f.nnr++
		f.count = 1
	}
}

// again starts the retransmission of the frames of a type (§5.2.7, §5.2.8).
func (f *FOP) again(t FrameType) {
	f.out = append(f.out, Output{Kind: Abort})
	f.count++
	f.startTimer()
	for i := range f.sent {
		if f.sent[i].frame.Type == t {
			f.sent[i].again = true
		}
	}
}

func (f *FOP) retransmitAD() { f.again(AD) }
func (f *FOP) retransmitBC() { f.again(BC) }

// lookForDirective is §5.2.11: sends a BC frame marked for it, if one can go.
func (f *FOP) lookForDirective() {
	if f.bcReady && f.resend(BC) {
		f.bcReady = false
	}
}

// lookForFDU is §5.2.9: sends the first frame marked for it, else the waiting unit if
// the window allows.
func (f *FOP) lookForFDU() {
	if !f.adReady {
		return
	}
	if f.resend(AD) {
		f.adReady = false
		return
	}
	if len(f.waiting) > 0 && int(f.vs-f.nnr) < f.config.Window {
		u := f.waiting[0]
		f.waiting = nil
		f.out = append(f.out, Output{Kind: Accept, ID: u.ID})
		f.transmitAD(u)
	}
}

func (f *FOP) resend(t FrameType) bool {
	for i := range f.sent {
		if s := &f.sent[i]; s.again && s.frame.Type == t {
			s.again = false
			f.send(s.frame)
			return true
		}
	}
	return false
}
