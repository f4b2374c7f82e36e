package receive_test

import (
	"errors"
	"testing"

	"spacechain/link/ax25"
	"spacechain/link/modem/tnc"
	"spacechain/link/receive"
	"spacechain/link/send"
)

// A frame that a receiver with error correction and one without it find counts once, as in audio,
// though both share a modem; one that is sent twice counts twice.
func TestOneFrameOfSeveralReceivers(t *testing.T) {
	const rate = 48000
	source, err := ax25.ParseAddress("N0CALL")
	if err != nil {
		t.Fatal(err)
	}
	frame, err := ax25.UI(source, source, []byte("once")).Encode()
	if err != nil {
		t.Fatal(err)
	}
	s, err := send.New("g3ruh9600", "fx25", send.Options{Rate: rate, Amplitude: 0.5, CheckOctets: 16})
	if err != nil {
		t.Fatal(err)
	}
	found, err := receive.Find("g3ruh9600", "")
	if err != nil {
		t.Fatal(err)
	}
	for sent := 1; sent <= 2; sent++ {
		var frames [][]byte
		for range sent {
			frames = append(frames, frame)
		}
		samples, err := s.IQ(frames...)
		if err != nil {
			t.Fatal(err)
		}
		bank, refused := receive.OpenIQ(found, receive.Options{Rate: rate, Effort: tnc.Quick}, receive.Tuning{})
		if refused != nil {
			t.Fatal(refused)
		}
		got := bank.Process(nil, append(samples, make([]complex64, rate/2)...))
		got = bank.Flush(got)
		if len(got) != sent {
			t.Errorf("sent %d times, found %d: %v", sent, len(got), got)
		}
	}
}

// What does not work is named by its modem.
func TestRefused(t *testing.T) {
	_, refused := receive.Open([]receive.Combination{{Modem: "g3ruh9600", Framing: "ax25"}}, receive.Options{Rate: 8000})
	var one *receive.RefusedError
	if len(refused) != 1 || !errors.As(refused[0], &one) || one.Modem != "g3ruh9600" || errors.Unwrap(refused[0]) == nil {
		t.Errorf("refused: %v", refused)
	}
}
