package elements

import "fmt"

// Checksum says what a TLE reader does with a line whose checksum is wrong or
// missing.
type Checksum uint8

const (
	// ChecksumWarn reads the line and adds a Warning. It is the default:
	// published test cases and hand-made sets are often wrong there.
	ChecksumWarn Checksum = iota
	// ChecksumStrict refuses the line.
	ChecksumStrict
)

// String returns the name that ParseChecksum reads.
func (c Checksum) String() string {
	if c == ChecksumStrict {
		return "strict"
	}
	return "warn"
}

// ParseChecksum reads "warn" or "strict".
func ParseChecksum(s string) (Checksum, error) {
	switch s {
	case "warn":
		return ChecksumWarn, nil
	case "strict":
		return ChecksumStrict, nil
	}
	return 0, fmt.Errorf("read checksum policy: %q is neither warn nor strict", s)
}

// checksum returns the checksum of the first 68 columns of a TLE line: the
// digits and one for each minus sign, modulo ten.
func checksum(line string) int {
	sum := 0
	for i := 0; i < len(line) && i < 68; i++ {
		switch c := line[i]; {
		case c >= '0' && c <= '9':
			sum += int(c - '0')
		case c == '-':
			sum++
		}
	}
	return sum % 10
}
