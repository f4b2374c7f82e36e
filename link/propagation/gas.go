package propagation

import "math"

// Bounds of the gas model. P.676-13 gives its method for 1 to 1,000 GHz. Below
// that the same formulas go on without a break, oxygen's relaxation term alone
// mattering (the loss at 100 MHz is under 0.03 dB at any elevation from 5
// degrees); below 10 MHz no signal reaches space.
const (
	gasLowHz  = 10e6
	gasHighHz = 1000e9
)

// OxygenDBKm gives the specific attenuation by dry air: oxygen, and nitrogen
// under pressure (P.676-13 annex 1 (1) to (9)), dB/km.
func OxygenDBKm(frequencyHz float64, a Air) float64 {
	f, p, e := frequencyHz/ghz, a.DryHPa(), a.VapourHPa()
	theta := 300 / a.TemperatureK
	theta08 := math.Pow(theta, 0.8)
	var n float64
	for i := range oxygenLines {
		l := &oxygenLines[i]
		strength := l[1] * 1e-7 * p * theta * theta * theta * math.Exp(l[2]*(1-theta))
		width := l[3] * 1e-4 * (p*theta08 + 1.1*e*theta) // a4 of (6a) is 0 on every line
		width = math.Sqrt(width*width + 2.25e-6)
		shift := (l[5] + l[6]*theta) * 1e-4 * (p + e) * theta08
		n += strength * lineShape(f, l[0], width, shift)
	}
	d := 5.6e-4 * (p + e) * theta08
	n += f * p * theta * theta * (6.14e-5/(d*(1+f*f/(d*d))) +
		1.4e-12*p*math.Pow(theta, 1.5)/(1+1.9e-5*math.Pow(f, 1.5)))
	return 0.1820 * f * n
}

// VapourDBKm gives the specific attenuation by water vapour (P.676-13 annex 1 (1)
// to (7)), dB/km.
func VapourDBKm(frequencyHz float64, a Air) float64 {
	f, p, e := frequencyHz/ghz, a.DryHPa(), a.VapourHPa()
	theta := 300 / a.TemperatureK
	theta35 := theta * theta * theta * math.Sqrt(theta)
	var n float64
	for i := range vapourLines {
		l := &vapourLines[i]
		strength := l[1] * 0.1 * e * theta35 * math.Exp(l[2]*(1-theta))
		width := l[3] * 1e-4 * (p*math.Pow(theta, l[4]) + l[5]*e*math.Pow(theta, l[6]))
		width = 0.535*width + math.Sqrt(0.217*width*width+2.1316e-12*l[0]*l[0]/theta)
		n += strength * lineShape(f, l[0], width, 0)
	}
	return 0.1820 * f * n
}

// lineShape is (5), all in GHz.
func lineShape(f, line, width, shift float64) float64 {
	below, above := line-f, line+f
	return f / line * ((width-shift*below)/(below*below+width*width) + (width-shift*above)/(above*above+width*width))
}

// layer is one of the shells that the atmosphere is cut into.
type layer struct {
	radiusKm    float64 // of its lower side, from the centre of the Earth
	thicknessKm float64
	index       float64 // refractive
	lossDBKm    float64
}

// Gas is the air above one station at one frequency.
type Gas struct{ layers []layer }

// earthRadiusKm is the radius that P.676-13 computes with.
const earthRadiusKm = 6371

