package spc

import (
	"fmt"
	"strconv"
)

// Errno says why the satellite refused a call. The numbers are those of the spc
// ABI, version 1.
type Errno int32

// The reasons for a refusal.
const (
	Perm        Errno = 1  // the grant does not allow it
	NoEnt       Errno = 2  // no such key, file, sensor or message
	Inval       Errno = 3  // an argument is malformed or out of bounds
	Quota       Errno = 4  // storage, bandwidth or message quota is used up
	Rate        Errno = 5  // asked more often than the granted rate
	Busy        Errno = 6  // not now: the device or the link is not available
	TooBig      Errno = 7  // the message limit is too small for it
	BadAuth     Errno = 8  // a sealed message does not open
	Unavailable Errno = 9  // the satellite does not have it
	Internal    Errno = 10 // the host failed; try again in a later activation
)

var errnoText = [...]string{"ok", "not permitted", "not found", "invalid argument", "quota used up",
	"rate limit", "busy", "too big", "authentication failed", "unavailable", "internal error"}

// Error gives the errno's text.
func (e Errno) Error() string {
	if e >= 0 && int(e) < len(errnoText) {
		return errnoText[e]
	}
	return "errno " + strconv.Itoa(int(e))
}

// failed makes the error of a call: what was tried, on what, and why not. The
// errno OK makes nil.
func failed(errno int32, op, what string) error {
	if errno == 0 {
		return nil
	}
	if what != "" {
		op += " " + what
	}
	return fmt.Errorf("%s: %w", op, Errno(errno))
}
