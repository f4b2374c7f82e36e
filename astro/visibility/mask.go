package visibility

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"math"
	"strconv"
	"strings"
)

// MaskPoint is one point of a horizon mask: what stands in the way (hills,
// houses) reaches up to ElevationDeg in direction AzimuthDeg.
type MaskPoint struct {
	AzimuthDeg   float64 // clockwise from north, 0 <= x < 360
	ElevationDeg float64 // -90 <= x < 90
}

// Mask is a horizon mask: points in order of azimuth, between which the
// elevation is interpolated linearly, through north as well. One point is a
// level horizon; no points are no mask.
type Mask []MaskPoint

// ErrMask is returned for a horizon mask that cannot be used.
var ErrMask = errors.New("horizon mask")

// Validate says what is wrong with the mask; the error is an ErrMask.
func (m Mask) Validate() error {
	for i, p := range m {
		switch {
		case !(p.AzimuthDeg >= 0 && p.AzimuthDeg < 360):
			return fmt.Errorf("%w point %d: azimuth %g is not in 0 <= x < 360 degrees", ErrMask, i+1, p.AzimuthDeg)
		case !(p.ElevationDeg >= -90 && p.ElevationDeg < 90):
			return fmt.Errorf("%w point %d: elevation %g is not in -90 <= x < 90 degrees", ErrMask, i+1, p.ElevationDeg)
		case i > 0 && p.AzimuthDeg <= m[i-1].AzimuthDeg:
			return fmt.Errorf("%w point %d: azimuth %g does not come after %g; sort the points by azimuth, each once",
				ErrMask, i+1, p.AzimuthDeg, m[i-1].AzimuthDeg)
		}
	}
	return nil
}

// ElevationDeg is the mask's elevation in a direction, in degrees; -90 without
// points. The azimuth may be any angle.
func (m Mask) ElevationDeg(azimuthDeg float64) float64 {
	if len(m) == 0 {
		return -90
	}
	az := turn(azimuthDeg)
	next := m.after(az)
	a, b := m[(next+len(m)-1)%len(m)], m[next%len(m)]
	width := turn(b.AzimuthDeg - a.AzimuthDeg)
	if width == 0 {
		return a.ElevationDeg
	}
	f := turn(az-a.AzimuthDeg) / width
	return a.ElevationDeg + float64(f*(b.ElevationDeg-a.ElevationDeg))
}

// after is the index of the first point beyond an azimuth, len(m) for none.
func (m Mask) after(az float64) int {
	lo, hi := 0, len(m)
	for lo < hi {
		mid := (lo + hi) / 2
		if m[mid].AzimuthDeg <= az {
			lo = mid + 1
		} else {
			hi = mid
		}
	}
	return lo
}

// extent is the lowest and highest elevation within halfDeg of an azimuth.
func (m Mask) extent(azimuthDeg, halfDeg float64) (low, high float64) {
	if halfDeg >= 180 {
		return m.extremes()
	}
	from := turn(azimuthDeg - halfDeg)
	first, last := m.ElevationDeg(from), m.ElevationDeg(azimuthDeg+halfDeg)
	low, high = min(first, last), max(first, last)
	for i, n := m.after(from), 0; n < len(m); i, n = i+1, n+1 {
		p := m[i%len(m)]
		if turn(p.AzimuthDeg-from) > 2*halfDeg {
			break
		}
		low, high = min(low, p.ElevationDeg), max(high, p.ElevationDeg)
	}
	return low, high
}

func (m Mask) extremes() (low, high float64) {
	low, high = 90, -90
	for _, p := range m {
		low, high = min(low, p.ElevationDeg), max(high, p.ElevationDeg)
	}
	return low, high
}

// turn brings an angle into 0 <= x < 360.
func turn(deg float64) float64 {
	deg = math.Mod(deg, 360)
	if deg < 0 {
		deg += 360
	}
	if deg >= 360 {
		return 0
	}
	return deg
}

// MaxMaskPoints is the most points that ParseMask takes: one for every tenth of
// a degree.
const MaxMaskPoints = 3600

// ParseMask reads a horizon mask from text: a line for each point, azimuth and
// elevation in degrees with a space or comma between, ordered by azimuth. Empty
// lines and what follows a # are left out. Errors are ErrMask, or the reader's.
//
//	# azimuth elevation
//	0    5.5
//	90   12
//	180  3
func ParseMask(r io.Reader) (Mask, error) {
	var m Mask
	scan := bufio.NewScanner(r)
	for line := 1; scan.Scan(); line++ {
		text, _, _ := strings.Cut(scan.Text(), "#")
		fields := strings.FieldsFunc(text, func(c rune) bool {
			return c == ' ' || c == '\t' || c == ',' || c == ';' || c == '\r'
		})
		if len(fields) == 0 {
			continue
		}
		if len(fields) != 2 {
			return nil, fmt.Errorf("%w line %d: %d numbers, want azimuth and elevation", ErrMask, line, len(fields))
		}
		var v [2]float64
		for i, f := range fields {
			x, err := strconv.ParseFloat(f, 64)
			if err != nil {
				return nil, fmt.Errorf("%w line %d: %.20q is not a number", ErrMask, line, f)
			}
			v[i] = x
		}
		if len(m) == MaxMaskPoints {
			return nil, fmt.Errorf("%w line %d: more than %d points", ErrMask, line, MaxMaskPoints)
		}
		m = append(m, MaskPoint{AzimuthDeg: v[0], ElevationDeg: v[1]})
	}
	if err := scan.Err(); err != nil {
		if errors.Is(err, bufio.ErrTooLong) {
			return nil, fmt.Errorf("%w: a line of more than 64 kB", ErrMask)
		}
		return nil, fmt.Errorf("read horizon mask: %w", err)
	}
	if len(m) == 0 {
		return nil, fmt.Errorf("%w: no points", ErrMask)
	}
	if err := m.Validate(); err != nil {
		return nil, err
	}
	return m, nil
}
