package ttc

import (
	"encoding/binary"
	"fmt"
	"slices"

	"spacechain/link/packet"
	"spacechain/link/pus"
	"spacechain/link/sdls"
	"spacechain/platform/ttc/mission"
)

// packetKey is the key of a station's packets: the one that was in operation last, and the one
// that the association has been given.
type packetKey struct{ operating, given sdls.KeyID }

// rekeyed follows which key secures packets, after a procedure that went well.
func (t *TTC) rekeyed(vc uint8, p sdls.PDU) {
	switch k := &t.keys[vc]; {
	case p.Tag == sdls.SARekey && len(p.Data) >= 4:
		k.given = sdls.KeyID(binary.BigEndian.Uint16(p.Data[2:]))
	case p.Tag == sdls.SAStart:
		t.operate(vc, k.given)
	}
}

// operate notes that a key is in operation. That a session key no longer is, and the key of the
// beginning is again, somebody must be told.
func (t *TTC) operate(vc uint8, id sdls.KeyID) {
	k, first := &t.keys[vc], mission.PacketKey(vc)
	back := id == first && k.operating != first
	k.operating, k.given = id, id
	if back {
		t.counters.KeyFallbacks++
		t.server.Raise(t.now, pus.Event{Severity: pus.Medium, ID: mission.EventKeyFallback, Data: []byte{vc}})
	}
}

// heal puts the association for a station's packets into operation again if a change of key was
// broken off: with the key of before, which the station still has, or with that of the beginning
// if it is gone.
func (t *TTC) heal(vc uint8) {
	spi := mission.SPI(vc)
	state, _ := t.endpoint.State(spi)
	if state == sdls.Operational {
		return
	}
	if state == sdls.Keyed {
		_ = t.endpoint.Expire(spi)
	}
	from := mission.Numbers(t.now)
	for _, next := range [][]byte{t.next(spi), t.floors[spi]} {
		if slices.Compare(next, from) > 0 {
			from = next // the clock is behind
		}
	}
	id := t.keys[vc].operating
	if s, ok := t.ring.State(id); !ok || s != sdls.Active {
		id = mission.PacketKey(vc)
	}
	if t.endpoint.Rekey(spi, id, id, from, nil) == nil && t.endpoint.Start(spi) == nil {
		t.operate(vc, id)
	}
}

func (t *TTC) next(spi uint16) []byte {
	iv, _, _ := t.endpoint.Numbers(spi) // nil if there is no such association
	return iv
}

// procedure does what a station commands about keys (CCSDS 355.1-B-1). A station reaches
// only its own association.
func (t *TTC) procedure(vc uint8, u []byte) {
	p, _, err := sdls.DecodePDU(u)
	if err == nil && p.Tag>>4 == 1 && (len(p.Data) < 2 || binary.BigEndian.Uint16(p.Data) != mission.SPI(vc)) {
		err = fmt.Errorf("procedure %#02x on another's association: %w", uint8(p.Tag), errRefused)
	}
	if err == nil && (p.Tag == sdls.KeyDeactivate || p.Tag == sdls.KeyDestruction) {
		err = onlySession(vc, p.Data)
	}
	var reply sdls.PDU
	if err == nil {
		reply, err = t.procedures[vc].Handle(p)
	}
	if err == nil {
		t.rekeyed(vc, p)
	}
	e := pus.Event{Severity: pus.Low, ID: mission.EventKeys, Data: []byte{byte(p.Tag)}}
	if err != nil {
		e.Severity, e.ID = pus.Medium, mission.EventKeysRefused
	}
	t.server.Raise(t.now, e)
	if reply.Tag == 0 {
		return
	}
	data, err := reply.Append(nil)
	if err != nil || len(data) == 0 {
		return
	}
	pkt := packet.AppendHeader(nil, packet.Header{APID: t.link.SecurityAPID(), Flags: packet.Unsegmented, Count: t.replies & packet.CountMask}, len(data))
	t.replies++
	if t.sender.Write(mission.VCLive, append(pkt, data...)) != nil {
		t.counters.TelemetryDropped++
	}
}

// onlySession refuses a list of keys that has one of the satellite's own, or of another
// station's.
func onlySession(vc uint8, ids []byte) error {
	for ; len(ids) >= 2; ids = ids[2:] {
		if id := sdls.KeyID(binary.BigEndian.Uint16(ids)); !mission.OwnSessionKey(vc, id) {
			return fmt.Errorf("key %d did not come from this station: %w", id, errRefused)
		}
	}
	return nil
}

// nonce is a vector for an answer about a key: none comes twice, not even after a restart.
func (t *TTC) nonce() (n [12]byte) {
	t.nonces++
	copy(n[:], mission.Numbers(t.now))
	binary.BigEndian.PutUint32(n[:], t.nonces)
	return n
}
