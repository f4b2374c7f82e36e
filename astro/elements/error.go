package elements

import (
	"errors"
	"fmt"
)

// Sentinels that a *ParseError wraps, for callers that branch on the kind.
var (
	// ErrSyntax marks text that is not in the form the format asks for.
	ErrSyntax = errors.New("malformed")
	// ErrChecksum marks a TLE line whose digits do not add up.
	ErrChecksum = errors.New("checksum")
	// ErrValue marks a well-formed number that no orbit can have.
	ErrValue = errors.New("value out of range")
	// ErrUnsupported marks a correct message that this package cannot serve,
	// such as another frame or theory.
	ErrUnsupported = errors.New("unsupported")
	// ErrTooLarge marks input beyond MaxBytes.
	ErrTooLarge = errors.New("too large")
)

// MaxBytes is the most that a parser reads: far above any catalogue (all
// public objects as XML are 60 MB), far below what would hurt.
const MaxBytes = 128 << 20

// ParseError says where and why an element file could not be read.
type ParseError struct {
	Format string // "TLE", "OMM JSON", "OMM KVN" or "OMM XML"
	Line   int    // line in the input, from 1; 0 where the format has none
	Object int    // message in the input, from 1; 0 where lines count
	Field  string // the field, "" when the whole line is meant
	Err    error  // what was wrong; wraps one of the sentinels
}

// Error implements error.
func (e *ParseError) Error() string {
	s := "read " + e.Format
	if e.Line > 0 {
		s += fmt.Sprintf(", line %d", e.Line)
	}
	if e.Object > 0 {
		s += fmt.Sprintf(", message %d", e.Object)
	}
	if e.Field != "" {
		s += ", " + e.Field
	}
	return s + ": " + e.Err.Error()
}

// Unwrap gives access to the sentinels.
func (e *ParseError) Unwrap() error { return e.Err }

// Warning is a flaw that did not stop the reading, such as a wrong checksum
// under ChecksumWarn.
type Warning struct {
	Line int    // line in the input, from 1
	Text string // what is wrong
}

// String renders the warning with its line.
func (w Warning) String() string { return fmt.Sprintf("line %d: %s", w.Line, w.Text) }
