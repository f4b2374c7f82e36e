package mission

import (
	"crypto/hkdf"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"time"

	"spacechain/link/sdls"
)

// Names of keys. Those from FirstSessionKey on come over the air.
const (
	keyPackets   sdls.KeyID = 1   // plus the virtual channel
	keySecurity  sdls.KeyID = 101 // plus the virtual channel
	keyMaster    sdls.KeyID = 201 // plus the virtual channel; under which keys are sent
	spiPackets              = 1   // plus the virtual channel
	spiProcedure            = 101 // plus the virtual channel
)

// FirstSessionKey is the lowest name of a key that is sent by OTAR.
const FirstSessionKey sdls.KeyID = 1000

// sessionKeys is how many names each station has for them.
const sessionKeys = 4000

// SessionKey is the n-th name of a key that a station may send.
func SessionKey(vc uint8, n uint64) sdls.KeyID {
	return FirstSessionKey + sessionKeys*sdls.KeyID(vc) + sdls.KeyID(n%sessionKeys)
}

// OwnSessionKey reports whether a name is one of the station's.
func OwnSessionKey(vc uint8, id sdls.KeyID) bool {
	return id >= SessionKey(vc, 0) && id <= SessionKey(vc, sessionKeys-1)
}

// SPI names the association for packets of a station's virtual channel.
func SPI(vc uint8) uint16 { return spiPackets + uint16(vc) }

// ProcedureSPI names the association by which a station changes keys.
func ProcedureSPI(vc uint8) uint16 { return spiProcedure + uint16(vc) }

// MasterKey names the key under which a station sends others.
func MasterKey(vc uint8) sdls.KeyID { return keyMaster + sdls.KeyID(vc) }

// PacketKey names the key of the beginning for a station's packets.
func PacketKey(vc uint8) sdls.KeyID { return keyPackets + sdls.KeyID(vc) }

// ProcedureKey names the key of a station's procedures, which does not change.
func ProcedureKey(vc uint8) sdls.KeyID { return keySecurity + sdls.KeyID(vc) }

// ivLength is the length of initialization vectors, of which ivField octets are sent.
const (
	ivLength = 12
	ivField  = 6
)

// Association is the parameters of the association for packets on a virtual channel.
func (l Link) Association(vc uint8) sdls.Parameters {
	return l.association(SPI(vc), vc)
}

func (l Link) association(spi uint16, vc uint8) sdls.Parameters {
	return sdls.Parameters{
		SPI:     spi,
		Scopes:  []sdls.Scope{{Spacecraft: l.Spacecraft, VC: vc, MAP: sdls.AnyMAP}},
		Service: sdls.AuthenticatedEncryption, Cipher: sdls.AESGCM,
		IV: ivLength, IVField: ivField, MACLength: 16,
		// Numbers follow the clock: they may step far ahead, never back.
		Window: 1<<32 - 1,
		// Everything is authenticated, headers too: a frame that was held back must not be
		// given another place in the sequence, or be taken out of it by the bypass flag.
		Mask: []byte{0xff},
	}
}

// numbersPerSecond is more frames than any waveform here can carry in a second.
const numbersPerSecond = 16

// Numbers is the initialization vector that belongs to a moment: sixteen a second since
// 1970. A sender that takes the greater of this and the last one plus one never uses any
// twice, even if it forgot the last one; a receiver that begins at this accepts none from
// before.
func Numbers(t time.Time) []byte {
	iv := make([]byte, ivLength)
	binary.BigEndian.PutUint64(iv[ivLength-8:], uint64(max(t.Unix(), 0))*numbersPerSecond+uint64(t.Nanosecond())*numbersPerSecond/1e9)
	return iv
}

// key is a secret of this link for one purpose.
func (l Link) key(purpose string, vc uint8) []byte {
	b, err := hkdf.Key(sha256.New, l.Secret[:], nil, fmt.Sprintf("spacechain/v1/ttc/%d/%s/%d", l.Spacecraft, purpose, vc), 32)
	if err != nil { // only for output lengths beyond 255 hashes
		panic("mission: derive: " + err.Error())
	}
	return b
}

// Secure gives the security endpoint of one end, with its key ring, for the virtual
// channels listed. Its numbers begin at a moment.
func (l Link) Secure(from time.Time, vcs ...uint8) (*sdls.Endpoint, *sdls.Ring, error) {
	r := new(sdls.Ring)
	e := sdls.NewEndpoint(l.TC(), r)
	for _, vc := range vcs {
		for _, k := range []struct {
			id      sdls.KeyID
			purpose string
			spi     uint16
		}{
			{PacketKey(vc), "packets", SPI(vc)},
			{ProcedureKey(vc), "procedures", ProcedureSPI(vc)},
			{MasterKey(vc), "master", 0},
		} {
			if err := r.Add(k.id, l.key(k.purpose, vc), sdls.Active); err != nil {
				return nil, nil, fmt.Errorf("keys of virtual channel %d: %w", vc, err)
			}
			if k.spi == 0 {
				continue
			}
			if err := e.Create(l.association(k.spi, vc)); err != nil {
				return nil, nil, fmt.Errorf("association %d: %w", k.spi, err)
			}
			if err := e.Rekey(k.spi, k.id, k.id, Numbers(from), nil); err != nil {
				return nil, nil, fmt.Errorf("association %d: %w", k.spi, err)
			}
			if err := e.Start(k.spi); err != nil {
				return nil, nil, fmt.Errorf("association %d: %w", k.spi, err)
			}
		}
	}
	return e, r, nil
}
