package rs

// Basis is how octets stand for symbols of GF(256).
type Basis int

// The bases. CCSDS transmits the dual one, after Berlekamp; amateur satellites and
// libraries often the conventional one.
const (
	Conventional Basis = iota // powers of alpha, most significant bit alpha^7
	Dual                      // CCSDS 131.0-B-5 §4.3.9
)

// String names the basis.
func (b Basis) String() string {
	if b == Dual {
		return "dual"
	}
	return "conventional"
}

// dualRows gives the dual-basis octet z0..z7 (z0 most significant) of alpha^7 down to
// alpha^0: the rows of the matrix T of CCSDS 131.0-B-5 annex F.
var dualRows = [8]byte{0x8d, 0xef, 0xec, 0x86, 0xfa, 0x99, 0xaf, 0x7b}

// toDual and fromDual turn octets of one basis into the other.
var toDual, fromDual = func() (to, from *[256]byte) {
	to, from = new([256]byte), new([256]byte)
	for i := range 256 {
		var z byte
		for bit := range 8 {
			if i>>(7-bit)&1 == 1 {
				z ^= dualRows[bit]
			}
		}
		to[i] = z
		from[z] = byte(i)
	}
	return to, from
}()

// ToDual turns octets of the conventional basis into the dual one in place.
func ToDual(octets []byte) {
	for i, o := range octets {
		octets[i] = toDual[o]
	}
}

// FromDual turns octets of the dual basis into the conventional one in place.
func FromDual(octets []byte) {
	for i, o := range octets {
		octets[i] = fromDual[o]
	}
}
