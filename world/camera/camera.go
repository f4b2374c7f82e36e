package camera

import (
	"fmt"
	"math"
	"time"

	"spacechain/astro"
	"spacechain/astro/frame"
	"spacechain/astro/sun"
)

// Camera is an instrument: its picture size and lens. The zero value of a field
// takes its default.
type Camera struct {
	Width, Height int     // pixels; default 160 x 120, at most 2048 each
	FOVDeg        float64 // angle across the width; default 60, below 170
	Colour        bool    // red, green and blue instead of grey
	Mask          *Mask   // land; default Earth()
}

// View is where the camera is and how it is turned. The axes are unit vectors in
// ECEF, at right angles; Forward is up in the picture.
type View struct {
	Time                 time.Time
	PosECEFKm            astro.Vec3
	Forward, Right, Down astro.Vec3
}

// maxSide bounds a picture's width and height, pixels.
const maxSide = 2048

// squash stretches z so that the WGS-84 ellipsoid becomes a sphere.
const squash = 1 / (1 - frame.Flattening)

// Render takes a picture.
func (c Camera) Render(v View) (*Frame, error) {
	if c.Width == 0 && c.Height == 0 {
		c.Width, c.Height = 160, 120
	}
	if c.FOVDeg == 0 {
		c.FOVDeg = 60
	}
	if c.Mask == nil {
		c.Mask = Earth()
	}
	switch {
	case c.Width < 1 || c.Height < 1 || c.Width > maxSide || c.Height > maxSide:
		return nil, fmt.Errorf("take picture: %d x %d pixels are not within 1..%d", c.Width, c.Height, maxSide)
	case !(c.FOVDeg > 0 && c.FOVDeg < 170):
		return nil, fmt.Errorf("take picture: field of view %g is not within 0..170 degrees", c.FOVDeg)
	case !(v.PosECEFKm.Norm() > frame.EquatorialRadiusKm):
		return nil, fmt.Errorf("take picture: the camera is not in space")
	}
	s := scene{view: v, sun: sun.PosECEFKm(v.Time).Unit(), mask: c.Mask, eye: v.PosECEFKm}
	s.eye[2] = float64(s.eye[2] * squash)
	f := &Frame{Width: c.Width, Height: c.Height, Channels: 1}
	if c.Colour {
		f.Channels = 3
	}
	f.Pix = make([]byte, 0, f.Width*f.Height*f.Channels)
	scale := 2 * math.Tan(c.FOVDeg/2*math.Pi/180) / float64(c.Width)
	for row := range c.Height {
		up := float64(scale * (float64(c.Height)/2 - float64(row) - 0.5))
		for column := range c.Width {
			right := float64(scale * (float64(column) + 0.5 - float64(c.Width)/2))
			t := s.look(v.Down.Add(v.Forward.Scale(up)).Add(v.Right.Scale(right)))
			if c.Colour {
				f.Pix = append(f.Pix, level(t[0]), level(t[1]), level(t[2]))
			} else {
				f.Pix = append(f.Pix, level(float64(0.299*t[0])+float64(0.587*t[1])+float64(0.114*t[2])))
			}
		}
	}
	return f, nil
}

// level turns a brightness into a byte.
func level(x float64) byte { return byte(min(max(math.Round(255*x), 0), 255)) }

// tone is a brightness in red, green and blue, 0..1.
type tone [3]float64

func (t tone) times(k float64) tone { return tone{t[0] * k, t[1] * k, t[2] * k} }

// The tones of sunlit things, as a camera with a fixed exposure shows them.
var (
	sea       = tone{0.09, 0.20, 0.36}
	land      = tone{0.46, 0.48, 0.32}
	ice       = tone{0.90, 0.93, 0.96}
	plain     = tone{0.16, 0.24, 0.34}
	graticule = tone{0.75, 0.75, 0.70}
	air       = tone{0.35, 0.60, 0.95}
)

// scene is what a picture's rays share.
type scene struct {
	view View
	eye  astro.Vec3 // the place, stretched
	sun  astro.Vec3 // direction, ECEF
	mask *Mask
}

// look gives what is seen along a direction in ECEF.
func (s *scene) look(d astro.Vec3) tone {
	e := d
	e[2] = float64(e[2] * squash)
	const r = frame.EquatorialRadiusKm
	// the ray eye + k e meets the sphere of radius r where a k^2 + 2 b k + c = 0
	a, b, c := e.Dot(e), s.eye.Dot(e), s.eye.Dot(s.eye)-r*r
	disc := float64(b*b) - float64(a*c)
	if disc < 0 || b > 0 {
		return s.limb(e, a, b)
	}
	hit := s.eye.Add(e.Scale((-b - math.Sqrt(disc)) / a))
	// on the stretched sphere hit/r is the parametric place; the normal of the
	// ellipsoid is that with z stretched once more
	normal := astro.Vec3{hit[0], hit[1], float64(hit[2] * squash)}.Unit()
	lat := math.Asin(min(max(normal[2], -1), 1)) * 180 / math.Pi
	lon := math.Atan2(normal[1], normal[0]) * 180 / math.Pi
	return s.ground(lat, lon).times(daylight(normal.Dot(s.sun)))
}

// daylight gives the brightness of level ground by the sine of the Sun's height:
// full light high up, dusk to 12 degrees below the horizon, a trace at night.
func daylight(sinHeight float64) float64 {
	const night, horizon, dusk = 0.05, 0.14, 0.208 // dusk: sine of 12 degrees
	if sinHeight >= 0 {
		return horizon + float64((1-horizon)*math.Sqrt(sinHeight))
	}
	x := max(1+sinHeight/dusk, 0)
	return night + float64((horizon-night)*float64(x*x))
}

// ground gives the tone of a place in full light.
func (s *scene) ground(lat, lon float64) tone {
	if s.mask == nil {
		onLine := func(x float64) bool { return math.Abs(x-10*math.Round(x/10)) < 0.3 }
		if onLine(lat) || math.Abs(lat) < 85 && onLine(lon) {
			return graticule
		}
		return plain
	}
	if !s.mask.Land(lat, lon) {
		return sea
	}
	if lat < -62 || greenland(lat, lon) {
		return ice
	}
	return land
}

// greenland says whether land at a place is Greenland's: east of Baffin Bay and the
// Nares Strait, west of the Denmark Strait.
func greenland(lat, lon float64) bool {
	west, east := -58.0, -11.0
	if lat > 75.5 {
		west = -73 + float64(3.25*max(lat-78, 0))
	}
	if lat < 68 {
		east = -30
	}
	return lat > 59.5 && lon > west && lon < east
}

// limb gives the glow of the air, 8 km to a factor e, beside the Earth, and black
// space beyond.
func (s *scene) limb(e astro.Vec3, a, b float64) tone {
	if b > 0 {
		return tone{}
	}
	nearest := s.eye.Add(e.Scale(-b / a))
	height := nearest.Norm() - frame.EquatorialRadiusKm
	if height > 80 {
		return tone{}
	}
	normal := astro.Vec3{nearest[0], nearest[1], float64(nearest[2] * squash)}.Unit()
	return air.times(math.Exp(-height/8) * daylight(normal.Dot(s.sun)))
}
