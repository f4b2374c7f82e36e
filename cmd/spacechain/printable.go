package main

import (
	"fmt"
	"strings"
	"unicode"
)

// printable makes what strangers wrote safe to show on a terminal: control characters,
// which could move the cursor or change the title, are shown by their numbers.
func printable(s string) string {
	if !strings.ContainsFunc(s, hidden) {
		return s
	}
	var b strings.Builder
	for _, r := range s {
		if hidden(r) {
			fmt.Fprintf(&b, `\u%04x`, r)
		} else {
			b.WriteRune(r)
		}
	}
	return b.String()
}

// hidden are control and format characters, but for line ends and tabs.
func hidden(r rune) bool {
	return r != '\n' && r != '\t' && (unicode.IsControl(r) || unicode.Is(unicode.Cf, r))
}
