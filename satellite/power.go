package satellite

import (
	"time"

	"spacechain/platform/bus"
)

// powerEvery is how often the platform is asked for the payload's power budget.
const powerEvery = 10 * time.Minute

// powerWatch keeps up with the power budget.
type powerWatch struct {
	budget bus.Budget
	known  bool
	next   time.Time // when to ask next
	tries  int       // without an answer
}

// is takes the platform's answer.
func (w *powerWatch) is(now time.Time, b bus.Budget) {
	w.budget, w.known, w.tries, w.next = b, true, 0, now.Add(powerEvery)
}

// watchPower asks when it is time to; a question that was lost is repeated, but not
// for ever: a platform that does not answer has other worries.
func (p *Payload) watchPower(now time.Time) {
	w := &p.power
	if now.Before(w.next) {
		return
	}
	if w.tries++; w.tries < askTimes {
		w.next = now.Add(p.opts.BusWait)
	} else {
		w.tries, w.next = 0, now.Add(powerEvery)
	}
	p.send(bus.Message{Kind: bus.AskPower})
}

// Power is the platform's latest word on the payload's power budget.
func (p *Payload) Power() (bus.Budget, bool) { return p.power.budget, p.power.known }
