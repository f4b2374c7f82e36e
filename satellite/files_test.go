package satellite

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"spacechain/internal/faultfs"
	"spacechain/internal/kv"
	"spacechain/link/cfdp"
	"spacechain/link/cfdp/durable"
	"spacechain/spaceos/command"
)

const dish = 2000001

// uplink is a station's CFDP entity within reach of a sky's payload.
type uplink struct {
	*sky
	station *durable.Entity
	events  []string
}

func newUplink(t testing.TB, change ...func(*sky)) *uplink {
	u := &uplink{}
	policy := func(s *sky) {
		s.files = FilePolicy{Keep: 10_000, Event: func(_ time.Time, i cfdp.Indication) { u.events = append(u.events, i.String()) }}
	}
	u.sky = newSky(t, append(change, policy)...)
	var err error
	u.station, err = durable.Open(u.now, durable.Options{ID: dish, Store: kv.NewMemory()})
	u.check(err)
	u.station.SetLink(u.now, number, true)
	u.payload.FileLink(u.now, dish, true)
	return u
}

// carry moves PDUs until nobody has any, or until stop says so.
func (u *uplink) carry(stop func() bool) {
	u.t.Helper()
	for moved := true; moved; {
		moved = false
		if pdu, ok, err := u.station.Output(u.now, number); err != nil {
			u.t.Fatal(err)
		} else if ok {
			moved = true
			u.payload.FilePDU(u.now, dish, pdu)
			u.exchange()
		}
		if stop != nil && stop() {
			return
		}
		if pdu, ok := u.payload.FileOutput(u.now, dish); ok {
			moved = true
			if stop != nil && stop() {
				return
			}
			_, err := u.station.Receive(u.now, number, pdu)
			u.check(err)
		}
	}
}

func (u *uplink) put(name string, data []byte) cfdp.TransactionID {
	u.t.Helper()
	id, err := u.station.Put(u.now, number, name, data)
	u.check(err)
	return id
}

// deploy is a signed command to install an app.
func (s *sky) deploy(pkg []byte) []byte {
	s.t.Helper()
	s.orders++
	c := command.Command{Op: command.Deploy, Body: pkg, Request: command.RequestID{s.orders}, Satellite: number, ReplyTo: "ipn:3000001.2",
		Issued: s.now.Truncate(time.Millisecond), Expires: s.now.Truncate(time.Millisecond).Add(24 * time.Hour)}
	signed, err := c.Sign(owner)
	s.check(err)
	return signed
}

// A command that comes as a file goes through the gate, is answered by the mesh, and
// leaves nothing behind.
func TestCommandAsFile(t *testing.T) {
	u := newUplink(t)
	u.link()
	signed := u.deploy(app(t, strings.Repeat("magnetometer ", 5000), byMinute))
	id := u.put("commands/deploy", signed)
	u.payload.FilePDU(u.now, dish, []byte("noise"))
	if u.payload.system != nil || u.payload.files.entity != nil {
		t.Fatal("a relay has an operating system, or files")
	}
	u.carry(nil)
	u.run(time.Second)
	if got := u.replies(); !slices.Equal(got, []command.Code{command.OK}) {
		t.Fatalf("replies %v, events %q", got, u.events)
	}
	if u.payload.Tenants() != 1 {
		t.Errorf("%d tenants", u.payload.Tenants())
	}
	if at, _ := u.station.Progress(id); !at.Complete {
		t.Errorf("the station thinks %+v", at)
	}
	e := u.payload.files.entity
	if left := append(e.List("commands"), e.List("orders")...); len(left) != 0 || e.Octets("orders") != 0 {
		t.Errorf("left behind: %v", left)
	}
	// The same file again, in another transaction: the command is known.
	u.put("commands/deploy", signed)
	u.carry(nil)
	u.run(time.Second)
	if got := u.replies(); u.payload.Tenants() != 1 || !slices.Equal(got, []command.Code{command.OK, command.OK}) {
		t.Errorf("%d tenants, replies %v", u.payload.Tenants(), got)
	}
}

