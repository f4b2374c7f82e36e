package ax25

import (
	"fmt"
	"strconv"
	"strings"
)

// Address is a station: a call sign of up to six letters and digits and a secondary station
// identifier of 0 to 15.
type Address struct {
	Call string
	SSID uint8
	// Flag is the high bit of the last octet: the command/response bit of destination and source,
	// "has been repeated" of a digipeater (AX.25 2.2 §3.12.2).
	Flag bool
}

// addressLen is the length of one address on air.
const addressLen = 7

// ParseAddress reads "DK0XYZ", "DK0XYZ-11" or, with the flag set, "DK0XYZ-11*".
func ParseAddress(s string) (Address, error) {
	var a Address
	rest, flagged := strings.CutSuffix(s, "*")
	a.Flag = flagged
	call, ssid, dashed := strings.Cut(rest, "-")
	if dashed {
		n, err := strconv.ParseUint(ssid, 10, 8)
		if err != nil || n > 15 {
			return Address{}, fmt.Errorf("reading address %q: SSID %q is not 0 to 15", s, ssid)
		}
		a.SSID = uint8(n)
	}
	a.Call = strings.ToUpper(call)
	if err := a.check(); err != nil {
		return Address{}, fmt.Errorf("reading address %q: %w", s, err)
	}
	return a, nil
}

func (a Address) check() error {
	if len(a.Call) == 0 || len(a.Call) > 6 {
		return fmt.Errorf("call sign of %d characters, want 1 to 6", len(a.Call))
	}
	for i := range len(a.Call) {
		if !callCharacter(a.Call[i]) {
			return fmt.Errorf("call sign with %q in it", a.Call[i])
		}
	}
	if a.SSID > 15 {
		return fmt.Errorf("SSID %d is not 0 to 15", a.SSID)
	}
	return nil
}

func callCharacter(c byte) bool { return 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' }

// String is the address as ParseAddress reads it. Characters that no call sign has, which some
// satellites send, appear as they are if printable and as '?' otherwise.
func (a Address) String() string {
	var b strings.Builder
	for i := range len(a.Call) {
		if c := a.Call[i]; c > ' ' && c < 0x7f {
			b.WriteByte(c)
		} else {
			b.WriteByte('?')
		}
	}
	if a.SSID != 0 {
		fmt.Fprintf(&b, "-%d", a.SSID)
	}
	if a.Flag {
		b.WriteByte('*')
	}
	return b.String()
}

// append adds the seven octets on air (AX.25 2.2 §3.12): characters shifted left by one, then
// CRRSSID and the extension bit that marks the last address.
func (a Address) append(dst []byte, last bool) []byte {
	for i := range 6 {
		c := byte(' ')
		if i < len(a.Call) {
			c = a.Call[i]
		}
		dst = append(dst, c<<1)
	}
	b := 0x60 | a.SSID<<1
	if a.Flag {
		b |= 0x80
	}
	if last {
		b |= 1
	}
	return append(dst, b)
}

func decodeAddress(b []byte) Address {
	call := make([]byte, 6)
	for i := range call {
		call[i] = b[i] >> 1
	}
	return Address{
		Call: strings.TrimRight(string(call), " "),
		SSID: b[6] >> 1 & 15,
		Flag: b[6]&0x80 != 0,
	}
}
