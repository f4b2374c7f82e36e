package platform

import (
	"testing"
	"time"

	"spacechain/platform/bus"
)

var now = time.Date(2026, 5, 30, 0, 0, 0, 0, time.UTC)

type devices struct{}

func (devices) Read(name string, t time.Time) (Sample, bool) {
	switch name {
	case "magnetometer":
		return Sample{Time: t.Add(-time.Second), Values: []float64{1, 2, float64(t.Unix())}}, true
	case "camera":
		return Sample{Time: t, Values: []float64{200, 200}, Data: make([]byte, 40000)}, true
	}
	return Sample{Values: []float64{9}, Data: []byte{9}}, false
}

func (devices) Power(time.Time) bus.Budget { return bus.Budget{Watts: 5, BatteryFraction: 0.5} }

func ask(t *testing.T, p *StandIn, m bus.Message) (bus.Message, bool) {
	t.Helper()
	out := p.Receive(now, bus.Datagram{From: bus.Payload, To: bus.Platform, Data: m.Encode()})
	if len(out) == 0 {
		return bus.Message{}, false
	}
	if len(out) != 1 || out[0].To != bus.Payload || out[0].From != bus.Platform {
		t.Fatalf("answered %v", out)
	}
	answer, err := bus.Decode(out[0].Data)
	if err != nil {
		t.Fatal(err)
	}
	return answer, true
}

func TestAnswersWhatAPayloadMayAsk(t *testing.T) {
	p := New(devices{})
	if a, ok := ask(t, p, bus.Message{Kind: bus.AskTime, ID: 7}); !ok || a.ID != 7 || !a.Time.Equal(now) {
		t.Errorf("time: %+v", a)
	}
	if a, ok := ask(t, p, bus.Message{Kind: bus.AskPower, ID: 8}); !ok || a.Budget.Watts != 5 {
		t.Errorf("power: %+v", a)
	}
	a, ok := ask(t, p, bus.Message{Kind: bus.AskSensors, ID: 9, Names: []string{"magnetometer", "thruster"}})
	if !ok || len(a.Readings) != 2 {
		t.Fatalf("sensors: %+v", a)
	}
	if r := a.Readings[0]; !r.OK || r.Values[2] != float64(now.Unix()) || !r.Time.Equal(now.Add(-time.Second)) {
		t.Errorf("magnetometer: %+v", r)
	}
	if r := a.Readings[1]; r.OK || r.Values != nil || r.Data != nil {
		t.Errorf("a sensor that is not there: %+v", r)
	}
}

func TestRefusesEverythingElse(t *testing.T) {
	p := New(devices{})
	if _, ok := ask(t, p, bus.Message{Kind: bus.Power, ID: 1}); ok {
		t.Error("the payload set the power budget")
	}
	if out := p.Receive(now, bus.Datagram{From: bus.Payload, To: bus.Platform, Data: []byte("open the valve")}); out != nil {
		t.Errorf("answered %v", out)
	}
	if p.Refused() != 2 {
		t.Errorf("counted %d refusals, want 2", p.Refused())
	}
	if out := p.Receive(now, bus.Datagram{From: bus.Payload, To: bus.Payload}); out != nil {
		t.Errorf("answered what was not sent to it: %v", out)
	}
}

// Two camera frames do not fit one datagram; one of them comes, and the other is
// said to be missing, so that nothing is silently cut.
func TestAnswerAlwaysFitsADatagram(t *testing.T) {
	p := New(devices{})
	a, ok := ask(t, p, bus.Message{Kind: bus.AskSensors, Names: []string{"camera", "camera"}})
	if !ok || len(a.Readings) != 2 || a.Readings[0].OK == a.Readings[1].OK {
		t.Fatalf("answered %d readings, %v and %v", len(a.Readings), a.Readings[0].OK, a.Readings[1].OK)
	}
}
