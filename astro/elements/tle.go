package elements

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"strings"
	"unicode"
	"unicode/utf8"
)

// ParseTLE reads two-line element sets, each with or without a name line
// before it. Lines may end in LF or CRLF; blank lines and lines that begin
// with "#" are skipped, and so is anything after column 69 of an element
// line. On error it returns no sets at all, and a *ParseError with the line.
func ParseTLE(r io.Reader, policy Checksum) ([]Set, []Warning, error) {
	in := &tleReader{policy: policy}
	scan := bufio.NewScanner(io.LimitReader(r, MaxBytes+1))
	scan.Buffer(make([]byte, 0, 4096), maxLine)
	total := 0
	for scan.Scan() {
		in.line++
		total += len(scan.Bytes()) + 1
		if total > MaxBytes {
			return nil, in.warnings, in.fail("", fmt.Errorf("%w: more than %d bytes", ErrTooLarge, MaxBytes))
		}
		if err := in.read(scan.Bytes()); err != nil {
			return nil, in.warnings, err
		}
	}
	if err := scan.Err(); err != nil {
		in.line++
		if err == bufio.ErrTooLong {
			err = fmt.Errorf("%w: longer than %d bytes", ErrSyntax, maxLine)
		}
		return nil, in.warnings, in.fail("", err)
	}
	if err := in.end(); err != nil {
		return nil, in.warnings, err
	}
	return in.sets, in.warnings, nil
}

const maxLine = 64 << 10

// tleReader takes the lines of a file one by one.
type tleReader struct {
	policy   Checksum
	line     int
	name     string
	nameLine int // line of the pending name, 0 for none
	one      string
	oneLine  int // line of the pending line 1, 0 for none
	sets     []Set
	warnings []Warning
}

func (in *tleReader) fail(field string, err error) error {
	return &ParseError{Format: "TLE", Line: in.line, Field: field, Err: err}
}

// read takes one line of the file.
func (in *tleReader) read(raw []byte) error {
	if in.line == 1 {
		raw = bytes.TrimPrefix(raw, []byte("\ufeff"))
	}
	line := strings.TrimRightFunc(string(raw), unicode.IsSpace)
	if line == "" || line[0] == '#' {
		return nil
	}
	switch {
	case in.oneLine != 0:
		if !strings.HasPrefix(line, "2 ") {
			return in.fail("", fmt.Errorf("%w: %s follows line 1 of a set; line 2 was expected", ErrSyntax, quote(line)))
		}
		return in.pair(line)
	case strings.HasPrefix(line, "1 "):
		if err := in.check(line); err != nil {
			return err
		}
		in.one, in.oneLine = line, in.line
		return nil
	case strings.HasPrefix(line, "2 "):
		return in.fail("", fmt.Errorf("%w: line 2 of a set without its line 1", ErrSyntax))
	case in.nameLine != 0:
		return in.fail("", fmt.Errorf("%w: %s follows the name %s; line 1 of a set was expected",
			ErrSyntax, quote(line), quote(in.name)))
	}
	name, err := cleanName(strings.TrimPrefix(line, "0 "))
	if err != nil {
		return in.fail("name", err)
	}
	in.name, in.nameLine = name, in.line
	return nil
}

// end checks that nothing is left over.
func (in *tleReader) end() error {
	switch {
	case in.oneLine != 0:
		in.line = in.oneLine
		return in.fail("", fmt.Errorf("%w: the file ends after line 1 of a set", ErrSyntax))
	case in.nameLine != 0:
		in.line = in.nameLine
		return in.fail("", fmt.Errorf("%w: no element lines follow the name %s", ErrSyntax, quote(in.name)))
	}
	return nil
}

// pair completes a set with its second line.
func (in *tleReader) pair(two string) error {
	if err := in.check(two); err != nil {
		return err
	}
	set := Set{Name: in.name}
	oneLine, twoLine := in.oneLine, in.line
	in.line = oneLine
	if err := in.parseOne(in.one, &set); err != nil {
		return err
	}
	in.line = twoLine
	if err := in.parseTwo(two, &set); err != nil {
		return err
	}
	in.sets = append(in.sets, set)
	in.name, in.nameLine, in.one, in.oneLine = "", 0, "", 0
	return nil
}

// check looks at what both element lines have in common: length, characters
// and checksum.
func (in *tleReader) check(line string) error {
	if len(line) < 68 {
		return in.fail("", fmt.Errorf("%w: %d columns where an element line has 69", ErrSyntax, len(line)))
	}
	for i := 0; i < 68; i++ {
		if line[i] < ' ' || line[i] > '~' {
			return in.fail("", fmt.Errorf("%w: byte 0x%02x in column %d", ErrSyntax, line[i], i+1))
		}
	}
	want := byte('0' + checksum(line))
	if len(line) > 68 && line[68] == want {
		return nil
	}
	text := fmt.Sprintf("checksum is missing; the digits add up to %c", want)
	if len(line) > 68 {
		text = fmt.Sprintf("checksum is %q, the digits add up to %c", line[68], want)
	}
	if in.policy == ChecksumStrict {
		return in.fail("", fmt.Errorf("%w: %s; mend the line or read with checksum policy warn", ErrChecksum, text))
	}
	in.warnings = append(in.warnings, Warning{Line: in.line, Text: text})
	return nil
}

// cleanName trims a name and refuses control characters, which could fool a
// terminal. Tabs, as some catalogues have them, become blanks.
func cleanName(s string) (string, error) {
	s = strings.TrimSpace(strings.ReplaceAll(s, "\t", " "))
	if !utf8.ValidString(s) {
		return "", fmt.Errorf("%w: %s is not UTF-8", ErrSyntax, quote(s))
	}
	if i := strings.IndexFunc(s, unicode.IsControl); i >= 0 {
		return "", fmt.Errorf("%w: %s holds a control character", ErrSyntax, quote(s))
	}
	if len(s) > maxName {
		return "", fmt.Errorf("%w: name of %d bytes, at most %d are kept", ErrSyntax, len(s), maxName)
	}
	return s, nil
}

const maxName = 200

// quote shows outside text in a message, escaped and cut.
func quote(s string) string {
	const most = 40
	if len(s) > most {
		s = s[:most] + "..."
	}
	return fmt.Sprintf("%q", s)
}
