package main

import "fmt"

// usageError marks a command line that cannot be carried out as written. The
// program exits with 2 for it, and with 1 for every other error.
type usageError struct{ error }

// Unwrap gives access to the cause.
func (e usageError) Unwrap() error { return e.error }

// usagef formats a usageError, as fmt.Errorf formats an error.
func usagef(format string, args ...any) error {
	return usageError{fmt.Errorf(format, args...)}
}
