package blockfile

import (
	"bufio"
	"errors"
	"fmt"
	"io"
)

// maxDepth bounds how deep values may be nested, maxValue how long one that is taken whole
// may be, in bytes, and maxName how long a field's name.
const (
	maxDepth = 64
	maxValue = 32 << 20
	maxName  = 256
)

var errEarlyEnd = errors.New("the text ends early")

// jsonText reads JSON as a stream, one field at a time, so that the one long field of a
// vector, its blocks, is never held. It checks no more of JSON than it needs.
type jsonText struct {
	r      *bufio.Reader
	offset int64 // of the next byte, in the text
}

func (t *jsonText) byte() (byte, error) {
	b, err := t.r.ReadByte()
	if err == io.EOF {
		err = errEarlyEnd
	}
	if err == nil {
		t.offset++
	}
	return b, err
}

// peek skips white space and gives the byte that follows, unread.
func (t *jsonText) peek() (byte, error) {
	for {
		b, err := t.byte()
		if err != nil {
			return 0, err
		}
		if b != ' ' && b != '\t' && b != '\n' && b != '\r' {
			t.offset--
			return b, t.r.UnreadByte()
		}
	}
}

// take skips white space and reads the byte that follows, which must be want.
func (t *jsonText) take(want byte) error {
	b, err := t.peek()
	if err != nil {
		return err
	}
	if b != want {
		return fmt.Errorf("%q where %q was expected", b, want)
	}
	_, err = t.byte()
	return err
}

// more reads what follows an element: a comma, then it gives true, or end.
func (t *jsonText) more(end byte) (bool, error) {
	b, err := t.peek()
	if err != nil {
		return false, err
	}
	if b == ',' {
		return true, t.take(',')
	}
	return false, t.take(end)
}

// fields calls fn for every field of an object; fn must read the field's value.
func (t *jsonText) fields(fn func(name string) error) error {
	if err := t.take('{'); err != nil {
		return err
	}
	if b, err := t.peek(); err != nil || b == '}' {
		return errors.Join(err, t.take('}'))
	}
	for {
		name, err := t.name()
		if err != nil {
			return err
		}
		if err := t.take(':'); err != nil {
			return err
		}
		if err := fn(name); err != nil {
			return err
		}
		if again, err := t.more('}'); err != nil || !again {
			return err
		}
	}
}

// name reads a string without escapes.
func (t *jsonText) name() (string, error) {
	if err := t.take('"'); err != nil {
		return "", err
	}
	var name []byte
	for {
		b, err := t.byte()
		if err != nil {
			return "", err
		}
		switch {
		case b == '"':
			return string(name), nil
		case b == '\\' || b < ' ':
			return "", fmt.Errorf("a name with the character %q", b)
		case len(name) == maxName:
			return "", fmt.Errorf("a name of more than %d bytes", maxName)
		}
		name = append(name, b)
	}
}

// skip reads a value and forgets it.
func (t *jsonText) skip() error { return t.value(func(byte) error { return nil }) }

// whole reads a value and gives its text.
func (t *jsonText) whole() (text []byte, err error) {
	err = t.value(func(b byte) error {
		if len(text) == maxValue {
			return fmt.Errorf("a value of more than %d bytes", maxValue)
		}
		text = append(text, b)
		return nil
	})
	return text, err
}

// value calls fn for each byte of a value.
func (t *jsonText) value(fn func(byte) error) error {
	if _, err := t.peek(); err != nil {
		return err
	}
	depth, inString, escaped := 0, false, false
	for n := 0; ; n++ {
		b, err := t.byte()
		if err != nil {
			return err
		}
		plain := !inString
		if plain && depth == 0 && (b == ',' || b == '}' || b == ']' || b == ':') {
			if n == 0 {
				return fmt.Errorf("%q where a value was expected", b)
			}
			t.offset--
			return t.r.UnreadByte() // what ended a number or a word
		}
		if err := fn(b); err != nil {
			return err
		}
		switch {
		case inString:
			switch {
			case escaped:
				escaped = false
			case b == '\\':
				escaped = true
			case b == '"':
				inString = false
			}
		case b == '"':
			inString = true
		case b == '{' || b == '[':
			if depth++; depth > maxDepth {
				return fmt.Errorf("values nested deeper than %d", maxDepth)
			}
		case b == '}' || b == ']':
			depth--
		}
		if !inString && depth <= 0 && (b == '"' || b == '}' || b == ']') {
			return nil
		}
	}
}

// hex reads a string of hexadecimal digits and gives its bytes, in buf if they fit there.
func (t *jsonText) hex(buf []byte, limit int) ([]byte, error) {
	buf = buf[:0]
	if err := t.take('"'); err != nil {
		return buf, err
	}
	for {
		// Digits come by the hundred thousand: they are taken from the buffer at once.
		ahead, err := t.r.Peek(max(2, min(t.r.Buffered(), 4096)))
		if len(ahead) > 0 && ahead[0] == '"' {
			_, err := t.byte()
			return buf, err
		}
		if err != nil && len(ahead) < 2 {
			if err == io.EOF {
				err = errEarlyEnd
			}
			return buf, err
		}
		n := 0
		for ; n+1 < len(ahead); n += 2 {
			hi, lo := digit[ahead[n]], digit[ahead[n+1]]
			if hi|lo > 15 {
				break
			}
			buf = append(buf, hi<<4|lo)
		}
		if n == 0 {
			return buf, fmt.Errorf("%q is no pair of hexadecimal digits", ahead[:2])
		}
		if len(buf) > limit {
			return buf, fmt.Errorf("a block of more than %d bytes", limit)
		}
		if _, err := t.r.Discard(n); err != nil {
			return buf, err
		}
		t.offset += int64(n)
	}
}

// digit is the value of each hexadecimal digit, 255 of any other byte.
var digit = func() (d [256]byte) {
	for i := range d {
		d[i] = 255
	}
	for i := range byte(10) {
		d['0'+i] = i
	}
	for i := range byte(6) {
		d['a'+i], d['A'+i] = 10+i, 10+i
	}
	return d
}()
