package api

import (
	"context"
	"math"
	"net/http"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"
)

// body is an output whose body is T.
type body[T any] struct{ Body T }

// list makes a nil slice an empty one, so that JSON says [] and not null.
func list[T any](v []T) []T {
	if v == nil {
		return []T{}
	}
	return v
}

func get[I, O any](s *Server, id, path, tag, summary string, errs []int, h func(context.Context, *I) (*O, error)) {
	huma.Register(s.api, huma.Operation{
		OperationID: id, Method: http.MethodGet, Path: path, Tags: []string{tag}, Summary: summary,
		Errors: append([]int{http.StatusInternalServerError, http.StatusServiceUnavailable}, errs...),
	}, h)
}

// Health is what /healthz answers.
type Health struct {
	Status string    `json:"status" enum:"ok" doc:"ok; otherwise the answer is a problem"`
	Time   time.Time `json:"time" doc:"Simulated time, UTC"`
}

// PlainPositions is where every satellite is, as plain arrays.
type PlainPositions struct {
	Time       time.Time `json:"time" doc:"Simulated time, UTC"`
	Generation uint64    `json:"generation" doc:"Changes when the catalogue or its order does"`
	IDs        []NodeID  `json:"ids" nullable:"false" doc:"Satellites, in the order of /api/v1/satellites"`
	PosECEFKm  []float64 `json:"pos_ecef_km" nullable:"false" doc:"Earth-fixed x, y, z for each id in turn, km, to the metre"`
	Sun        Point     `json:"sun" doc:"Subsolar point"`
}

type idInput struct {
	ID uint64 `path:"id" doc:"ipn node number"`
}

type satelliteList struct {
	Satellites []Satellite `json:"satellites" nullable:"false" doc:"In catalogue order"`
	Total      int         `json:"total" doc:"How many there are, found or not"`
}

type stationList struct {
	Stations []Station `json:"stations" nullable:"false" doc:"Ground stations"`
}

type passList struct {
	Passes []Pass `json:"passes" nullable:"false" doc:"By rise time"`
}

type linkList struct {
	Links []Link `json:"links" nullable:"false" doc:"Links that are up now"`
	Total int    `json:"total" doc:"How many are up and match, listed or not"`
}

func (s *Server) registerUniverse() {
	b := s.opt.Backend
	get(s, "health", "/healthz", "operations", "Whether the server and its backend answer", nil,
		func(ctx context.Context, _ *struct{}) (*body[Health], error) {
			u, err := b.Universe(ctx)
			if err != nil {
				return nil, s.problem("check health", err)
			}
			return &body[Health]{Health{Status: "ok", Time: u.Time}}, nil
		})
	get(s, "get-universe", "/api/v1/universe", "universe", "Time, speed, seed and counts", nil,
		func(ctx context.Context, _ *struct{}) (*body[Universe], error) {
			u, err := b.Universe(ctx)
			if err != nil {
				return nil, s.problem("read universe", err)
			}
			return &body[Universe]{u}, nil
		})
	get(s, "list-satellites", "/api/v1/satellites", "satellites", "List satellites", nil, s.satellites)
	get(s, "get-satellite", "/api/v1/satellites/{id}", "satellites", "One satellite with its ground track",
		[]int{http.StatusNotFound}, func(ctx context.Context, in *idInput) (*body[SatelliteDetail], error) {
			d, err := b.Satellite(ctx, NodeID(in.ID))
			if err != nil {
				return nil, s.problem("read satellite", err)
			}
			d.Peers, d.Track = list(d.Peers), list(d.Track)
			return &body[SatelliteDetail]{d}, nil
		})
	get(s, "get-positions", "/api/v1/positions", "satellites", "Where every satellite is now", nil, s.positions)
	get(s, "list-stations", "/api/v1/stations", "stations", "List ground stations", nil,
		func(ctx context.Context, _ *struct{}) (*body[stationList], error) {
			v, err := b.Stations(ctx)
			if err != nil {
				return nil, s.problem("list stations", err)
			}
			return &body[stationList]{stationList{list(v)}}, nil
		})
	get(s, "list-passes", "/api/v1/passes", "stations", "Passes of satellites over stations", nil, s.passes)
	get(s, "list-links", "/api/v1/links", "links", "Links that are up now", nil, s.links)
}

