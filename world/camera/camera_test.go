package camera

import (
	"bytes"
	"image/color"
	"image/png"
	"math"
	"strings"
	"testing"
	"time"

	"spacechain/astro"
	"spacechain/astro/frame"
	"spacechain/astro/sun"
)

var noon = time.Date(2026, 6, 1, 12, 0, 0, 0, time.UTC)

// above gives the view straight down from a place, north up.
func above(lat, lon, altKm float64, at time.Time) View {
	c := frame.NewTopocentre(astro.Geodetic{LatDeg: lat, LonDeg: lon})
	pos := frame.FromGeodetic(astro.Geodetic{LatDeg: lat, LonDeg: lon, AltKm: altKm})
	return View{Time: at, PosECEFKm: pos, Forward: c.North, Right: c.East, Down: c.Up.Scale(-1)}
}

func take(t testing.TB, c Camera, v View) *Frame {
	t.Helper()
	f, err := c.Render(v)
	if err != nil {
		t.Fatal(err)
	}
	return f
}

// Over the Strait of Sicily Italy is up, Tunisia to the lower left, the sea between.
func TestPictureShowsCoastlines(t *testing.T) {
	needEarth(t)
	v := above(38, 12, 780, noon)
	f := take(t, Camera{Width: 161, Height: 121, FOVDeg: 90}, v)
	if f.Channels != 1 || len(f.Pix) != 161*121 {
		t.Fatalf("frame %d x %d x %d of %d bytes", f.Width, f.Height, f.Channels, len(f.Pix))
	}
	at := func(lat, lon float64) byte { // where a place stands in the picture, by projection
		d := frame.FromGeodetic(astro.Geodetic{LatDeg: lat, LonDeg: lon}).Sub(v.PosECEFKm)
		scale := 80.5 / math.Tan(45*math.Pi/180)
		x := 80.5 + scale*d.Dot(v.Right)/d.Dot(v.Down)
		y := 60.5 - scale*d.Dot(v.Forward)/d.Dot(v.Down)
		return f.Pix[int(y)*161+int(x)]
	}
	for _, c := range []struct {
		place    string
		lat, lon float64
		land     bool
	}{
		{"Rome", 42.0, 12.8, true}, {"Tyrrhenian Sea", 39.5, 12.5, false}, {"Sicily", 37.5, 14.2, true},
		{"Tunisia", 36, 9.3, true}, {"Ionian Sea", 37, 18, false}, {"Sardinia", 40.1, 9.1, true},
	} {
		if got := at(c.lat, c.lon); (got > 90) != c.land {
			t.Errorf("%s has brightness %d", c.place, got)
		}
	}
}

func TestDayIsBrighterThanNight(t *testing.T) {
	brightness := func(v View) (sum int) {
		for _, p := range take(t, Camera{}, v).Pix {
			sum += int(p)
		}
		return sum
	}
	day, night := brightness(above(10, 20, 800, noon)), brightness(above(10, 20, 800, noon.Add(12*time.Hour)))
	if day < 5*night || night == 0 {
		t.Errorf("brightness by day %d, by night %d", day, night)
	}
	last := math.Inf(1)
	for x := 1.0; x >= -1; x -= 0.01 {
		if b := daylight(x); b > last || b <= 0 || b > 1 {
			t.Fatalf("brightness %g at sine %g, brighter than higher up", b, x)
		} else {
			last = b
		}
	}
}

// The Earth's edge stands where the tangent touches: asin(R / (R + h)) from nadir.
func TestLimbIsWhereItShouldBe(t *testing.T) {
	subsolar := sun.Subsolar(noon)
	v := above(0, subsolar.LonDeg, 2000, noon)
	f := take(t, Camera{Width: 401, Height: 3, FOVDeg: 120}, v)
	row := f.Pix[401 : 2*401]
	edge := 0
	for x := 200; x < 401 && row[x] > 0; x++ {
		edge = x
	}
	scale := 200.5 / math.Tan(60*math.Pi/180)
	got := math.Atan((float64(edge)-200)/scale) * 180 / math.Pi
	want := math.Asin(6378.137/(6378.137+2000)) * 180 / math.Pi
	if math.Abs(got-want) > 0.6 { // the air's glow is wider than the ground
		t.Errorf("the limb stands %.2f degrees from nadir, want %.2f", got, want)
	}
	if row[400] != 0 || row[0] != 0 {
		t.Error("space is not black")
	}
}

