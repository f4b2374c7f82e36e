package csp

import (
	"spacechain/link/kiss"
)

// AppendKISS adds the packet as libcsp sends it over a serial line to dst: a KISS data frame of
// port 0, with a CRC-32C over the data at the end whatever the flags say.
func AppendKISS(dst []byte, v Version, p Packet) ([]byte, error) {
	p, err := AppendCRC(v, p, OverData)
	if err != nil {
		return dst, err
	}
	frame, err := p.Append(nil, v)
	if err != nil {
		return dst, err
	}
	return kiss.Append(dst, kiss.Frame{Command: kiss.Data, Data: frame}), nil
}

// KISSDecoder takes packets out of a serial line's octets. It is made with its Version set.
type KISSDecoder struct {
	Version Version
	// Refused counts frames that were no packets or whose CRC was wrong.
	Refused int

	line kiss.Decoder
}

// Dropped counts frames that were too long or broke KISS's rules.
func (d *KISSDecoder) Dropped() int { return d.line.Dropped }

// Next takes one octet and returns the packet that it completes, if it does.
func (d *KISSDecoder) Next(b byte) (Packet, bool) {
	f, ok := d.line.Next(b)
	// Frames that set parameters of a controller mean nothing to a node.
	if !ok || f.Command != kiss.Data {
		return Packet{}, false
	}
	p, err := Parse(d.Version, f.Data)
	if err == nil {
		p, _, err = CheckCRC(d.Version, p)
	}
	if err != nil {
		d.Refused++
		return Packet{}, false
	}
	return p, true
}