type satellitesInput struct {
	Query string `query:"q" maxLength:"64" doc:"Only names and numbers that contain this, whatever the case"`
	Limit int    `query:"limit" minimum:"1" maximum:"100000" default:"100000" doc:"At most so many"`
}

func (s *Server) satellites(ctx context.Context, in *satellitesInput) (*body[satelliteList], error) {
	all, err := s.opt.Backend.Satellites(ctx)
	if err != nil {
		return nil, s.problem("list satellites", err)
	}
	out := satelliteList{Satellites: list(all), Total: len(all)}
	if q := strings.ToLower(in.Query); q != "" {
		out.Satellites = []Satellite{}
		for _, sat := range all {
			if strings.Contains(strings.ToLower(sat.Name), q) || strings.Contains(sat.ID.String(), q) {
				out.Satellites = append(out.Satellites, sat)
			}
		}
	}
	if len(out.Satellites) > in.Limit {
		out.Satellites = out.Satellites[:in.Limit]
	}
	return &body[satelliteList]{out}, nil
}

func (s *Server) positions(ctx context.Context, _ *struct{}) (*body[PlainPositions], error) {
	p, err := s.opt.Backend.Positions(ctx)
	if err != nil {
		return nil, s.problem("read positions", err)
	}
	out := PlainPositions{Time: p.Time, Generation: p.Generation, IDs: list(p.IDs), Sun: p.Sun,
		PosECEFKm: make([]float64, 0, 3*len(p.PosECEFKm))}
	for _, v := range p.PosECEFKm {
		for _, x := range v {
			out.PosECEFKm = append(out.PosECEFKm, math.Round(x*1000)/1000)
		}
	}
	return &body[PlainPositions]{out}, nil
}

// maxPassSpan is the longest interval that one pass query may ask for.
const maxPassSpan = 7 * 24 * time.Hour

type passesInput struct {
	Satellite uint64    `query:"satellite" doc:"Only this satellite"`
	Station   uint64    `query:"station" doc:"Only this station"`
	From      time.Time `query:"from" doc:"Begin of the interval, UTC; default now"`
	To        time.Time `query:"to" doc:"End of the interval, UTC; default two hours later"`
	Limit     int       `query:"limit" minimum:"1" maximum:"5000" default:"500" doc:"At most so many"`
}

func (s *Server) passes(ctx context.Context, in *passesInput) (*body[passList], error) {
	if !in.To.IsZero() {
		from := in.From
		if from.IsZero() {
			u, err := s.opt.Backend.Universe(ctx)
			if err != nil {
				return nil, s.problem("list passes", err)
			}
			from = u.Time
		}
		if !in.To.After(from) {
			return nil, huma.Error422UnprocessableEntity("list passes: to must be after from")
		}
		if in.To.Sub(from) > maxPassSpan {
			return nil, huma.Error422UnprocessableEntity("list passes: at most 7 days at once; ask in parts")
		}
	}
	v, err := s.opt.Backend.Passes(ctx, PassFilter{
		Satellite: NodeID(in.Satellite), Station: NodeID(in.Station),
		From: in.From, To: in.To, Limit: in.Limit,
	})
	if err != nil {
		return nil, s.problem("list passes", err)
	}
	if len(v) > in.Limit {
		v = v[:in.Limit]
	}
	return &body[passList]{passList{list(v)}}, nil
}

type linksInput struct {
	Node  uint64 `query:"node" doc:"Only links with this node at one end"`
	Kind  string `query:"kind" enum:"isl,ground,wire" doc:"Only this kind"`
	Limit int    `query:"limit" minimum:"1" maximum:"100000" default:"1000" doc:"At most so many"`
}

func (s *Server) links(ctx context.Context, in *linksInput) (*body[linkList], error) {
	all, err := s.opt.Backend.Links(ctx)
	if err != nil {
		return nil, s.problem("list links", err)
	}
	out := linkList{Links: []Link{}}
	for _, l := range all {
		if in.Node != 0 && l.A != NodeID(in.Node) && l.B != NodeID(in.Node) {
			continue
		}
		if in.Kind != "" && l.Kind != LinkKind(in.Kind) {
			continue
		}
		if out.Total++; out.Total <= in.Limit {
			out.Links = append(out.Links, l)
		}
	}
	return &body[linkList]{out}, nil
}
