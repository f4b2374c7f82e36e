package wav

import (
	"fmt"
	"io"
)

// Raw gives the format of samples without a header by the name that radio programs have for it: u8
// (RTL-SDR), s16, f32, all little-endian; channels in turn, two for I/Q.
func Raw(name string, channels, rate int) (Format, error) {
	f := Format{Channels: channels, Rate: rate}
	switch name {
	case "u8":
		f.Encoding, f.Bits = Integer, 8
	case "s16":
		f.Encoding, f.Bits = Integer, 16
	case "f32":
		f.Encoding, f.Bits = Float, 32
	default:
		return f, fmt.Errorf("raw samples of format %q; there are u8, s16 and f32", name)
	}
	if err := f.check(); err != nil {
		return f, fmt.Errorf("raw samples: %w", err)
	}
	return f, nil
}

// NewRawReader reads samples that stand without a header until the end.
func NewRawReader(r io.Reader, f Format) (*Reader, error) {
	if err := f.check(); err != nil {
		return nil, fmt.Errorf("reading raw samples: %w", err)
	}
	return &Reader{Format: f, r: r, left: -1}, nil
}

// NewRawWriter writes samples without a header.
func NewRawWriter(w io.Writer, f Format) (*Writer, error) {
	if err := f.check(); err != nil {
		return nil, fmt.Errorf("writing raw samples: %w", err)
	}
	return &Writer{Format: f, w: w, raw: true}, nil
}
