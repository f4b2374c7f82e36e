package satellite

import (
	"slices"
	"strings"
	"testing"
	"time"

	"spacechain/platform/bus"
	"spacechain/spaceos/command"
)

// ask deploys an app that reads a sensor, and gives the sky just before it is due.
func ask(t *testing.T) *sky {
	s := newSky(t)
	s.link()
	s.order(command.Command{Op: command.Deploy, Body: app(t, "magnetometer", byMinute)})
	s.run(59 * time.Second)
	s.asked = nil
	return s
}

func (s *sky) questions() (out []bus.Message) {
	for _, m := range s.asked {
		if m.Kind == bus.AskSensors {
			out = append(out, m)
		}
	}
	return out
}

// A question that is lost is asked again, the same one, in time.
func TestLostQuestionIsRepeated(t *testing.T) {
	s := ask(t)
	lost := 2
	var at []time.Time
	s.answer = func(m bus.Message) []bus.Message {
		if m.Kind == bus.AskSensors {
			at = append(at, s.now)
			if lost > 0 {
				lost--
				return nil
			}
		}
		return reading(m)
	}
	s.run(2 * time.Second)
	q := s.questions()
	if len(q) != 3 || q[1].ID != q[0].ID || q[2].ID != q[0].ID || !slices.Equal(q[2].Names, []string{"magnetometer"}) {
		t.Fatalf("asked %+v", q)
	}
	for i, want := range []time.Duration{0, askAfter, 2 * askAfter} {
		if got := at[i].Sub(noon.Add(time.Minute)); got != want {
			t.Errorf("question %d was asked after %v, want %v", i, got, want)
		}
	}
	if got := s.results(); len(got) != 1 || !strings.Contains(got[0], "magnetometer [7]") {
		t.Errorf("results: %q", got)
	}
	if len(s.payload.asked) != 0 {
		t.Error("a question is still open")
	}
}

// After the last question the activation starts without the readings.
func TestSilentPlatform(t *testing.T) {
	s := ask(t)
	s.answer = func(bus.Message) []bus.Message { return nil }
	s.run(2 * time.Second)
	if q := s.questions(); len(q) != askTimes {
		t.Errorf("asked %d times", len(q))
	}
	if got := s.results(); len(got) != 1 || !strings.HasSuffix(got[0], "magnetometer busy") {
		t.Errorf("results: %q", got)
	}
	// An answer that comes much too late is nobody's.
	late := reading(bus.Message{Kind: bus.AskSensors, ID: s.questions()[0].ID, Names: []string{"magnetometer"}})
	s.payload.Bus(s.now, bus.Datagram{From: bus.Platform, To: bus.Payload, Data: late[0].Encode()})
	s.run(time.Second)
	if got := s.results(); len(got) != 1 || s.failure != nil {
		t.Errorf("results: %q, %v", got, s.failure)
	}
}

// Answers that come twice start one activation.
func TestAnswerComesTwice(t *testing.T) {
	s := ask(t)
	s.answer = func(m bus.Message) []bus.Message { return append(reading(m), reading(m)...) }
	s.run(62 * time.Second)
	if got := s.results(); len(got) != 2 {
		t.Errorf("results: %q", got)
	}
}

// What is not an answer of the platform to the payload is ignored, and the question
// repeated.
func TestStrayDatagrams(t *testing.T) {
	s := ask(t)
	s.answer = func(bus.Message) []bus.Message { return nil }
	s.run(time.Second + 50*time.Millisecond)
	q := s.questions()
	if len(q) != 1 {
		t.Fatalf("asked %d times", len(q))
	}
	good := reading(q[0])[0]
	for name, d := range map[string]bus.Datagram{
		"damaged":          {From: bus.Platform, To: bus.Payload, Data: good.Encode()[1:]},
		"empty":            {From: bus.Platform, To: bus.Payload},
		"for the platform": {From: bus.Platform, To: bus.Platform, Data: good.Encode()},
		"from the payload": {From: bus.Payload, To: bus.Payload, Data: good.Encode()},
		"a question":       {From: bus.Platform, To: bus.Payload, Data: q[0].Encode()},
		"unasked":          {From: bus.Platform, To: bus.Payload, Data: bus.Message{Kind: bus.Sensors, ID: q[0].ID + 99}.Encode()},
	} {
		s.payload.Bus(s.now, d)
		s.exchange()
		if len(s.payload.asked) != 1 || len(s.ended) != 0 {
			t.Errorf("%s: it was taken for the answer", name)
		}
	}
	s.payload.Bus(s.now, bus.Datagram{From: bus.Platform, To: bus.Payload, Data: good.Encode()})
	s.run(time.Second)
	if got := s.results(); len(got) != 1 || !strings.Contains(got[0], "magnetometer [7]") {
		t.Errorf("results: %q", got)
	}
}
