package apitest

import (
	"context"
	"math"
	"slices"
	"time"

	"spacechain/cloud/api"
)

const (
	firstID  = 90001
	planes   = 6
	altKm    = 780.0
	earthKm  = 6378.137
	orbitKm  = earthKm + altKm
	incDeg   = 86.4
	earthRad = 7.2921159e-5 // rad/s
)

var period = time.Duration(2 * math.Pi * math.Sqrt(orbitKm*orbitKm*orbitKm/398600.4418) * float64(time.Second))

// stations are at real places.
var stations = []api.Station{
	{ID: 2000001, Name: "Svalbard", LatDeg: 78.23, LonDeg: 15.41, AltKm: 0.45, MinElevationDeg: 10, Up: true},
	{ID: 2000002, Name: "Kourou", LatDeg: 5.25, LonDeg: -52.8, AltKm: 0.02, MinElevationDeg: 10, Up: true},
	{ID: 2000003, Name: "Weilheim", LatDeg: 47.88, LonDeg: 11.08, AltKm: 0.66, MinElevationDeg: 10, Up: true},
	{ID: 2000004, Name: "Dongara", LatDeg: -29.05, LonDeg: 115.35, AltKm: 0.25, MinElevationDeg: 10, Up: true},
	{ID: 2000005, Name: "Singapore", LatDeg: 1.35, LonDeg: 103.82, AltKm: 0.02, MinElevationDeg: 10, Up: true},
	{ID: 2000006, Name: "Santiago", LatDeg: -33.15, LonDeg: -70.67, AltKm: 0.73, MinElevationDeg: 10, Up: true},
	{ID: 2000007, Name: "Fairbanks", LatDeg: 64.86, LonDeg: -147.85, AltKm: 0.16, MinElevationDeg: 10, Up: true},
	{ID: 2000008, Name: "Hartebeesthoek", LatDeg: -25.89, LonDeg: 27.69, AltKm: 1.54, MinElevationDeg: 10, Up: true},
	{ID: 2000009, Name: "Awarua", LatDeg: -46.53, LonDeg: 168.38, AltKm: 0.01, MinElevationDeg: 10, Up: false},
}

func satID(i int) api.NodeID { return api.NodeID(firstID + i) }

// pos is an Earth-fixed position on a circular orbit of a Walker star.
func (f *Fake) pos(i int, t time.Time) [3]float64 {
	perPlane := (f.opt.Satellites + planes - 1) / planes
	plane, slot := i%planes, i/planes
	sec := t.Sub(Start).Seconds()
	u := 2*math.Pi*(float64(slot)+0.5*float64(plane%2))/float64(perPlane) + 2*math.Pi*sec/period.Seconds()
	node := math.Pi*float64(plane)/planes - earthRad*sec
	inc := radians(incDeg)
	x, y, z := math.Cos(u), math.Sin(u)*math.Cos(inc), math.Sin(u)*math.Sin(inc)
	return [3]float64{orbitKm * (x*math.Cos(node) - y*math.Sin(node)), orbitKm * (x*math.Sin(node) + y*math.Cos(node)), orbitKm * z}
}

func latLon(v [3]float64) (lat, lon float64) {
	return degrees(math.Atan2(v[2], math.Hypot(v[0], v[1]))), degrees(math.Atan2(v[1], v[0]))
}

func fromLatLon(lat, lon, r float64) [3]float64 {
	a, b := radians(lat), radians(lon)
	return [3]float64{r * math.Cos(a) * math.Cos(b), r * math.Cos(a) * math.Sin(b), r * math.Sin(a)}
}

func dot(a, b [3]float64) float64 { return a[0]*b[0] + a[1]*b[1] + a[2]*b[2] }

func distance(a, b [3]float64) float64 {
	return math.Sqrt((a[0]-b[0])*(a[0]-b[0]) + (a[1]-b[1])*(a[1]-b[1]) + (a[2]-b[2])*(a[2]-b[2]))
}

// sun is the subsolar point, to a degree or so.
func sun(t time.Time) api.Point {
	lat := -23.44 * math.Cos(2*math.Pi*(float64(t.YearDay())+10)/365.25)
	hours := float64(t.Hour()) + float64(t.Minute())/60 + float64(t.Second())/3600
	lon := -15 * (hours - 12)
	return api.Point{LatDeg: lat, LonDeg: math.Mod(lon+540, 360) - 180}
}

