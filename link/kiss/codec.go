// Package kiss speaks KISS (Chepponis and Karn, 1987; multi-drop extension of Karl Medcalf), the
// protocol between a terminal node controller and a program: over TCP, a serial line or any other
// stream of octets. A Server is the controller to which other people's programs connect, a Conn
// made by Dial the program that connects to other people's controllers.
//
// A frame of data is an AX.25 frame without flags and check sequence.
package kiss

import (
	"fmt"
)

// Special octets of the framing.
const (
	fend  = 0xc0
	fesc  = 0xdb
	tfend = 0xdc
	tfesc = 0xdd
)

// Command is what a frame is for: the low half of its first octet.
type Command byte

// Commands. All but Data and Return carry one octet for the port's radio.
const (
	Data        Command = 0x0
	TXDelay     Command = 0x1 // keyed before data, in 10 ms
	Persistence Command = 0x2 // p × 256 - 1
	SlotTime    Command = 0x3 // in 10 ms
	TXTail      Command = 0x4 // keyed after data, in 10 ms
	FullDuplex  Command = 0x5 // not 0 for yes
	SetHardware Command = 0x6 // depends on the device
	Return      Command = 0xf // leave KISS mode; with port 15 only
)

var commandNames = map[Command]string{
	Data: "data", TXDelay: "tx delay", Persistence: "persistence", SlotTime: "slot time",
	TXTail: "tx tail", FullDuplex: "full duplex", SetHardware: "set hardware", Return: "return",
}

func (c Command) String() string {
	if s, ok := commandNames[c]; ok {
		return s
	}
	return fmt.Sprintf("command %#x", byte(c))
}

// Ports is how many radios one controller can have.
const Ports = 16

// MaxData bounds the octets of one frame; a longer one is dropped. AX.25 as satellites use it
// stays below 1100.
const MaxData = 8192

// Frame is one KISS frame.
type Frame struct {
	Port    uint8 // 0 to 15
	Command Command
	Data    []byte
}

// Append adds the frame as it goes over the line to dst: with a FEND before, so that noise on a
// serial line becomes a frame of its own, and one after.
func Append(dst []byte, f Frame) []byte {
	dst = append(dst, fend)
	dst = escape(dst, f.Port<<4|byte(f.Command)&15)
	for _, b := range f.Data {
		dst = escape(dst, b)
	}
	return append(dst, fend)
}

func escape(dst []byte, b byte) []byte {
	switch b {
	case fend:
		return append(dst, fesc, tfend)
	case fesc:
		return append(dst, fesc, tfesc)
	}
	return append(dst, b)
}

// Decoder takes frames out of a stream of octets. The zero value is ready.
type Decoder struct {
	buf     []byte
	escaped bool
	broken  bool // drop what comes until the next FEND
	// Dropped counts frames that were too long or escaped what needs no escape.
	Dropped int
}

// Next takes one octet and returns the frame that it ends, if it does. The frame's data is its own.
func (d *Decoder) Next(b byte) (Frame, bool) {
	if b == fend {
		f, ok := d.take()
		d.buf, d.escaped, d.broken = d.buf[:0], false, false
		return f, ok
	}
	if d.broken {
		return Frame{}, false
	}
	switch {
	case d.escaped:
		d.escaped = false
		switch b {
		case tfend:
			b = fend
		case tfesc:
			b = fesc
		default:
			d.drop()
			return Frame{}, false
		}
	case b == fesc:
		d.escaped = true
		return Frame{}, false
	}
	if len(d.buf) > MaxData {
		d.drop()
		return Frame{}, false
	}
	d.buf = append(d.buf, b)
	return Frame{}, false
}

func (d *Decoder) drop() {
	d.broken = true
	d.Dropped++
}

func (d *Decoder) take() (Frame, bool) {
	if d.broken || len(d.buf) == 0 {
		return Frame{}, false
	}
	if d.escaped {
		d.Dropped++
		return Frame{}, false
	}
	f := Frame{Port: d.buf[0] >> 4, Command: Command(d.buf[0] & 15)}
	f.Data = append([]byte(nil), d.buf[1:]...)
	return f, true
}
