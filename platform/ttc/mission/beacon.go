package mission

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"time"

	"spacechain/link/ax25"
)

// ErrBeacon says that an AX.25 frame is no beacon of this kind.
var ErrBeacon = errors.New("no beacon")

// Beacon is what a satellite tells everybody: an AX.25 UI frame to CQ whose information
// field is 'SC', a version, and binary telemetry.
type Beacon struct {
	Call    string    // who sends
	Time    time.Time // on board, whole seconds
	Mode    Mode
	Battery float64          // charge, 0 to 1
	Silence time.Duration    // since the last valid telecommand, whole hours, up to 255
	Fixed   bool             // Orbit means something
	Orbit   OrbitMeasurement // to the decimetre and 1 cm/s
}

const (
	beaconVersion = 1
	beaconInfo    = 36
	beaconFrame   = 16 + beaconInfo
)

// Frame writes the beacon as an AX.25 frame without its check sequence.
func (b *Beacon) Frame() ([]byte, error) {
	from, err := ax25.ParseAddress(b.Call)
	if err != nil {
		return nil, fmt.Errorf("beacon: %w", err)
	}
	info := append(make([]byte, 0, beaconInfo), 'S', 'C', beaconVersion, byte(b.Mode))
	info = binary.BigEndian.AppendUint32(info, uint32(b.Time.Unix()))
	info = append(info, percent(b.Battery), byte(min(max(b.Silence/time.Hour, 0), 255)))
	o := OrbitMeasurement{}
	age := uint16(math.MaxUint16)
	if b.Fixed {
		o = b.Orbit
		// How old the fix was, in milliseconds; the highest number means that there is none.
		second := time.Unix(b.Time.Unix(), 0)
		age = uint16(min(max(second.Sub(o.Time).Milliseconds()+beaconAhead, 0), math.MaxUint16-1))
	}
	info = binary.BigEndian.AppendUint16(info, age)
	for _, x := range o.PosECEFKm {
		info = binary.BigEndian.AppendUint32(info, uint32(int32(whole(x*1e4, math.MinInt32, math.MaxInt32))))
	}
	for _, v := range o.VelECEFKmS {
		c := int32(whole(v*1e5, -1<<23, 1<<23-1))
		info = append(info, byte(c>>16), byte(c>>8), byte(c))
	}
	info = append(info, byte(min(max(o.Satellites, 0), 255)), byte(whole(math.Ceil(o.SigmaM), 0, 255)))
	info = append(info, 0) // spare
	return ax25.UI(ax25.Address{Call: "CQ"}, from, info).Encode()
}

// beaconAhead is how far, in milliseconds, a fix may lie behind the whole second of the
// beacon's time.
const beaconAhead = 1000

func percent(share float64) byte { return byte(whole(share*100, 0, 100)) }

// whole is x rounded to a whole number within bounds; what is no number is 0.
func whole(x, least, most float64) float64 {
	if math.IsNaN(x) {
		return 0
	}
	return min(max(math.Round(x), least), most)
}

// DecodeBeacon reads a beacon out of an AX.25 frame.
func DecodeBeacon(b []byte) (*Beacon, error) {
	f, err := ax25.Decode(b)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrBeacon, err)
	}
	i := f.Info
	if f.Control&^ax25.PollFinal != ax25.ControlUI || len(i) != beaconInfo || i[0] != 'S' || i[1] != 'C' || i[2] != beaconVersion {
		return nil, fmt.Errorf("ax.25 frame of %s with %d octets: %w", f.Source, len(i), ErrBeacon)
	}
	from := f.Source
	from.Flag = false // command or response: no part of the name
	out := &Beacon{
		Call: from.String(), Mode: Mode(i[3]), Time: time.Unix(int64(binary.BigEndian.Uint32(i[4:])), 0).UTC(),
		Battery: float64(i[8]) / 100, Silence: time.Duration(i[9]) * time.Hour,
	}
	if i[8] > 100 {
		return nil, fmt.Errorf("beacon of %s with a charge of %d %%: %w", f.Source, i[8], ErrBeacon)
	}
	age := binary.BigEndian.Uint16(i[10:])
	if age == math.MaxUint16 {
		return out, nil
	}
	out.Fixed = true
	out.Orbit = OrbitMeasurement{
		Time:       out.Time.Add(time.Duration(beaconAhead-int(age)) * time.Millisecond),
		Satellites: int(i[33]), SigmaM: float64(i[34]),
	}
	for k := range 3 {
		out.Orbit.PosECEFKm[k] = float64(int32(binary.BigEndian.Uint32(i[12+4*k:]))) / 1e4
		v := i[24+3*k:]
		out.Orbit.VelECEFKmS[k] = float64(int32(uint32(v[0])<<24|uint32(v[1])<<16|uint32(v[2])<<8)>>8) / 1e5
	}
	return out, nil
}
