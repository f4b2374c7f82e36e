package elements

import (
	"bytes"
	"fmt"
	"io"
	"math"
	"strconv"
	"strings"
	"time"
)

// Format is one of the three notations of OMM.
type Format uint8

// The notations of the Orbit Mean-Elements Message, CCSDS 502.0-B-3 and
// 505.0-B-2; JSON as CelesTrak and Space-Track publish it.
const (
	JSON Format = iota
	KVN
	XML
)

// String returns "omm-json", "omm-kvn" or "omm-xml".
func (f Format) String() string {
	switch f {
	case JSON:
		return "omm-json"
	case KVN:
		return "omm-kvn"
	case XML:
		return "omm-xml"
	}
	return fmt.Sprintf("format(%d)", uint8(f))
}

// ParseOMM reads messages in any of the three notations, which it tells apart
// by their first character. Fields it does not know are skipped; a message
// that names another centre, frame, time system or theory than SGP4's is
// refused with ErrUnsupported. On error it returns no sets at all.
func ParseOMM(r io.Reader) ([]Set, error) {
	data, err := readAll(r)
	if err != nil {
		return nil, err
	}
	return parseOMM(data)
}

func parseOMM(data []byte) ([]Set, error) {
	data = bytes.TrimPrefix(data, []byte("\ufeff"))
	switch first := bytes.TrimLeft(data, " \t\r\n"); {
	case len(first) == 0:
		return nil, nil
	case first[0] == '{' || first[0] == '[':
		return parseJSON(data)
	case first[0] == '<':
		return parseXML(data)
	}
	return parseKVN(data)
}

// readAll reads at most MaxBytes.
func readAll(r io.Reader) ([]byte, error) {
	data, err := io.ReadAll(io.LimitReader(r, MaxBytes+1))
	if err != nil {
		return nil, fmt.Errorf("read elements: %w", err)
	}
	if len(data) > MaxBytes {
		return nil, fmt.Errorf("read elements: %w: more than %d bytes", ErrTooLarge, MaxBytes)
	}
	return data, nil
}

// Parse reads TLE or OMM in any notation; it tells them apart by content.
// policy governs the checksums of TLE.
func Parse(r io.Reader, policy Checksum) ([]Set, []Warning, error) {
	data, err := readAll(r)
	if err != nil {
		return nil, nil, err
	}
	if looksLikeOMM(data) {
		sets, err := parseOMM(data)
		return sets, nil, err
	}
	return ParseTLE(bytes.NewReader(data), policy)
}

// looksLikeOMM decides by the first line that is neither blank nor comment.
func looksLikeOMM(data []byte) bool {
	data = bytes.TrimPrefix(data, []byte("\ufeff"))
	for line := range bytes.Lines(data) {
		line = bytes.TrimSpace(line)
		if len(line) == 0 || line[0] == '#' {
			continue
		}
		return line[0] == '{' || line[0] == '[' || line[0] == '<' ||
			bytes.HasPrefix(line, []byte("CCSDS_OMM_VERS"))
	}
	return false
}

// message gathers the fields of one OMM by their keywords.
type message struct {
	set  Set
	seen map[string]bool
	axis float64 // SEMI_MAJOR_AXIS, km
}

func newMessage() *message { return &message{seen: map[string]bool{}} }

// accepted lists the values of the fields that would change what the numbers
// mean.
var accepted = map[string][]string{
	"CENTER_NAME":         {"EARTH"},
	"REF_FRAME":           {"TEME"},
	"TIME_SYSTEM":         {"UTC"},
	"MEAN_ELEMENT_THEORY": {"SGP4", "SGP/SGP4"},
}

// put takes one field. Unknown keywords are skipped.
func (m *message) put(key, value string) (err error) {
	value = strings.TrimSpace(value)
	if known, ok := accepted[key]; ok {
		for _, k := range known {
			if strings.EqualFold(k, value) {
				return nil
			}
		}
		return fmt.Errorf("%w: %s; only %s can be propagated", ErrUnsupported, quote(value),
			strings.Join(known, " or "))
	}
	s := &m.set
	if f := m.float(key); f != nil {
		if err = m.once(key); err == nil {
			*f, err = ommFloat(value)
		}
		return err
	}
	if n := m.count(key); n != nil {
		if err = m.once(key); err == nil {
			*n, err = ommCount(value)
		}
		return err
	}
	switch key {
	case "OBJECT_NAME", "OBJECT_ID":
		to := &s.Name
		if key == "OBJECT_ID" {
			to = &s.IntlDesignator
		}
		if err := m.once(key); err != nil {
			return err
		}
		*to, err = cleanName(value)
		return err
	case "CLASSIFICATION_TYPE":
		if value != "U" && value != "C" && value != "S" {
			return fmt.Errorf("%w: %s is none of U, C, S", ErrSyntax, quote(value))
		}
		s.Classification = value[0]
		return m.once(key)
	case "EPOCH":
		if err := m.once(key); err != nil {
			return err
		}
		s.Epoch, err = parseCCSDSTime(value)
		return err
	}
	return nil
}

// knows tells whether put would read the field.
func (m *message) knows(key string) bool {
	switch key {
	case "OBJECT_NAME", "OBJECT_ID", "CLASSIFICATION_TYPE", "EPOCH":
		return true
	}
	return accepted[key] != nil || m.float(key) != nil || m.count(key) != nil
}

