package elements

import (
	"bytes"
	"encoding/xml"
	"fmt"
	"io"
	"strings"
)

// parseXML reads the messages of an <ndm>, or a single <omm> (CCSDS
// 505.0-B-2). Fields are known by their element names, wherever they stand
// inside a message.
func parseXML(data []byte) ([]Set, error) {
	d := xml.NewDecoder(bytes.NewReader(data))
	d.CharsetReader = func(charset string, input io.Reader) (io.Reader, error) {
		return nil, fmt.Errorf("charset %s; only UTF-8 is read", quote(charset))
	}
	var sets []Set
	var m *message
	object, depth := 0, 0
	rooted := false
	fail := func(field string, err error) ([]Set, error) {
		line, _ := d.InputPos()
		return nil, &ParseError{Format: "OMM XML", Line: line, Object: object, Field: field, Err: err}
	}
	var text strings.Builder
	leaf := "" // the element whose text is being read
	for {
		token, err := d.Token()
		if err == io.EOF {
			break
		}
		if err != nil {
			return fail("", fmt.Errorf("%w: %s", ErrSyntax, strings.TrimPrefix(err.Error(), "XML syntax error ")))
		}
		switch t := token.(type) {
		case xml.StartElement:
			depth++
			name := t.Name.Local
			switch {
			case depth > 16:
				return fail("", fmt.Errorf("%w: elements within elements, 17 deep", ErrSyntax))
			case depth == 1 && (rooted || name != "ndm" && name != "omm"):
				return fail("", fmt.Errorf("%w: <%s> where one <ndm> or <omm> was expected", ErrSyntax, quote(name)))
			case name == "omm":
				if m != nil {
					return fail("", fmt.Errorf("%w: <omm> within <omm>", ErrSyntax))
				}
				object++
				m = newMessage()
				for _, a := range t.Attr {
					if a.Name.Local == "version" {
						if err := checkVersion(a.Value); err != nil {
							return fail("version", err)
						}
					}
				}
			}
			rooted = true
			leaf = name
			text.Reset()
		case xml.CharData:
			if m != nil && text.Len() < maxLine {
				text.Write(t)
			}
		case xml.EndElement:
			depth--
			if m == nil {
				continue
			}
			if t.Name.Local == "omm" {
				set, field, err := m.done()
				if err != nil {
					return fail(field, err)
				}
				sets, m = append(sets, set), nil
			} else if t.Name.Local == leaf {
				if err := m.put(leaf, text.String()); err != nil {
					return fail(leaf, err)
				}
			}
			leaf = ""
		}
	}
	if !rooted {
		return fail("", fmt.Errorf("%w: no <ndm> or <omm>", ErrSyntax))
	}
	return sets, nil
}

// writeXML writes one <ndm> that holds all messages.
func writeXML(w *bytes.Buffer, sets []Set) error {
	w.WriteString(`<?xml version="1.0" encoding="UTF-8"?>` + "\n<ndm>\n")
	for _, s := range sets {
		fmt.Fprintf(w, "<omm id=\"CCSDS_OMM_VERS\" version=\"2.0\">\n<header>\n"+
			"<CREATION_DATE>%s</CREATION_DATE>\n<ORIGINATOR>%s</ORIGINATOR>\n</header>\n"+
			"<body>\n<segment>\n", formatCCSDSTime(s.Epoch), originator)
		for _, part := range []struct {
			name   string
			fields [][2]string
		}{{"metadata", s.metadata()}, {"meanElements", s.mean()}, {"tleParameters", s.tle()}} {
			switch part.name {
			case "meanElements":
				w.WriteString("<data>\n")
			}
			fmt.Fprintf(w, "<%s>\n", part.name)
			for _, f := range part.fields {
				fmt.Fprintf(w, "<%s>", f[0])
				if err := xml.EscapeText(w, []byte(f[1])); err != nil {
					return err
				}
				fmt.Fprintf(w, "</%s>\n", f[0])
			}
			fmt.Fprintf(w, "</%s>\n", part.name)
		}
		w.WriteString("</data>\n</segment>\n</body>\n</omm>\n")
	}
	w.WriteString("</ndm>\n")
	return nil
}
