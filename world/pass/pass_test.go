package pass

import (
	"context"
	"testing"
)

func TestTry(t *testing.T) {
	c := Config{Tell: func(e Event) { t.Log(e.At.Format("15:04:05.000"), e.Kind, e.Text) }}
	r, err := Fly(context.Background(), c)
	if err != nil {
		t.Fatal(err)
	}
	for _, l := range r.Links {
		t.Logf("%+v", l)
	}
	for _, l := range r.Commands {
		t.Logf("%+v", l)
	}
	t.Logf("%+v", r.File)
	t.Logf("%+v", r.App)
	t.Logf("%+v", r.Orbit)
	t.Logf("%+v", r.Control)
	t.Logf("%+v", r.Space)
	t.Log(r.Rise, r.Set, r.PeakDeg, r.NearestKm, r.FarthestKm, r.MostDopplerHz, r.Digest)
}
