package api

import (
	"encoding/binary"
	"math"
	"time"
)

// PositionFrame is every satellite's position in few bytes: 10,395 satellites
// take 85 kB as JSON. Coordinates are signed 16-bit multiples of UnitKm.
type PositionFrame struct {
	Time       time.Time `json:"time" doc:"Simulated time, UTC"`
	Generation uint64    `json:"generation" doc:"Changes when the catalogue or its order does"`
	Count      int       `json:"count" doc:"Number of satellites, in the order of /api/v1/satellites"`
	UnitKm     float64   `json:"unit_km" doc:"Kilometres per unit of pos_ecef"`
	PosECEF    []byte    `json:"pos_ecef" doc:"Earth-fixed x, y, z as little-endian int16 for each satellite in turn, base64"`
	Sunlit     []byte    `json:"sunlit,omitempty" doc:"One bit for each satellite, lowest bit first, 1 in sunlight, base64"`
	Sun        Point     `json:"sun" doc:"Subsolar point"`
}

// unitKm is the resolution of positions up to 8,191 km from the Earth's centre,
// far below a pixel of any globe. Higher orbits get a coarser one.
const unitKm = 0.25

// packPositions makes the frame of p.
func packPositions(p Positions) PositionFrame {
	f := PositionFrame{Time: p.Time, Generation: p.Generation, Count: len(p.PosECEFKm), UnitKm: unitKm, Sun: p.Sun}
	far := 0.0
	for _, v := range p.PosECEFKm {
		for _, x := range v {
			if a := math.Abs(x); a > far && !math.IsInf(a, 0) {
				far = a
			}
		}
	}
	for far > f.UnitKm*math.MaxInt16 {
		f.UnitKm *= 2
	}
	f.PosECEF = make([]byte, 0, 6*len(p.PosECEFKm))
	for _, v := range p.PosECEFKm {
		for _, x := range v {
			if math.IsNaN(x) || math.IsInf(x, 0) {
				x = 0
			}
			f.PosECEF = binary.LittleEndian.AppendUint16(f.PosECEF, uint16(int16(math.Round(x/f.UnitKm))))
		}
	}
	if len(p.Sunlit) == len(p.PosECEFKm) && len(p.Sunlit) > 0 {
		f.Sunlit = make([]byte, (len(p.Sunlit)+7)/8)
		for i, lit := range p.Sunlit {
			if lit {
				f.Sunlit[i/8] |= 1 << (i % 8)
			}
		}
	}
	return f
}

// LinkFrame is the set of links that are up, in few bytes.
type LinkFrame struct {
	Time  time.Time `json:"time" doc:"Simulated time, UTC"`
	Count int       `json:"count" doc:"Number of links"`
	Ends  []byte    `json:"ends" doc:"Node numbers a, b as little-endian uint32 for each link in turn, base64"`
	Flags []byte    `json:"flags" doc:"One byte for each link: 0 isl, 1 ground, 2 wire; plus 16 if it carries bundles; base64"`
}

// linkActive is the flag of a link that carries bundles.
const linkActive = 16

// packLinks makes the frame of the links that are up at t. Node numbers beyond
// 32 bits do not occur: NORAD ids have nine digits at most.
func packLinks(t time.Time, links []Link) LinkFrame {
	f := LinkFrame{Time: t, Count: len(links),
		Ends: make([]byte, 0, 8*len(links)), Flags: make([]byte, 0, len(links))}
	for _, l := range links {
		f.Ends = binary.LittleEndian.AppendUint32(f.Ends, uint32(l.A))
		f.Ends = binary.LittleEndian.AppendUint32(f.Ends, uint32(l.B))
		flag := byte(0)
		switch l.Kind {
		case LinkGround:
			flag = 1
		case LinkWire:
			flag = 2
		}
		if l.Active {
			flag |= linkActive
		}
		f.Flags = append(f.Flags, flag)
	}
	return f
}

// GapFrame tells a client that it missed events and should fetch what it shows.
type GapFrame struct {
	Lost uint64 `json:"lost" doc:"How many events are missing, 0 where not known"`
}
