package sgp4

import (
	"errors"
	"fmt"
)

// The six error codes of the theory.
const (
	CodeMeanElements = 1 // mean eccentricity left [-0.001, 1)
	CodeMeanMotion   = 2 // mean motion is not positive
	CodePerturbed    = 3 // perturbed eccentricity left [0, 1]
	CodeSemiLatus    = 4 // semi-latus rectum is negative
	CodeSuborbital   = 5 // perigee at epoch lies below the surface (WithEpochCheck)
	CodeDecayed      = 6 // the satellite has decayed
)

// ErrTimeRange is wrapped by the error of a propagation further from the
// epoch than MaxMinutes, or to a time that is not a number.
var ErrTimeRange = errors.New("time out of range")

// MaxMinutes bounds the distance from the epoch in minutes (190 years): no
// element set means anything there, and the resonance integrator walks to it
// in half days.
const MaxMinutes = 1e8

// Error says why a satellite has no position.
type Error struct {
	Code    int     // one of the Code constants, 1..6
	NoradID int     // catalogue number
	Minutes float64 // minutes from the epoch
}

// Error implements error.
func (e *Error) Error() string {
	why := "unknown error"
	switch e.Code {
	case CodeMeanElements:
		why = "mean eccentricity out of range; the elements do not hold at this time, take newer ones"
	case CodeMeanMotion:
		why = "mean motion is not positive; the elements are no orbit"
	case CodePerturbed:
		why = "perturbed eccentricity out of 0..1; the elements are no orbit at this time"
	case CodeSemiLatus:
		why = "semi-latus rectum is negative; the elements are no orbit at this time"
	case CodeSuborbital:
		why = "perigee at epoch lies below the Earth's surface"
	case CodeDecayed:
		why = "the satellite has decayed"
	}
	return fmt.Sprintf("propagate %05d to %+.3f min from epoch: error %d: %s", e.NoradID, e.Minutes, e.Code, why)
}
