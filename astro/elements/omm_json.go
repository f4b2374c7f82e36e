package elements

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"strings"
)

// parseJSON reads one object or an array of objects. Values may be numbers
// or, as Space-Track writes them, strings.
func parseJSON(data []byte) ([]Set, error) {
	d := json.NewDecoder(bytes.NewReader(data))
	d.UseNumber()
	object := 0
	fail := func(field string, err error) ([]Set, error) {
		return nil, &ParseError{Format: "OMM JSON", Line: lineAt(data, d.InputOffset()),
			Object: object, Field: field, Err: err}
	}
	var sets []Set
	array := bytes.TrimLeft(data, " \t\r\n")[0] == '['
	if array {
		if _, err := d.Token(); err != nil {
			return fail("", jsonSyntax(err))
		}
	}
	for array && d.More() || !array && object == 0 {
		object++
		m := newMessage()
		if field, err := m.readJSON(d); err != nil {
			return fail(field, err)
		}
		set, field, err := m.done()
		if err != nil {
			return fail(field, err)
		}
		sets = append(sets, set)
	}
	if array {
		if _, err := d.Token(); err != nil {
			return fail("", jsonSyntax(err))
		}
	}
	object = 0
	if _, err := d.Token(); err != io.EOF {
		return fail("", fmt.Errorf("%w: text follows the document", ErrSyntax))
	}
	return sets, nil
}

// readJSON reads one object, field by field in the order of the text. It
// returns the name of the field that is wrong, if any.
func (m *message) readJSON(d *json.Decoder) (field string, err error) {
	open, err := d.Token()
	if err != nil {
		return "", jsonSyntax(err)
	}
	if open != json.Delim('{') {
		return "", fmt.Errorf("%w: %v where an object was expected", ErrSyntax, open)
	}
	for d.More() {
		token, err := d.Token()
		if err != nil {
			return "", jsonSyntax(err)
		}
		key := token.(string) // the decoder allows no other token here
		var value any
		if err := d.Decode(&value); err != nil {
			return key, jsonSyntax(err)
		}
		switch v := value.(type) {
		case string:
			err = m.put(key, v)
		case json.Number:
			err = m.put(key, v.String())
		case nil: // an optional field without value
		default:
			if m.knows(key) {
				err = fmt.Errorf("%w: neither number nor text", ErrSyntax)
			}
		}
		if err != nil {
			return key, err
		}
	}
	_, err = d.Token()
	if err != nil {
		return "", jsonSyntax(err)
	}
	return "", nil
}

// jsonSyntax makes the decoder's complaint one of ours.
func jsonSyntax(err error) error {
	if err == io.EOF || err == io.ErrUnexpectedEOF {
		return fmt.Errorf("%w: the document ends early", ErrSyntax)
	}
	return fmt.Errorf("%w: %s", ErrSyntax, strings.TrimPrefix(err.Error(), "json: "))
}

// lineAt returns the line of an offset, from 1.
func lineAt(data []byte, offset int64) int {
	return 1 + bytes.Count(data[:min(offset, int64(len(data)))], []byte("\n"))
}

// ommJSON is CelesTrak's notation, fields in its order.
type ommJSON struct {
	Name            string      `json:"OBJECT_NAME"`
	ID              string      `json:"OBJECT_ID"`
	Epoch           string      `json:"EPOCH"`
	MeanMotion      json.Number `json:"MEAN_MOTION"`
	Eccentricity    json.Number `json:"ECCENTRICITY"`
	Inclination     json.Number `json:"INCLINATION"`
	RAAN            json.Number `json:"RA_OF_ASC_NODE"`
	ArgPericenter   json.Number `json:"ARG_OF_PERICENTER"`
	MeanAnomaly     json.Number `json:"MEAN_ANOMALY"`
	EphemerisType   int         `json:"EPHEMERIS_TYPE"`
	Classification  string      `json:"CLASSIFICATION_TYPE"`
	NoradID         int         `json:"NORAD_CAT_ID"`
	ElementSetNo    int         `json:"ELEMENT_SET_NO"`
	RevAtEpoch      int         `json:"REV_AT_EPOCH"`
	BStar           json.Number `json:"BSTAR"`
	MeanMotionDot   json.Number `json:"MEAN_MOTION_DOT"`
	MeanMotionDDot  json.Number `json:"MEAN_MOTION_DDOT"`
	MeanMotionTheor string      `json:"MEAN_ELEMENT_THEORY"`
}

// writeJSON writes an array with one message per line.
func writeJSON(w *bytes.Buffer, sets []Set) error {
	w.WriteString("[")
	for i, s := range sets {
		if i > 0 {
			w.WriteString(",")
		}
		line, err := json.Marshal(ommJSON{
			Name: s.Name, ID: s.IntlDesignator, Epoch: formatCCSDSTime(s.Epoch),
			MeanMotion:      json.Number(formatFloat(s.MeanMotionRevDay)),
			Eccentricity:    json.Number(formatFloat(s.Eccentricity)),
			Inclination:     json.Number(formatFloat(s.InclinationDeg)),
			RAAN:            json.Number(formatFloat(s.RAANDeg)),
			ArgPericenter:   json.Number(formatFloat(s.ArgPerigeeDeg)),
			MeanAnomaly:     json.Number(formatFloat(s.MeanAnomalyDeg)),
			EphemerisType:   s.EphemerisType,
			Classification:  s.classification(),
			NoradID:         s.NoradID,
			ElementSetNo:    s.ElementNumber,
			RevAtEpoch:      s.RevNumber,
			BStar:           json.Number(formatFloat(s.BStar)),
			MeanMotionDot:   json.Number(formatFloat(s.NDot)),
			MeanMotionDDot:  json.Number(formatFloat(s.NDDot)),
			MeanMotionTheor: "SGP4",
		})
		if err != nil {
			return err
		}
		w.WriteString("\n")
		w.Write(line)
	}
	w.WriteString("\n]\n")
	return nil
}
