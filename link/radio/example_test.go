package radio_test

import (
	"fmt"

	"spacechain/link/channel"
	"spacechain/link/radio"
)

// A bundle goes up a payload link: from a trunk through frames, samples, noise and the Doppler of
// a pass, and out of the trunk on board.
func Example() {
	w, _ := radio.Find("payload-up")
	ground, _ := radio.NewTrunk(w, 42)
	tx, _ := w.NewTransmitter()
	tx.Idle = ground.Next // frames when they are due, idle ones in between

	hop, _ := channel.NewSamples(channel.SampleOptions{
		Rate:      w.SampleRate,
		CN0DBHz:   w.RequiredCN0DBHz(1e-3, w.FrameSize) + 2,
		CarrierHz: w.CarrierHz, ClockPPM: 20,
		Doppler: channel.Flyby{CarrierHz: w.CarrierHz, SpeedKmS: 7.4, NearestKm: 500, NearestAtS: 30},
	}, 1)

	rx, _ := w.NewReceiver()
	board, _ := radio.NewTrunk(w, 42)

	_ = ground.Send(radio.Bundles, []byte("a bundle"))
	tx.Key(true)
	block := int(w.SampleRate / 100) // 10 ms
	for range 20 {
		signal := hop.Process(nil, tx.Samples(nil, block))
		for _, f := range rx.Receive(nil, signal) {
			_ = board.Frame(f.Data, func(s radio.Service, unit []byte) {
				fmt.Printf("%v: %s\n", s, unit)
			})
		}
	}
	fmt.Println(w)
	// Output:
	// bundles: a bundle
	// payload-up: QPSK 256 ksym/s, RRC 0.35; RS(255,223) I=4 within convolutional 1/2; AOS
}