func sunlit(pos [3]float64, t time.Time) bool {
	s := sun(t)
	along := dot(pos, fromLatLon(s.LatDeg, s.LonDeg, 1))
	return along > 0 || math.Sqrt(dot(pos, pos)-along*along) > earthKm
}

func elevation(site, sat [3]float64) float64 {
	d := [3]float64{sat[0] - site[0], sat[1] - site[1], sat[2] - site[2]}
	return degrees(math.Asin(dot(d, site) / math.Sqrt(dot(d, d)*dot(site, site))))
}

// What links go by.
var (
	isl  = api.Wave{Modem: "QPSK 10000 ksym/s", Coding: "LDPC", Framing: "USLP", CarrierHz: 23.28e9, RateBps: 10e6}
	down = api.Wave{Modem: "QPSK 1024 ksym/s", Coding: "RS(255,223) within convolutional 1/2", Framing: "AOS", CarrierHz: 2245e6, RateBps: 1e6}
	up   = api.Wave{Modem: "QPSK 256 ksym/s", Coding: "RS(255,223) within convolutional 1/2", Framing: "AOS", CarrierHz: 2067e6, RateBps: 256e3}
)

func (f *Fake) links(t time.Time) []api.Link {
	n := f.opt.Satellites
	pos := make([][3]float64, n)
	for i := range pos {
		pos[i] = f.pos(i, t)
	}
	var out []api.Link
	add := func(i, j int) {
		if i >= n || j >= n {
			return
		}
		if d := distance(pos[i], pos[j]); d < 4500 {
			out = append(out, api.Link{A: satID(i), B: satID(j), Kind: api.LinkInterSatellite, RangeKm: d,
				DelayMs: d / 299.792458, RateBps: 10e6, Since: t, Until: t.Add(time.Hour), Active: (i+j+t.Minute())%9 == 0,
				AB: isl, BA: isl})
		}
	}
	for i := range n {
		if lat, _ := latLon(pos[i]); i%planes < planes-1 && math.Abs(lat) < 68 {
			add(i, i+1)
		}
		next := i + planes
		if next >= n {
			next -= n / planes * planes
		}
		add(i, next)
	}
	for _, st := range stations {
		site := fromLatLon(st.LatDeg, st.LonDeg, earthKm)
		for i := range min(n, 66) {
			if st.Up && elevation(site, pos[i]) > st.MinElevationDeg {
				d := distance(pos[i], site)
				out = append(out, api.Link{A: satID(i), B: st.ID, Kind: api.LinkGround, RangeKm: d, DelayMs: d / 299.792458,
					RateBps: 1e6, DopplerHz: 8000, Since: t, Until: t.Add(5 * time.Minute), HalfDuplex: true, Active: i%3 == 0,
					AB: down, BA: up})
			}
		}
	}
	return out
}

// Passes implements api.Backend, to half a minute.
func (f *Fake) Passes(ctx context.Context, flt api.PassFilter) ([]api.Pass, error) {
	if err := f.failing(ctx); err != nil {
		return nil, err
	}
	if flt.From.IsZero() {
		flt.From = f.Now()
	}
	if flt.To.IsZero() {
		flt.To = flt.From.Add(2 * time.Hour)
	}
	const step = 30 * time.Second
	var out []api.Pass
	for _, st := range stations {
		if flt.Station != 0 && flt.Station != st.ID {
			continue
		}
		site := fromLatLon(st.LatDeg, st.LonDeg, earthKm)
		for i := range min(f.opt.Satellites, 66) {
			if flt.Satellite != 0 && flt.Satellite != satID(i) {
				continue
			}
			var p *api.Pass
			for t := flt.From.Truncate(step).Add(-15 * time.Minute); t.Before(flt.To.Add(15 * time.Minute)); t = t.Add(step) {
				el := elevation(site, f.pos(i, t))
				switch {
				case el > st.MinElevationDeg && p == nil:
					p = &api.Pass{Satellite: satID(i), Station: st.ID, Rise: t, Culmination: t, MaxElevationDeg: el}
				case el > st.MinElevationDeg && el > p.MaxElevationDeg:
					p.Culmination, p.MaxElevationDeg = t, el
				case el <= st.MinElevationDeg && p != nil:
					if p.Set = t; p.Rise.Before(flt.To) && p.Set.After(flt.From) {
						out = append(out, *p)
					}
					p = nil
				}
			}
		}
	}
	slices.SortFunc(out, func(a, b api.Pass) int { return a.Rise.Compare(b.Rise) })
	return out[:min(len(out), flt.Limit)], nil
}
