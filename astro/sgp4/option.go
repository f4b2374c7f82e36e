package sgp4

import "fmt"

// Mode chooses between the two ways in which the theory is run; they differ
// only for deep-space orbits of low inclination, and in the sidereal time at
// epoch.
type Mode uint8

const (
	// Improved is Vallado's corrected handling, opsmode "i", the default.
	Improved Mode = iota
	// AFSPC follows the operational code of the US Space Force, opsmode "a".
	AFSPC
)

// String returns the letter of the mode, "i" or "a".
func (m Mode) String() string {
	switch m {
	case Improved:
		return "i"
	case AFSPC:
		return "a"
	}
	return fmt.Sprintf("mode(%d)", uint8(m))
}

// ParseMode reads "i" or "a".
func ParseMode(s string) (Mode, error) {
	switch s {
	case "i":
		return Improved, nil
	case "a":
		return AFSPC, nil
	}
	return 0, fmt.Errorf("read opsmode: %q is neither i (improved) nor a (afspc)", s)
}

// Option changes one setting of New.
type Option func(*settings)

type settings struct {
	gravity    Gravity
	mode       Mode
	epochCheck bool
}

// WithGravity takes other gravity constants than WGS72. Element sets are
// fitted with WGS-72; other constants make their orbits worse.
func WithGravity(g Gravity) Option { return func(s *settings) { s.gravity = g } }

// WithMode takes another mode than Improved.
func WithMode(m Mode) Option { return func(s *settings) { s.mode = m } }

// WithEpochCheck makes New refuse elements whose perigee lies below the
// Earth's surface, with code 5. Without it such an orbit is flown until it
// comes down (code 6), as current practice has it.
func WithEpochCheck() Option { return func(s *settings) { s.epochCheck = true } }
