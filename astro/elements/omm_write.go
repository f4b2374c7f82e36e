package elements

import (
	"bytes"
	"fmt"
	"io"
	"strconv"
	"time"
)

// originator is who writes our messages.
const originator = "SPACECHAIN"

// WriteOMM writes sets in one of the notations of OMM. Numbers are written so
// that they read back to the same bits, epochs to the nanosecond.
// CREATION_DATE, which the standard wants, repeats the epoch: so the same sets
// give the same bytes at any time.
func WriteOMM(w io.Writer, sets []Set, format Format) error {
	for _, s := range sets {
		if err := s.Validate(); err != nil {
			return fmt.Errorf("write OMM: %w", err)
		}
		for _, text := range []string{s.Name, s.IntlDesignator} {
			if clean, err := cleanName(text); err != nil || clean != text {
				return fmt.Errorf("write OMM of %05d: %w: %s has blanks around it, tabs or control characters",
					s.NoradID, ErrSyntax, quote(text))
			}
		}
	}
	var buf bytes.Buffer
	var err error
	switch format {
	case JSON:
		err = writeJSON(&buf, sets)
	case KVN:
		err = writeKVN(&buf, sets)
	case XML:
		err = writeXML(&buf, sets)
	default:
		err = fmt.Errorf("unknown notation %v", format)
	}
	if err != nil {
		return fmt.Errorf("write OMM: %w", err)
	}
	if _, err := w.Write(buf.Bytes()); err != nil {
		return fmt.Errorf("write OMM: %w", err)
	}
	return nil
}

// metadata returns the fields of the metadata section in their order.
func (s Set) metadata() [][2]string {
	return [][2]string{
		{"OBJECT_NAME", s.Name},
		{"OBJECT_ID", s.IntlDesignator},
		{"CENTER_NAME", "EARTH"},
		{"REF_FRAME", "TEME"},
		{"TIME_SYSTEM", "UTC"},
		{"MEAN_ELEMENT_THEORY", "SGP4"},
	}
}

// mean returns the mean elements in their order.
func (s Set) mean() [][2]string {
	return [][2]string{
		{"EPOCH", formatCCSDSTime(s.Epoch)},
		{"MEAN_MOTION", formatFloat(s.MeanMotionRevDay)},
		{"ECCENTRICITY", formatFloat(s.Eccentricity)},
		{"INCLINATION", formatFloat(s.InclinationDeg)},
		{"RA_OF_ASC_NODE", formatFloat(s.RAANDeg)},
		{"ARG_OF_PERICENTER", formatFloat(s.ArgPerigeeDeg)},
		{"MEAN_ANOMALY", formatFloat(s.MeanAnomalyDeg)},
	}
}

// tle returns the TLE parameters in their order.
func (s Set) tle() [][2]string {
	return [][2]string{
		{"EPHEMERIS_TYPE", strconv.Itoa(s.EphemerisType)},
		{"CLASSIFICATION_TYPE", s.classification()},
		{"NORAD_CAT_ID", strconv.Itoa(s.NoradID)},
		{"ELEMENT_SET_NO", strconv.Itoa(s.ElementNumber)},
		{"REV_AT_EPOCH", strconv.Itoa(s.RevNumber)},
		{"BSTAR", formatFloat(s.BStar)},
		{"MEAN_MOTION_DOT", formatFloat(s.NDot)},
		{"MEAN_MOTION_DDOT", formatFloat(s.NDDot)},
	}
}

func (s Set) classification() string {
	if s.Classification == 0 {
		return "U"
	}
	return string(rune(s.Classification))
}

// formatFloat writes the shortest text that reads back to the same number.
func formatFloat(v float64) string {
	if v != 0 && v < 1e-5 && v > -1e-5 {
		return strconv.FormatFloat(v, 'E', -1, 64)
	}
	return strconv.FormatFloat(v, 'f', -1, 64)
}

// formatCCSDSTime writes an ASCII time code A: six digits of the second, nine
// where needed.
func formatCCSDSTime(t time.Time) string {
	t = t.UTC()
	if t.Nanosecond()%1000 != 0 {
		return t.Format("2006-01-02T15:04:05.000000000")
	}
	return t.Format("2006-01-02T15:04:05.000000")
}