// once refuses a field that was given before.
func (m *message) once(key string) error {
	if m.seen[key] {
		return fmt.Errorf("%w: given twice", ErrSyntax)
	}
	m.seen[key] = true
	return nil
}

// float returns where the number of a keyword belongs, nil for others.
func (m *message) float(key string) *float64 {
	s := &m.set
	switch key {
	case "MEAN_MOTION":
		return &s.MeanMotionRevDay
	case "SEMI_MAJOR_AXIS":
		return &m.axis
	case "ECCENTRICITY":
		return &s.Eccentricity
	case "INCLINATION":
		return &s.InclinationDeg
	case "RA_OF_ASC_NODE":
		return &s.RAANDeg
	case "ARG_OF_PERICENTER":
		return &s.ArgPerigeeDeg
	case "MEAN_ANOMALY":
		return &s.MeanAnomalyDeg
	case "BSTAR":
		return &s.BStar
	case "MEAN_MOTION_DOT":
		return &s.NDot
	case "MEAN_MOTION_DDOT":
		return &s.NDDot
	}
	return nil
}

// count returns where the whole number of a keyword belongs, nil for others.
func (m *message) count(key string) *int {
	s := &m.set
	switch key {
	case "NORAD_CAT_ID":
		return &s.NoradID
	case "ELEMENT_SET_NO":
		return &s.ElementNumber
	case "REV_AT_EPOCH":
		return &s.RevNumber
	case "EPHEMERIS_TYPE":
		return &s.EphemerisType
	}
	return nil
}

// done checks that nothing is missing and returns the set with the name of
// the field that is wrong, if any.
func (m *message) done() (Set, string, error) {
	for _, key := range []string{"EPOCH", "ECCENTRICITY", "INCLINATION", "RA_OF_ASC_NODE",
		"ARG_OF_PERICENTER", "MEAN_ANOMALY", "NORAD_CAT_ID"} {
		if !m.seen[key] {
			return Set{}, key, fmt.Errorf("%w: missing", ErrSyntax)
		}
	}
	if !m.seen["MEAN_MOTION"] {
		if !m.seen["SEMI_MAJOR_AXIS"] || !(m.axis > 0) {
			return Set{}, "MEAN_MOTION", fmt.Errorf("%w: missing", ErrSyntax)
		}
		// Kepler's third law with the constants of WGS-72.
		const mu = 398600.8
		m.set.MeanMotionRevDay = math.Sqrt(mu/(m.axis*m.axis*m.axis)) * 86400 / (2 * math.Pi)
	}
	if m.set.Classification == 0 {
		m.set.Classification = 'U'
	}
	if err := m.set.Validate(); err != nil {
		return Set{}, "", fmt.Errorf("%w: %w", ErrValue, err)
	}
	return m.set, "", nil
}

// ommFloat reads a number; a KVN unit in brackets may follow it.
func ommFloat(value string) (float64, error) {
	if i := strings.IndexByte(value, '['); i > 0 && strings.HasSuffix(value, "]") {
		value = strings.TrimSpace(value[:i])
	}
	// ParseFloat also knows hexadecimal, infinities and underscores: not here.
	for _, c := range []byte(value) {
		if (c < '0' || c > '9') && strings.IndexByte("+-.eE", c) < 0 {
			return 0, fmt.Errorf("%w: %s is no number", ErrSyntax, quote(value))
		}
	}
	v, err := strconv.ParseFloat(value, 64)
	if err != nil {
		return 0, fmt.Errorf("%w: %s is no number", ErrSyntax, quote(value))
	}
	return v, nil
}

// ommCount reads a whole number up to nine digits, as catalogue numbers have.
func ommCount(value string) (int, error) {
	if value == "" || len(value) > 9 {
		return 0, fmt.Errorf("%w: %s is no whole number up to 999999999", ErrSyntax, quote(value))
	}
	return parseCount(value)
}

// parseCCSDSTime reads an ASCII time code A or B (CCSDS 301.0-B-4, 3.5):
// 2026-05-30T07:25:30.828864 or 2026-150T07:25:30.828864, with or without Z.
func parseCCSDSTime(s string) (time.Time, error) {
	bad := fmt.Errorf("%w: %s is not of the form 2026-05-30T07:25:30.828864", ErrSyntax, quote(s))
	date, clock, ok := strings.Cut(strings.TrimSuffix(s, "Z"), "T")
	if !ok || len(clock) > 18 { // nanoseconds
		return time.Time{}, bad
	}
	var day time.Time
	var err error
	if len(date) == 8 && date[4] == '-' {
		year, err1 := parseCount(date[:4])
		n, err2 := parseCount(date[5:])
		if err1 != nil || err2 != nil {
			return time.Time{}, bad
		}
		if day, err = dayOfYear(year, n); err != nil {
			return time.Time{}, err
		}
	} else if day, err = time.Parse("2006-01-02", date); err != nil {
		return time.Time{}, bad
	}
	tod, err := time.Parse("15:04:05", clock) // takes a fraction too
	if err != nil || strings.ContainsRune(clock, ',') {
		return time.Time{}, bad
	}
	return day.Add(tod.Sub(time.Date(0, 1, 1, 0, 0, 0, 0, time.UTC))), nil
}
