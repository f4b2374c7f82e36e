package satellite

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"spacechain/link/cfdp"
)

// Empty files and directories count for what they cost.
func TestKeepCountsEmptyFiles(t *testing.T) {
	u := newUplink(t)
	u.link()
	kept := 0
	for i := range 100 {
		id := u.put(fmt.Sprintf("files/%d/%d", i%2, i), nil)
		u.carry(nil)
		u.run(time.Second)
		if at, _ := u.station.Progress(id); at.Complete {
			kept++
		} else if at.Condition != cfdp.FilestoreRejection {
			t.Errorf("file %d: %+v", i, at)
		}
	}
	if most := 10_000 / 256; kept < most-4 || kept > most {
		t.Errorf("%d empty files are kept", kept)
	}
	if n := u.payload.files.entity.UsedOctets(); n > 10_000+256 { // and the directory of files under way
		t.Errorf("they take %d octets of the quota", n)
	}
}

// The quota is all but full when a command comes: it is taken or its sender is told that it is
// not, and the computer goes on.
func TestCommandIntoFullStore(t *testing.T) {
	signed := 0
	for each := range int64(32) {
		left := 64*each - 512
		u := newUplink(t, func(s *sky) {})
		u.link()
		u.payload.opts.Files.Keep, u.payload.opts.Files.Quota = 1<<20, 64<<10
		u.put("files/small", nil)
		u.carry(nil)
		order := u.deploy(app(t, "magnetometer", byMinute))
		left += int64(len(order))
		free := 64<<10 - u.payload.files.entity.UsedOctets() - 256 - 256 // the file, and the temporary directory
		id := u.put("files/big", []byte(strings.Repeat("x", int(free-left))))
		u.carry(nil)
		if at, _ := u.station.Progress(id); !at.Complete {
			t.Fatalf("%d left: %+v", left, at)
		}
		id = u.put("commands/deploy", order)
		u.carry(nil)
		u.run(time.Second)
		at, _ := u.station.Progress(id)
		if !at.Ended || u.payload.failed || at.Complete != (u.payload.Tenants() == 1) {
			t.Fatalf("%d left: %+v, %d tenants", left, at, u.payload.Tenants())
		}
		if at.Complete {
			signed++
		}
	}
	if signed == 0 || signed == 32 {
		t.Errorf("%d of 32 commands were taken", signed)
	}
}
