package satellite

import (
	"maps"
	"slices"
	"time"

	"spacechain/platform/bus"
	"spacechain/spaceos/sandbox"
	"spacechain/spaceos/system"
)

// A datagram may be lost on the bus: an unanswered question is asked again, and
// after the last time the activation starts without the readings.
const (
	askAfter = 200 * time.Millisecond
	askTimes = 3
)

// question is a request for sensor readings that is open.
type question struct {
	sensors []string
	again   time.Time
	tries   int
}

func (p *Payload) ask(now time.Time, r system.SensorRequest) {
	q := &question{sensors: r.Sensors}
	p.asked[r.Job] = q
	p.put(now, r.Job, q)
}

func (p *Payload) put(now time.Time, job system.JobID, q *question) {
	q.tries++
	q.again = now.Add(p.opts.BusWait)
	p.send(bus.Message{Kind: bus.AskSensors, ID: uint64(job), Names: q.sensors})
}

func (p *Payload) send(m bus.Message) {
	p.opts.Bus(bus.Datagram{From: bus.Payload, To: bus.Platform, Data: m.Encode()})
}

// askAgain repeats what the platform has not answered.
func (p *Payload) askAgain(now time.Time) {
	for _, job := range slices.Sorted(maps.Keys(p.asked)) {
		q := p.asked[job]
		if now.Before(q.again) {
			continue
		}
		if q.tries < askTimes {
			p.put(now, job, q)
			continue
		}
		delete(p.asked, job)
		p.check(p.system.Sensors(now, job, nil))
	}
}

// Bus takes a datagram from the platform.
func (p *Payload) Bus(now time.Time, d bus.Datagram) {
	if d.To != bus.Payload || d.From != bus.Platform {
		return
	}
	m, err := bus.Decode(d.Data)
	if err != nil {
		return // asked again in time
	}
	switch m.Kind {
	case bus.Power:
		p.power.is(now, m.Budget)
	case bus.Sensors:
		job := system.JobID(m.ID)
		if p.asked[job] == nil {
			return // the answer to a question that was asked twice
		}
		delete(p.asked, job)
		readings := make([]system.SensorReading, 0, len(m.Readings))
		for _, r := range m.Readings {
			answer := system.SensorReading{Name: r.Name, Errno: sandbox.EUnavailable}
			if r.OK {
				answer.Errno = sandbox.OK
				answer.Reading = sandbox.Reading{Time: r.Time, Values: r.Values, Data: r.Data}
			}
			readings = append(readings, answer)
		}
		p.check(p.system.Sensors(now, job, readings))
	}
}