func TestGraticuleWithoutMask(t *testing.T) {
	s := scene{}
	for _, c := range []struct {
		lat, lon float64
		want     tone
	}{{20, 33, graticule}, {33, 20.2, graticule}, {33, 33, plain}, {0, 0, graticule}, {86, 20, plain}, {-30.1, -175, graticule}} {
		if got := s.ground(c.lat, c.lon); got != c.want {
			t.Errorf("%g %g has tone %v, want %v", c.lat, c.lon, got, c.want)
		}
	}
}

func TestTones(t *testing.T) {
	needEarth(t)
	s := scene{mask: Earth()}
	for _, c := range []struct {
		place    string
		lat, lon float64
		want     tone
	}{
		{"Greenland", 72, -40, ice}, {"Thule", 77, -68, ice}, {"Ellesmere Island", 80, -80, land}, {"Iceland", 65, -19, land},
		{"Baffin Island", 70, -72, land}, {"Antarctica", -75, 0, ice}, {"Sahara", 23, 10, land}, {"Atlantic", 30, -40, sea},
	} {
		if got := s.ground(c.lat, c.lon); got != c.want {
			t.Errorf("%s has tone %v, want %v", c.place, got, c.want)
		}
	}
}

func TestPNG(t *testing.T) {
	for _, colour := range []bool{false, true} {
		f := take(t, Camera{Width: 40, Height: 30, Colour: colour}, above(38, 12, 780, noon))
		encoded, err := f.PNG()
		if err != nil {
			t.Fatal(err)
		}
		img, err := png.Decode(bytes.NewReader(encoded))
		if err != nil || img.Bounds().Dx() != 40 || img.Bounds().Dy() != 30 {
			t.Fatalf("decoded %v, %v", img.Bounds(), err)
		}
		for i := range 40 * 30 {
			c := color.RGBAModel.Convert(img.At(i%40, i/40)).(color.RGBA)
			want := color.RGBA{f.Pix[i*f.Channels], f.Pix[i*f.Channels+f.Channels/2], f.Pix[i*f.Channels+f.Channels-1], 255}
			if c != want {
				t.Fatalf("pixel %d is %v, want %v", i, c, want)
			}
		}
	}
	if _, err := (&Frame{Width: 2, Height: 2, Channels: 2, Pix: make([]byte, 8)}).PNG(); err == nil {
		t.Error("a frame of two channels is encoded")
	}
}

func TestSamePictureTwice(t *testing.T) {
	c, v := Camera{Colour: true}, above(-20, 130, 550, noon.Add(5*time.Hour))
	if !bytes.Equal(take(t, c, v).Pix, take(t, c, v).Pix) {
		t.Error("one view, two pictures")
	}
}

func TestRenderErrors(t *testing.T) {
	v := above(0, 0, 500, noon)
	for _, c := range []struct {
		camera Camera
		view   View
		want   string
	}{
		{Camera{Width: 5000, Height: 1}, v, "take picture: 5000 x 1 pixels are not within 1..2048"},
		{Camera{Width: 10}, v, "10 x 0 pixels"},
		{Camera{FOVDeg: 180}, v, "field of view 180 is not within 0..170 degrees"},
		{Camera{FOVDeg: math.NaN()}, v, "field of view NaN"},
		{Camera{}, View{Time: noon}, "the camera is not in space"},
	} {
		if _, err := c.camera.Render(c.view); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("error %v, want %s", err, c.want)
		}
	}
}

func BenchmarkRender(b *testing.B) {
	v := above(38, 12, 780, noon)
	for b.Loop() {
		take(b, Camera{}, v)
	}
}