// NewGas prepares the air above a station for one frequency: P.676-13 annex 1
// §2.2.1, 922 layers that grow from 10 cm to 1 km, each with the state of
// [StandardAir] at its middle. The station's height is 0 to 50 km.
func NewGas(frequencyHz, stationHeightKm, surfaceVapourGM3 float64) (*Gas, error) {
	const model = "gas attenuation (ITU-R P.676-13)"
	if err := within(model, "frequency", frequencyHz/ghz, gasLowHz/ghz, gasHighHz/ghz, "GHz"); err != nil {
		return nil, err
	}
	if err := within(model, "height of the station", stationHeightKm, 0, 50, "km"); err != nil {
		return nil, err
	}
	if err := within(model, "water vapour at sea level", surfaceVapourGM3, 0, 50, "g/m³"); err != nil {
		return nil, err
	}
	// (14), (15) and (16a) to (16d): layer i begins where the thicknesses of those
	// below it add up to; above a raised station all are stretched a little so that
	// they fill the way to 100 km.
	first, last := 1, 923
	scale := 1e-4
	if stationHeightKm > 0 {
		position := func(heightKm float64) float64 { return 100*math.Log(1e4*heightKm*math.Expm1(0.01)+1) + 1 }
		first = int(math.Floor(position(stationHeightKm)))
		last = int(math.Ceil(position(atmosphereTopKm)))
		scale = (atmosphereTopKm - stationHeightKm) * math.Expm1(0.01) /
			(math.Exp(float64(last-1)/100) - math.Exp(float64(first-1)/100))
	}
	g := &Gas{layers: make([]layer, 0, last-first)}
	height := stationHeightKm
	for i := first; i < last; i++ {
		thickness := scale * math.Exp(float64(i-1)/100)
		air := StandardAir(height+thickness/2, surfaceVapourGM3)
		g.layers = append(g.layers, layer{
			radiusKm:    earthRadiusKm + height,
			thicknessKm: thickness,
			index:       1 + 1e-6*air.Refractivity(),
			lossDBKm:    OxygenDBKm(frequencyHz, air) + VapourDBKm(frequencyHz, air),
		})
		height += thickness
	}
	return g, nil
}

// Slant follows a ray from the station out of the atmosphere at an apparent
// elevation of 0 to 90 degrees. It gives the loss, and by how much refraction
// bends the ray down: a satellite stands that much lower than it seems.
func (g *Gas) Slant(elevationDeg float64) (lossDB, bendingDeg float64, err error) {
	if err := horizon("gas attenuation (ITU-R P.676-13)", elevationDeg); err != nil {
		return 0, 0, err
	}
	lossDB, bending := g.slant(elevationDeg)
	return lossDB, bending * 180 / math.Pi, nil
}

func (g *Gas) slant(elevationDeg float64) (lossDB, bending float64) {
	// Snell's law in shells: n r sin(angle from the vertical) is the same everywhere
	// (P.676-13 (19b)), so no angle need be carried from layer to layer.
	first := g.layers[0]
	invariant := first.index * first.radiusKm * math.Cos(radians(elevationDeg))
	for i, l := range g.layers {
		leave := min(1, invariant/(l.index*l.radiusKm)) // sine of the angle at the lower side
		cosine := math.Sqrt(1 - leave*leave)
		r, d := l.radiusKm, l.thicknessKm
		along := d * (2*r + d) / (r*cosine + math.Sqrt(r*r*cosine*cosine+d*(2*r+d))) // (17), without cancellation
		lossDB += along * l.lossDBKm
		if i+1 < len(g.layers) {
			upper := r + d
			enter := math.Asin(min(1, invariant/(l.index*upper)))
			bending += math.Asin(min(1, invariant/(g.layers[i+1].index*upper))) - enter
		}
	}
	return lossDB, bending
}

// GasTable is the loss by gases over elevation, quick to ask: a table through
// [Gas.Slant], within a thousandth of it.
type GasTable struct{ scaled [gasNodes + 1]float64 }

// gasNodes is how many intervals the table has; they grow with the elevation, as
// the loss changes fastest near the horizon.
const gasNodes = 96

// NewGasTable makes the table of a frequency for a station, as [NewGas].
func NewGasTable(frequencyHz, stationHeightKm, surfaceVapourGM3 float64) (*GasTable, error) {
	g, err := NewGas(frequencyHz, stationHeightKm, surfaceVapourGM3)
	if err != nil {
		return nil, err
	}
	t := new(GasTable)
	for i := range t.scaled {
		u := float64(i) / gasNodes
		elevation := 90 * u * u
		loss, _ := g.slant(elevation)
		t.scaled[i] = loss * flatten(elevation)
	}
	return t, nil
}

// flatten takes the growth towards the horizon out of a loss, so that straight
// lines join the nodes well.
func flatten(elevationDeg float64) float64 { return math.Sin(radians(elevationDeg)) + 0.04 }

// LossDB gives the loss at an elevation; below the horizon that of the horizon.
// A NaN gives a NaN.
func (t *GasTable) LossDB(elevationDeg float64) float64 {
	if math.IsNaN(elevationDeg) {
		return elevationDeg
	}
	elevation := min(max(elevationDeg, 0), 90)
	x := gasNodes * math.Sqrt(elevation/90)
	i := min(int(x), gasNodes-1)
	return (t.scaled[i] + (t.scaled[i+1]-t.scaled[i])*(x-float64(i))) / flatten(elevation)
}
