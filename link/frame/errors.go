package frame

import "errors"

// What a decoder found wrong. Every error of this package wraps one of these.
var (
	// ErrShort means that the octets end before the fields do.
	ErrShort = errors.New("too short")
	// ErrLength means that a length disagrees with the managed parameters or with the
	// frame's own length field.
	ErrLength = errors.New("wrong length")
	// ErrVersion means that the transfer frame version number is another protocol's.
	ErrVersion = errors.New("wrong transfer frame version")
	// ErrSpacecraft means that the frame is another spacecraft's.
	ErrSpacecraft = errors.New("another spacecraft")
	// ErrVirtual means that the virtual channel or MAP is not one of the channel's.
	ErrVirtual = errors.New("no such virtual channel")
	// ErrChecksum means that the frame error control field does not fit.
	ErrChecksum = errors.New("frame error control mismatch")
	// ErrField means that a field holds a value which the standard does not allow.
	ErrField = errors.New("field not allowed")
	// ErrFull means that a queue or buffer has reached its bound.
	ErrFull = errors.New("full")
)
