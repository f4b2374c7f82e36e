package elements

import (
	"fmt"
	"strings"
)

// alphabet holds the letters of Alpha-5 in order: A stands for 10, Z for 33;
// I and O are left out as they look like digits (Space-Track, "Alpha-5").
const alphabet = "ABCDEFGHJKLMNPQRSTUVWXYZ"

// MaxTLENumber is the largest catalogue number that five characters hold.
const MaxTLENumber = 339_999

// parseAlpha5 reads the five columns of a catalogue number. Leading blanks
// read as zeros, as old sets have them.
func parseAlpha5(s string) (int, error) {
	trimmed := strings.TrimLeft(s, " ")
	if trimmed == "" {
		return 0, fmt.Errorf("%w: %q is no catalogue number", ErrSyntax, s)
	}
	n := 0
	for i := 0; i < len(trimmed); i++ {
		c := trimmed[i]
		switch {
		case c >= '0' && c <= '9':
			n = n*10 + int(c-'0')
		case i == 0 && len(trimmed) == 5 && strings.IndexByte(alphabet, c) >= 0:
			n = 10 + strings.IndexByte(alphabet, c)
		default:
			return 0, fmt.Errorf("%w: %q is no catalogue number", ErrSyntax, s)
		}
	}
	return n, nil
}

// formatAlpha5 writes a catalogue number in five columns.
func formatAlpha5(n int) (string, error) {
	if n < 0 || n > MaxTLENumber {
		return "", fmt.Errorf("%w: catalogue number %d does not fit a TLE (0..%d); write OMM instead",
			ErrValue, n, MaxTLENumber)
	}
	if n < 100_000 {
		return fmt.Sprintf("%05d", n), nil
	}
	return fmt.Sprintf("%c%04d", alphabet[n/10_000-10], n%10_000), nil
}
