// Package arrows holds the house rules that a compiler does not check, as tests:
// which package may import which, that every package says what it is for, and
// that only clock reads the machine's clock.
package arrows
