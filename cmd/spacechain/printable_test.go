package main

import "testing"

func TestPrintableTakesTheTeethOutOfControlCharacters(t *testing.T) {
	for in, want := range map[string]string{
		"plain, größe, 日本\n\tx":       "plain, größe, 日本\n\tx",
		"a\x1b]0;pwned\x07\x1b[2J\rb": `a\u001b]0;pwned\u0007\u001b[2J\u000db`,
		"right\u202eleft":             `right\u202eleft`,
	} {
		if got := printable(in); got != want {
			t.Errorf("%q: got %q, want %q", in, got, want)
		}
	}
}
