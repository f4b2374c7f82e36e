package ax25

// fcsTable holds the CRC of ITU-T V.41 (x^16+x^12+x^5+1), low bit first, for each octet.
var fcsTable = func() (t [256]uint16) {
	for i := range t {
		c := uint16(i)
		for range 8 {
			if c&1 != 0 {
				c = c>>1 ^ 0x8408
			} else {
				c >>= 1
			}
		}
		t[i] = c
	}
	return t
}()

// fcsGood is the register after a frame and its own check sequence (ISO/IEC 13239 §4.2.5.2).
const fcsGood = 0xf0b8

// FCS is the frame check sequence of data (AX.25 2.2 §3.8, CRC-16/X-25). It goes on air low octet
// first.
func FCS(data []byte) uint16 { return ^fcsRegister(data) }

func fcsRegister(data []byte) uint16 {
	c := uint16(0xffff)
	for _, b := range data {
		c = c>>8 ^ fcsTable[byte(c)^b]
	}
	return c
}
