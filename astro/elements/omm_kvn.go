package elements

import (
	"bytes"
	"fmt"
	"strings"
)

// parseKVN reads "KEYWORD = value" lines. Each message begins with
// CCSDS_OMM_VERS (CCSDS 502.0-B-3, chapter 4 and section 7).
func parseKVN(data []byte) ([]Set, error) {
	var sets []Set
	var m *message
	n, object := 0, 0
	fail := func(field string, err error) ([]Set, error) {
		return nil, &ParseError{Format: "OMM KVN", Line: n, Object: object, Field: field, Err: err}
	}
	for raw := range bytes.Lines(data) {
		n++
		line := strings.TrimSpace(string(raw))
		if line == "" || line[0] == '#' || line == "COMMENT" || strings.HasPrefix(line, "COMMENT ") {
			continue
		}
		key, value, ok := strings.Cut(line, "=")
		if key = strings.TrimSpace(key); !ok || key == "" || strings.ContainsAny(key, " \t") {
			return fail("", fmt.Errorf("%w: %s is not of the form KEYWORD = value", ErrSyntax, quote(line)))
		}
		if key == "CCSDS_OMM_VERS" {
			if m != nil {
				set, field, err := m.done()
				if err != nil {
					return fail(field, err)
				}
				sets = append(sets, set)
			}
			object++
			m = newMessage()
			if err := checkVersion(value); err != nil {
				return fail(key, err)
			}
			continue
		}
		if m == nil {
			return fail("", fmt.Errorf("%w: %s before CCSDS_OMM_VERS", ErrSyntax, quote(key)))
		}
		if err := m.put(key, value); err != nil {
			return fail(key, err)
		}
	}
	if m == nil {
		return nil, nil
	}
	set, field, err := m.done()
	if err != nil {
		return fail(field, err)
	}
	return append(sets, set), nil
}

// checkVersion accepts the versions 2 and 3 of OMM.
func checkVersion(v string) error {
	v = strings.TrimSpace(v)
	if strings.HasPrefix(v, "2.") || strings.HasPrefix(v, "3.") {
		return nil
	}
	return fmt.Errorf("%w: version %s; 2.0 and 3.0 are known", ErrUnsupported, quote(v))
}

// writeKVN writes the messages one after another.
func writeKVN(w *bytes.Buffer, sets []Set) error {
	for i, s := range sets {
		if i > 0 {
			w.WriteString("\n")
		}
		fmt.Fprintf(w, "CCSDS_OMM_VERS = 2.0\nCREATION_DATE = %s\nORIGINATOR = %s\n\n",
			formatCCSDSTime(s.Epoch), originator)
		for _, f := range s.metadata() {
			fmt.Fprintf(w, "%s = %s\n", f[0], f[1])
		}
		w.WriteString("\n")
		for _, f := range s.mean() {
			fmt.Fprintf(w, "%s = %s\n", f[0], f[1])
		}
		w.WriteString("\n")
		for _, f := range s.tle() {
			fmt.Fprintf(w, "%s = %s\n", f[0], f[1])
		}
	}
	return nil
}
