package api

import (
	"context"
	"fmt"
	"math"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"spacechain/astro"
	"spacechain/astro/magnetic"
)

// FieldQuery asks for the model of the Earth's magnetic field at places, given
// as columns of one length.
type FieldQuery struct {
	TimeUnix []float64 `json:"t_unix" minItems:"1" maxItems:"5000" nullable:"false" doc:"Instants, Unix seconds"`
	LatDeg   []float64 `json:"lat_deg" maxItems:"5000" nullable:"false" doc:"Geodetic latitudes, degrees north"`
	LonDeg   []float64 `json:"lon_deg" maxItems:"5000" nullable:"false" doc:"Longitudes, degrees east"`
	AltKm    []float64 `json:"alt_km" maxItems:"5000" nullable:"false" doc:"Heights above the WGS-84 ellipsoid, km"`
}

// FieldAnswer is the model's total field at each place of the query.
type FieldAnswer struct {
	Model   string    `json:"model" doc:"The model's name"`
	TotalNT []float64 `json:"total_nt" nullable:"false" doc:"Magnitude of the field, nT, to a tenth"`
}

func (s *Server) registerModels() {
	huma.Register(s.api, huma.Operation{
		OperationID: "model-magnetic-field", Method: http.MethodPost, Path: "/api/v1/models/magnetic-field",
		Tags: []string{"models"}, Summary: "What IGRF-14 says about places along a track",
		Description:  "The truth beside which a measured field is shown. It changes nothing.",
		MaxBodyBytes: 1 << 20, BodyReadTimeout: 10 * time.Second,
		Errors: []int{http.StatusForbidden, http.StatusRequestEntityTooLarge, http.StatusUnprocessableEntity},
	}, func(_ context.Context, in *body[FieldQuery]) (*body[FieldAnswer], error) {
		out, err := field(in.Body)
		if err != nil {
			return nil, huma.Error422UnprocessableEntity("model magnetic field: " + err.Error())
		}
		return &body[FieldAnswer]{out}, nil
	})
}

func field(q FieldQuery) (FieldAnswer, error) {
	n := len(q.TimeUnix)
	if len(q.LatDeg) != n || len(q.LonDeg) != n || len(q.AltKm) != n {
		return FieldAnswer{}, fmt.Errorf("columns of %d, %d, %d and %d values; all four need the same length",
			n, len(q.LatDeg), len(q.LonDeg), len(q.AltKm))
	}
	out := FieldAnswer{Model: "IGRF-14", TotalNT: make([]float64, n)}
	for i := range out.TotalNT {
		t, place := q.TimeUnix[i], astro.Geodetic{LatDeg: q.LatDeg[i], LonDeg: q.LonDeg[i], AltKm: q.AltKm[i]}
		if math.Abs(t) > 1e11 || math.Abs(place.LatDeg) > 90 || math.Abs(place.LonDeg) > 360 || place.AltKm < -100 || place.AltKm > 1e6 {
			return FieldAnswer{}, fmt.Errorf("place %d (t %g, %g, %g, %g km): out of range; latitude is -90 to 90, longitude -360 to 360, height -100 to 1,000,000 km",
				i, t, place.LatDeg, place.LonDeg, place.AltKm)
		}
		total := magnetic.FieldNED(place, time.Unix(int64(math.Floor(t)), 0).UTC()).Norm()
		out.TotalNT[i] = math.Round(total*10) / 10
	}
	return out, nil
}
