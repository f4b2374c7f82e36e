// Package platform is the platform computer as its payload sees it: it serves
// time, sensors and a power budget over the bus, and takes no orders from there.
//
// This is the stand-in that the first flights of apps need. It is a core: it does
// no input or output, and what it reads comes from Devices.
package platform

import (
	"time"

	"spacechain/platform/bus"
)

// Devices is the hardware that a platform reads. Every method is a function of
// the time asked for, so that the order of reads never matters.
type Devices interface {
	// Read gives a sensor's latest sample at time t, with the time at which it was
	// taken. It reports false for a sensor that the satellite does not have, or that
	// failed.
	Read(name string, t time.Time) (sample Sample, ok bool)
	// Power is the budget for the payload at time t.
	Power(t time.Time) bus.Budget
}

// Sample is one reading of a device.
type Sample struct {
	Time   time.Time
	Values []float64
	Data   []byte // bulk data, nil for most
}

// StandIn answers the payload's requests. It is not safe for concurrent use.
type StandIn struct {
	devices Devices
	refused uint64
}

// New gives a platform that reads devices.
func New(devices Devices) *StandIn { return &StandIn{devices: devices} }

// Refused is the number of datagrams that were not a request this platform
// answers: malformed, or asking for what a payload cannot ask.
func (p *StandIn) Refused() uint64 { return p.refused }

// Receive takes a datagram from the bus at time now and gives the answer, or
// nothing where there is none to give.
func (p *StandIn) Receive(now time.Time, d bus.Datagram) []bus.Datagram {
	if d.To != bus.Platform {
		return nil
	}
	ask, err := bus.Decode(d.Data)
	if err != nil {
		p.refused++
		return nil
	}
	answer := bus.Message{ID: ask.ID}
	switch ask.Kind {
	case bus.AskTime:
		answer.Kind, answer.Time = bus.Time, now
	case bus.AskPower:
		answer.Kind, answer.Budget = bus.Power, p.devices.Power(now)
	case bus.AskSensors:
		answer.Kind = bus.Sensors
		for _, name := range ask.Names {
			r := bus.Reading{Name: name}
			if s, ok := p.devices.Read(name, now); ok {
				r.OK, r.Time, r.Values, r.Data = true, s.Time, s.Values, s.Data
			}
			answer.Readings = append(answer.Readings, r)
		}
	default:
		p.refused++
		return nil
	}
	data := answer.Encode()
	if len(data) > bus.MaxDatagram { // several frames of bulk data at once: one at a time fits
		for i := range answer.Readings {
			if len(answer.Readings[i].Data) > 0 && len(data) > bus.MaxDatagram {
				answer.Readings[i] = bus.Reading{Name: answer.Readings[i].Name}
				data = answer.Encode()
			}
		}
	}
	return []bus.Datagram{{From: bus.Platform, To: d.From, Data: data}}
}
