package control_test

import (
	"fmt"
	"time"

	"spacechain/link/radio"
	"spacechain/platform/ttc"
	"spacechain/platform/ttc/mission"
	"spacechain/station/control"
)

// A satellite and its station talk for a minute over a link without distance or loss. Slots
// take turns of six seconds: hail, answer, command, report.
func Example() {
	start := time.Date(2026, 11, 23, 0, 0, 0, 0, time.UTC)
	link := mission.Link{Spacecraft: 7, APID: 100, Call: "N0CALL-7", Secret: [32]byte{42}}
	sat, err := ttc.New(start, ttc.Config{Link: link})
	if err != nil {
		fmt.Println(err)
		return
	}
	station, err := control.New(start, control.Config{Link: link})
	if err != nil {
		fmt.Println(err)
		return
	}
	id, err := station.Command(start, station.Profile().PerformFunction(mission.FunctionReport, nil))
	if err != nil {
		fmt.Println(err)
		return
	}
	station.Begin(start, start.Add(time.Minute))
	slot := station.Link().Slots.Length
	deliver := func(bursts []radio.Burst, to func(time.Time, []byte)) {
		for _, b := range bursts {
			fmt.Printf("%v %s: %d frames\n", b.At.Sub(start), b.Waveform.Name, len(b.Frames))
			for i, f := range b.Frames {
				to(b.Arrival(i, 0), f)
			}
		}
	}
	for now := start; now.Before(start.Add(24 * time.Second)); now = now.Add(slot) {
		station.Tick(now)
		deliver(station.Bursts(), sat.Uplink)
		sat.Tick(now)
		deliver(sat.Bursts(), station.Downlink)
		c, _ := station.State(id)
		fmt.Printf("%v the command is %v\n", now.Sub(start), c.State)
	}
	// Output:
	// 0s ttc-up: 1 frames
	// 0s the command is queued
	// 6s ttc-down: 13 frames
	// 6s the command is queued
	// 12s ttc-up: 1 frames
	// 12s the command is sent
	// 18s ttc-down: 13 frames
	// 18s the command is verified
}
