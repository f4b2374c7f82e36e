package plot

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"math"
	"strconv"
)

// digits is to how many significant digits an SVG carries its data.
const digits = 6

// data is the figure as an SVG carries it: rounded, and without what JSON cannot say.
func (f Figure) data() ([]byte, error) {
	out := f
	out.Series = nil
	for _, s := range f.Series {
		t := Series{Name: s.Name, Style: s.Style, Colour: s.Colour, X: []float64{}, Y: []float64{}}
		for i := range s.X {
			if !finite(s.X[i]) || !finite(s.Y[i]) || (s.Low != nil && (!finite(s.Low[i]) || !finite(s.High[i]))) {
				continue
			}
			t.X = append(t.X, round(s.X[i]))
			t.Y = append(t.Y, round(s.Y[i]))
			if s.Low != nil {
				t.Low = append(t.Low, round(s.Low[i]))
				t.High = append(t.High, round(s.High[i]))
			}
		}
		out.Series = append(out.Series, t)
	}
	return json.Marshal(out)
}

// finite tells whether a value can be drawn: a number, of a size that differences and squares of
// it are numbers too.
func finite(v float64) bool { return math.Abs(v) < 1e150 }

func round(v float64) float64 {
	r, err := strconv.ParseFloat(strconv.FormatFloat(v, 'g', digits, 64), 64)
	if err != nil {
		return v
	}
	return r
}

// Read gives back the data of an SVG that this package drew, to six digits.
func Read(r io.Reader) (Figure, error) {
	d := xml.NewDecoder(r)
	for {
		t, err := d.Token()
		if errors.Is(err, io.EOF) {
			return Figure{}, errors.New("plot: reading a figure: the SVG carries no data")
		} else if err != nil {
			return Figure{}, fmt.Errorf("plot: reading a figure: %w", err)
		}
		start, ok := t.(xml.StartElement)
		if !ok || start.Name.Local != "metadata" {
			continue
		}
		var text string
		if err := d.DecodeElement(&text, &start); err != nil {
			return Figure{}, fmt.Errorf("plot: reading a figure's data: %w", err)
		}
		var f Figure
		if err := json.Unmarshal([]byte(text), &f); err != nil {
			return Figure{}, fmt.Errorf("plot: reading a figure's data: %w", err)
		}
		if err := f.check(); err != nil {
			return Figure{}, fmt.Errorf("plot: reading a figure's data: %w", err)
		}
		return f, nil
	}
}

// annotate puts title and data after the head of an SVG.
func (f Figure) annotate(svg []byte) ([]byte, error) {
	data, err := f.data()
	if err != nil {
		return nil, fmt.Errorf("plot: drawing %q: %w", f.Title, err)
	}
	head := bytes.Index(svg, []byte("<svg"))
	end := bytes.IndexByte(svg[max(0, head):], '>')
	if head < 0 || end < 0 {
		return nil, fmt.Errorf("plot: drawing %q: no head in the SVG", f.Title)
	}
	end += head + 1
	var b bytes.Buffer
	b.Write(svg[:end])
	b.WriteString("\n<title>")
	if err := xml.EscapeText(&b, []byte(f.Title)); err != nil {
		return nil, err
	}
	b.WriteString("</title>\n<metadata>")
	if err := xml.EscapeText(&b, data); err != nil {
		return nil, err
	}
	b.WriteString("</metadata>")
	b.Write(svg[end:])
	return b.Bytes(), nil
}
