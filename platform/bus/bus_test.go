package bus

import (
	"bytes"
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

var sample = time.Date(2026, 5, 30, 1, 2, 3, 4, time.UTC)

func messages() []Message {
	return []Message{
		{Kind: AskTime, ID: 1},
		{Kind: AskPower, ID: 2},
		{Kind: AskSensors, ID: 3, Names: []string{"magnetometer", "gyro"}},
		{Kind: Time, ID: 1, Time: sample},
		{Kind: Power, ID: 2, Budget: Budget{Watts: 8.5, BatteryFraction: 0.75, Sunlit: true}},
		{Kind: Sensors, ID: 3, Readings: []Reading{
			{Name: "magnetometer", OK: true, Time: sample, Values: []float64{-12000.25, 1, 2}},
			{Name: "camera", OK: true, Time: sample, Values: []float64{2, 1}, Data: []byte{7, 8}},
			{Name: "gyro"},
		}},
	}
}

func TestMessagesComeBackAsSent(t *testing.T) {
	for _, m := range messages() {
		got, err := Decode(m.Encode())
		if err != nil {
			t.Errorf("kind %d: %v", m.Kind, err)
		}
		if diff := cmp.Diff(m, got, cmpopts.EquateEmpty()); diff != "" {
			t.Errorf("kind %d: %s", m.Kind, diff)
		}
		d := Datagram{From: Payload, To: Platform, Data: m.Encode()}
		if back, err := DecodeDatagram(d.Encode()); err != nil || !cmp.Equal(d, back) {
			t.Errorf("datagram: %v, %v", back, err)
		}
	}
}

func TestMalformedMessagesAreRefused(t *testing.T) {
	many := Message{Kind: AskSensors, Names: make([]string, MaxSensors+1)}
	long := Message{Kind: AskSensors, Names: []string{string(bytes.Repeat([]byte("x"), maxNameBytes+1))}}
	for name, b := range map[string][]byte{
		"empty":        nil,
		"unknown kind": Message{Kind: 99}.Encode(),
		"many sensors": many.Encode(),
		"long name":    long.Encode(),
		"left over":    append(Message{Kind: AskTime}.Encode(), 0),
		"huge":         make([]byte, MaxDatagram+1),
	} {
		if _, err := Decode(b); !errors.Is(err, ErrMessage) {
			t.Errorf("%s: got %v", name, err)
		}
	}
	if _, err := DecodeDatagram([]byte{0x83, 0x19, 1, 0, 1, 0x40}); !errors.Is(err, ErrMessage) {
		t.Errorf("address out of range: %v", err)
	}
}

func FuzzDecode(f *testing.F) {
	for _, m := range messages() {
		f.Add(m.Encode())
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		if m, err := Decode(b); err == nil && !bytes.Equal(m.Encode(), b) {
			t.Fatalf("%x decodes to something that encodes as %x", b, m.Encode())
		}
		if d, err := DecodeDatagram(b); err == nil && !bytes.Equal(d.Encode(), b) {
			t.Fatalf("%x decodes to something that encodes as %x", b, d.Encode())
		}
	})
}