func TestFilePolicy(t *testing.T) {
	u := newUplink(t)
	u.link()
	forged := u.deploy(app(t, "magnetometer", byMinute))
	forged[len(forged)-1] ^= 1
	for _, c := range []struct {
		name string
		data []byte
		want cfdp.Condition
	}{
		{"files/map", make([]byte, 6000), cfdp.NoError},
		{"files/other", make([]byte, 6000), cfdp.FilestoreRejection}, // above what may stay
		{"files/small", make([]byte, 3000), cfdp.NoError},
		{"orders/x", []byte("x"), cfdp.FilestoreRejection},
		{"elsewhere", []byte("x"), cfdp.FilestoreRejection},
		{"commands/none", []byte("no command"), cfdp.NoError},
		{"commands/forged", forged, cfdp.NoError},
	} {
		id := u.put(c.name, c.data)
		u.carry(nil)
		u.run(time.Second)
		if at, _ := u.station.Progress(id); !at.Ended || at.Condition != c.want {
			t.Errorf("%s: %+v, want %v", c.name, at, c.want)
		}
	}
	if got, err := u.payload.KeptFile("map"); err != nil || len(got) != 6000 {
		t.Errorf("the file that may stay: %d octets, %v", len(got), err)
	}
	if len(u.inbox) != 0 || u.payload.Tenants() != 0 {
		t.Errorf("%d replies to what was no command, %d tenants", len(u.inbox), u.payload.Tenants())
	}
	if e := u.payload.files.entity; e.Octets("orders")+e.Octets("commands") != 0 {
		t.Error("commands are left behind")
	}
}

// The power is cut at every write of the payload's store, in the middle of a command that
// comes as a file. After a restart it is carried out once, and answered.
func TestCommandAsFileThroughPowerCuts(t *testing.T) {
	pkg := app(t, strings.Repeat("magnetometer ", 1000), byMinute)
	flight := func(disk *faultfs.FS) *uplink {
		store, err := kv.OpenPebble("store", disk)
		if err != nil {
			t.Fatal(err)
		}
		defer store.Close()
		u := newUplink(t, func(s *sky) { s.store = store })
		u.put("commands/deploy", u.deploy(pkg))
		u.carry(disk.HasCut)
		return u
	}
	disk := faultfs.New()
	if u := flight(disk); u.payload.Tenants() != 1 {
		t.Fatalf("without a cut %d tenants", u.payload.Tenants())
	}
	step := 1
	if testing.Short() {
		step = 5
	}
	writes, cuts := disk.Writes(), 0
	for n := 0; n < writes; n += step {
		disk := faultfs.New()
		disk.CutAt(n, uint64(n))
		u := flight(disk)
		after := disk.AfterCut()
		if after == nil {
			continue
		}
		cuts++
		when := fmt.Sprintf("cut at write %d", n)
		store, err := kv.OpenPebble("store", after)
		if err != nil {
			t.Fatalf("%s: %v", when, err)
		}
		u.store, u.inbox = store, nil
		u.now = u.now.Add(time.Hour)
		u.restart()
		u.station.SetLink(u.now, number, false)
		u.station.SetLink(u.now, number, true)
		u.payload.FileLink(u.now, dish, true)
		u.link()
		for range 20 {
			u.carry(nil)
			u.run(3 * time.Second)
			u.check(u.station.Tick(u.now))
		}
		// The reply may come twice, as every message of the operating system that a
		// crash finds between it and the mesh.
		if got := slices.Compact(u.replies()); !slices.Equal(got, []command.Code{command.OK}) || u.payload.Tenants() != 1 {
			t.Errorf("%s: %d tenants, replies %v", when, u.payload.Tenants(), got)
		}
		if u.station.Busy(number) {
			t.Errorf("%s: the station is still at %v", when, u.station.Transactions())
		}
		store.Close()
	}
	if cuts < 10 {
		t.Errorf("only %d cuts", cuts)
	}
}
