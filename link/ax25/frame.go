package ax25

import (
	"fmt"
	"strings"
)

// Values of Frame.Control and Frame.PID that satellites use (AX.25 2.2 §4.3.3, §3.4).
const (
	ControlUI   = 0x03 // unnumbered information
	PollFinal   = 0x10 // the bit of an unnumbered control octet that asks for or gives an answer
	PIDNoLayer3 = 0xf0
)

// MaxDigipeaters is how many repeaters a frame may name. AX.25 2.2 has two, 2.0 and all that is
// in use have eight.
const MaxDigipeaters = 8

// Frame is one AX.25 frame without its check sequence.
type Frame struct {
	Destination, Source Address
	Digipeaters         []Address
	Control             byte // of modulo 8 operation
	PID                 byte // present in I and UI frames
	Info                []byte
}

// UI returns an unnumbered information frame without a layer 3 protocol, as a command.
func UI(destination, source Address, info []byte) *Frame {
	destination.Flag, source.Flag = true, false
	return &Frame{Destination: destination, Source: source, Control: ControlUI, PID: PIDNoLayer3, Info: info}
}

// HasPID tells whether frames of this control octet carry a protocol identifier: I and UI.
func (f *Frame) HasPID() bool { return f.Control&1 == 0 || f.Control&^PollFinal == ControlUI }

// Encode returns the frame on air from address to information, without flags, stuffing and check
// sequence.
func (f *Frame) Encode() ([]byte, error) {
	if len(f.Digipeaters) > MaxDigipeaters {
		return nil, fmt.Errorf("encoding frame from %v: %d digipeaters, at most %d", f.Source, len(f.Digipeaters), MaxDigipeaters)
	}
	path := append([]Address{f.Destination, f.Source}, f.Digipeaters...)
	out := make([]byte, 0, len(path)*addressLen+2+len(f.Info))
	for i, a := range path {
		if err := a.check(); err != nil {
			return nil, fmt.Errorf("encoding frame, address %d: %w", i, err)
		}
		out = a.append(out, i == len(path)-1)
	}
	out = append(out, f.Control)
	if f.HasPID() {
		out = append(out, f.PID)
	}
	return append(out, f.Info...), nil
}

// Decode takes apart a frame without its check sequence. Call signs may hold what no call sign
// has: see Plausible. Info refers to b.
func Decode(b []byte) (*Frame, error) {
	n := addressCount(b)
	if n == 0 {
		return nil, fmt.Errorf("decoding frame of %d octets: no end of 2 to %d addresses", len(b), MaxDigipeaters+2)
	}
	rest := b[n*addressLen:]
	if len(rest) == 0 {
		return nil, fmt.Errorf("decoding frame of %d octets: no control octet after %d addresses", len(b), n)
	}
	f := &Frame{Destination: decodeAddress(b), Source: decodeAddress(b[addressLen:]), Control: rest[0]}
	for i := 2; i < n; i++ {
		f.Digipeaters = append(f.Digipeaters, decodeAddress(b[i*addressLen:]))
	}
	rest = rest[1:]
	if f.HasPID() {
		if len(rest) == 0 {
			return nil, fmt.Errorf("decoding frame from %v: control octet %#02x without protocol identifier", f.Source, f.Control)
		}
		f.PID, rest = rest[0], rest[1:]
	}
	f.Info = rest
	return f, nil
}

// addressCount is the number of addresses that b starts with by their extension bits, 0 if that
// is not 2 to 10 whole ones.
func addressCount(b []byte) int {
	for i := range min(len(b), (MaxDigipeaters+2)*addressLen) {
		if b[i]&1 != 0 {
			if n := (i + 1) / addressLen; (i+1)%addressLen == 0 && n >= 2 {
				return n
			}
			return 0
		}
	}
	return 0
}

// String shows the frame as packet monitors do: SOURCE>DESTINATION,PATH:information.
func (f *Frame) String() string {
	var b strings.Builder
	source, destination := f.Source, f.Destination
	source.Flag, destination.Flag = false, false
	fmt.Fprintf(&b, "%v>%v", source, destination)
	for _, d := range f.Digipeaters {
		fmt.Fprintf(&b, ",%v", d)
	}
	b.WriteByte(':')
	for _, c := range f.Info {
		if c >= ' ' && c < 0x7f {
			b.WriteByte(c)
		} else {
			fmt.Fprintf(&b, "<%02x>", c)
		}
	}
	return b.String()
}

// Plausible tells whether a frame without its check sequence has the form of AX.25: whole
// addresses of the characters of call signs, padded with blanks at the end only, and a control
// octet that exists. Random octets pass once in 2^36 (see PlausibleShare).
func Plausible(b []byte) bool {
	n := addressCount(b)
	if n == 0 || len(b) <= n*addressLen {
		return false
	}
	for i := range n {
		a := b[i*addressLen:]
		blank := a[0]>>1 == ' '
		if blank {
			return false
		}
		for _, c := range a[:6] {
			c >>= 1
			if blank && c != ' ' || c != ' ' && !callCharacter(c) {
				return false
			}
			blank = c == ' '
		}
	}
	c := b[n*addressLen]
	switch {
	case c&1 == 0, c&3 == 1: // I; S
	default: // U: SABME, SABM, DISC, DM, UA, FRMR, UI, XID, TEST
		switch c &^ PollFinal {
		case 0x6f, 0x2f, 0x43, 0x0f, 0x63, 0x87, ControlUI, 0xaf, 0xe3:
		default:
			return false
		}
	}
	return true
}

// PlausibleShare bounds the share of random octet strings that Plausible lets pass: for two
// addresses 13 extension bits are clear and one set (2^-14) and each call sign is one of at most
// 37 characters out of 128 six times ((37/128)^12); more addresses only add to the conditions,
// the sum over their number stays below 1.01 times that.
const PlausibleShare = 1.01 * 6.103515625e-05 * 3.4103e-07
