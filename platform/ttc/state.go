package ttc

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"spacechain/internal/cbor"
	"spacechain/link/frame"
	"spacechain/link/sdls"
	"spacechain/platform/ttc/mission"
)

// stateVersion is that of the form of what Export gives.
const stateVersion = 3

var errState = errors.New("no state of telemetry and command")

// Export gives what must survive a restart: V(R) of each virtual channel, segments of units
// that are not whole, which packets were executed last, the numbers of SDLS, and the state of the PUS server. Numbers
// follow the clock, but a clock may have lost the time when a computer starts.
// It is to be kept after each Uplink that changed something: from a state that is older than
// the last command, that command may be done again.
func (t *TTC) Export() ([]byte, error) {
	server, err := t.server.Export()
	if err != nil {
		return nil, fmt.Errorf("export: %w", err)
	}
	vr := make([]byte, len(t.farms))
	for i, f := range t.farms {
		vr[i] = f.VR()
	}
	b := cbor.AppendArray(nil, 8)
	b = cbor.AppendUint(b, stateVersion)
	b = cbor.AppendBytes(b, vr)
	b = cbor.AppendUint(b, t.live)
	keys := slices.SortedFunc(maps.Keys(t.pieces), func(a, b segmentKey) int { return cmp.Compare(a.number(), b.number()) })
	b = cbor.AppendArray(b, len(keys))
	for _, k := range keys {
		b = cbor.AppendArray(b, 1+2*len(t.pieces[k]))
		b = cbor.AppendUint(b, k.number())
		for _, p := range t.pieces[k] {
			b = cbor.AppendUint(b, uint64(p.flag))
			b = cbor.AppendBytes(b, p.data)
		}
	}
	b = cbor.AppendArray(b, len(t.recent))
	for _, r := range t.recent {
		var all []byte
		for _, d := range r {
			all = append(all, d[:]...)
		}
		b = cbor.AppendBytes(b, all)
	}
	numbers := t.associations()
	b = cbor.AppendArray(b, len(numbers))
	for _, a := range numbers {
		b = cbor.AppendBytes(b, t.floors[a.spi])
	}
	b = cbor.AppendBytes(b, t.telemetry.Next())
	return cbor.AppendBytes(b, server), nil
}

// association is a security association with the key of the beginning.
type association struct {
	spi uint16
	key sdls.KeyID
}

func (t *TTC) associations() (list []association) {
	for vc := range t.farms {
		list = append(list, association{mission.SPI(uint8(vc)), mission.PacketKey(uint8(vc))},
			association{mission.ProcedureSPI(uint8(vc)), mission.ProcedureKey(uint8(vc))})
	}
	return list
}

// goOn has an association accept no number below next, if the clock has not passed it.
func (t *TTC) goOn(spi uint16, key sdls.KeyID, next []byte) error {
	now, _, err := t.endpoint.Numbers(spi)
	if err != nil || bytes.Compare(next, now) <= 0 {
		return err
	}
	return errors.Join(t.endpoint.Stop(spi), t.endpoint.Expire(spi), t.endpoint.Rekey(spi, key, key, next, nil), t.endpoint.Start(spi))
}

// number packs a key.
func (k segmentKey) number() uint64 {
	n := uint64(k.vc)<<8 | uint64(k.mapID)<<1
	if k.bypass {
		n |= 1
	}
	return n
}

// restore takes up what Export gave.
func (t *TTC) restore(now time.Time, state []byte) error {
	d := cbor.NewDecoder(state)
	fail := func(what any) error { return fmt.Errorf("restore: %w: %v", errState, what) }
	if n, err := d.Array(); err != nil || n != 8 {
		return fail("eight fields expected")
	}
	if v, err := d.Uint(); err != nil || v != stateVersion {
		return fail("another version")
	}
	vr, err := d.Bytes()
	if err != nil || len(vr) != len(t.farms) {
		return fail("another number of virtual channels")
	}
	for vc, f := range t.farms {
		c := frame.Command{SetVR: true, VR: vr[vc]}
		f.Frame(&frame.TCFrame{Bypass: true, Control: true, VC: uint8(vc), Data: c.Append(nil)}, true)
	}
	if t.live, err = d.Uint(); err != nil {
		return fail(err)
	}
	if err := t.restorePieces(d); err != nil {
		return fail(err)
	}
	if n, err := d.Array(); err != nil || n != len(t.recent) {
		return fail("another number of virtual channels")
	}
	for vc := range t.recent {
		all, err := d.Bytes()
		if err != nil || len(all) > mostRecent*len(digest{}) {
			return fail("packets executed last")
		}
		for x := range slices.Chunk(all, len(digest{})) {
			if len(x) == len(digest{}) {
				t.recent[vc] = append(t.recent[vc], digest(x))
			}
		}
	}
	if n, err := d.Array(); err != nil || n != len(t.associations()) {
		return fail("another number of associations")
	}
	for _, a := range t.associations() {
		floor, err := d.Bytes()
		if err != nil {
			return fail(err)
		}
		if len(floor) == 0 {
			continue
		}
		t.floors[a.spi] = floor
		if err := t.goOn(a.spi, a.key, floor); err != nil {
			return fail(err)
		}
	}
	next, err := d.Bytes()
	if err == nil {
		err = t.telemetry.GoOn(next)
	}
	if err != nil {
		return fail(err)
	}
	server, err := d.Bytes()
	if err != nil {
		return fail(err)
	}
	if err := d.Done(); err != nil {
		return fail(err)
	}
	return t.server.Import(now, server)
}

func (t *TTC) restorePieces(d *cbor.Decoder) error {
	n, err := d.Array()
	for ; n > 0 && err == nil; n-- {
		var m int
		var number uint64
		if m, err = d.Array(); err != nil {
			break
		}
		if number, err = d.Uint(); err != nil {
			break
		}
		key := segmentKey{uint8(number >> 8), uint8(number >> 1 & 0x7f), number&1 != 0}
		for ; m > 2 && err == nil; m -= 2 {
			var flag uint64
			var data []byte
			if flag, err = d.Uint(); err != nil {
				break
			}
			if data, err = d.Bytes(); err == nil {
				t.join(key, piece{frame.Sequence(flag & 3), data})
			}
		}
	}
	return err
}
