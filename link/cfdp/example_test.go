package cfdp_test

import (
	"fmt"
	"time"

	"spacechain/link/cfdp"
)

// A station sends a file to a satellite over a link that loses every third PDU.
func Example() {
	stationFiles, files := cfdp.NewMemStore(), cfdp.NewMemStore()
	station := cfdp.New(cfdp.Config{ID: 1}, stationFiles)
	satellite := cfdp.New(cfdp.Config{ID: 2}, files)
	if err := cfdp.WriteFile(stationFiles, "app.spk", make([]byte, 64_000)); err != nil {
		fmt.Println(err)
	}
	now := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	if _, err := station.Put(now, cfdp.PutRequest{Dest: 2, SourceName: "app.spk", DestName: "inbox/app.spk"}); err != nil {
		fmt.Println(err)
	}
	n := 0
	carry := func(from, to *cfdp.Entity) {
		for {
			pdu, ok := from.Output(now, to.ID())
			if !ok {
				return
			}
			if n++; n%3 != 0 {
				_ = to.Receive(now, pdu)
			}
		}
	}
	for range 100 {
		carry(station, satellite)
		carry(satellite, station)
		if at, ok := station.Next(); ok {
			now = at
		}
		if at, ok := satellite.Next(); ok && at.Before(now) {
			now = at
		}
		station.Tick(now)
		satellite.Tick(now)
	}
	for _, i := range satellite.Indications() {
		fmt.Println(i)
	}
	size, err := files.Size("inbox/app.spk")
	fmt.Println(size, err)
	// Output:
	// receiving 1:0: metadata received
	// receiving 1:0: EOF received
	// receiving 1:0: finished
	// 64000 <nil>
}
