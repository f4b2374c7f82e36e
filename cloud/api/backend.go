package api

import (
	"context"
	"errors"
	"strconv"
	"time"
)

// Backend is what the API serves: a whole simulated universe, or one terminal's
// view of a real one. All methods may be called at the same time from many
// goroutines, must honour ctx, and return values that the caller may keep: the
// backend does not change them afterwards.
//
// Methods that find nothing under an id return an error wrapping [ErrNotFound].
// A backend that lacks a whole subject (a terminal knows no other node's links)
// returns an empty list, not an error.
type Backend interface {
	// Universe says what time it is and how much of everything there is. It is
	// called once a second and by every metrics scrape, so it must be cheap.
	Universe(ctx context.Context) (Universe, error)

	// Satellites lists every satellite in catalogue order. The order is stable as
	// long as Positions.Generation stays the same.
	Satellites(ctx context.Context) ([]Satellite, error)
	// Satellite gives one satellite with its ground track.
	Satellite(ctx context.Context, id NodeID) (SatelliteDetail, error)
	// Positions gives every satellite's position now, in the order of Satellites.
	// It is called about once a second of wall time while somebody watches.
	Positions(ctx context.Context) (Positions, error)

	// Stations lists the ground stations.
	Stations(ctx context.Context) ([]Station, error)
	// Passes lists passes that overlap the filter's interval, by rise time.
	Passes(ctx context.Context, filter PassFilter) ([]Pass, error)
	// Links lists the links that are up now. It is called every few seconds of wall
	// time while somebody watches.
	Links(ctx context.Context) ([]Link, error)

	// Tenants lists the apps that the terminal knows, by id, removed ones included
	// as long as their results are kept.
	Tenants(ctx context.Context) ([]Tenant, error)
	// Tenant gives one of them.
	Tenant(ctx context.Context, id string) (Tenant, error)
	// Results gives up to limit results of a tenant with Seq > after, oldest first.
	Results(ctx context.Context, tenant string, after uint64, limit int) ([]Result, error)
	// Logs gives up to limit log lines of a tenant with Seq > after, oldest first.
	Logs(ctx context.Context, tenant string, after uint64, limit int) ([]LogLine, error)

	// Submit takes a signed owner command (spaceos/command, CBOR) and queues it for
	// uplink. It is durable on return. The same command submitted again gives the
	// same request id. Errors wrap ErrRejected for what no satellite would accept
	// (malformed, unsigned, unknown satellite) and ErrBusy when the queue is full.
	Submit(ctx context.Context, signedCommand []byte) (requestID string, err error)
	// Request says how far a submitted command has come.
	Request(ctx context.Context, id string) (Request, error)

	// Requests lists up to limit requests, the newest first.
	Requests(ctx context.Context, limit int) ([]Request, error)

	// Subscribe delivers events until ctx ends, then closes the channel. The
	// backend never waits for the subscriber: when the channel's buffer is full it
	// drops events, and the next delivered Seq shows the gap.
	Subscribe(ctx context.Context) (<-chan Event, error)
}

// Errors that a Backend wraps to choose the HTTP status. Anything else is
// answered as 500 without its text, which goes to the log.
var (
	ErrNotFound    = errors.New("not found")               // 404
	ErrRejected    = errors.New("rejected")                // 422, with the error's text
	ErrBusy        = errors.New("busy")                    // 429, with Retry-After
	ErrUnavailable = errors.New("temporarily unavailable") // 503
)

// NodeID is an ipn node number: a satellite's NORAD id, a station's or a
// terminal's number.
type NodeID uint64

// String gives the number in decimal.
func (n NodeID) String() string { return strconv.FormatUint(uint64(n), 10) }

// Universe is the state of the whole: time, pace and counts.
type Universe struct {
	Name       string    `json:"name" doc:"Name of the constellation or of the catalogue"`
	Version    string    `json:"version" doc:"Version of the program that serves this"`
	Time       time.Time `json:"time" doc:"Simulated time, UTC"`
	Start      time.Time `json:"start" doc:"Simulated time at which this history began, UTC"`
	Speed      float64   `json:"speed" doc:"Simulated seconds per wall second; 0 means as fast as events allow"`
	Paused     bool      `json:"paused" doc:"True while simulated time stands still"`
	Seed       string    `json:"seed" doc:"Seed of this history, as decimal text because it may exceed 2^53"`
	Satellites int       `json:"satellites" doc:"Number of satellites"`
	Stations   int       `json:"stations" doc:"Number of ground stations"`
	Terminals  int       `json:"terminals" doc:"Number of terminals"`
	Terminal   NodeID    `json:"terminal" doc:"Node number of the terminal behind this API, to whose inbox replies are sent"`
	Links      int       `json:"links" doc:"Number of links that are up now"`
	Tenants    int       `json:"tenants" doc:"Number of tenants known to the terminal"`
	Results    uint64    `json:"results" doc:"Results received so far"`
	Bundles    uint64    `json:"bundles" doc:"Bundles delivered at their destination so far"`
	Sun        Point     `json:"sun" doc:"Subsolar point: where the Sun stands in the zenith"`
}

// Point is a place on the Earth, WGS-84 geodetic.
type Point struct {
	LatDeg float64 `json:"lat_deg" doc:"Geodetic latitude, degrees north"`
	LonDeg float64 `json:"lon_deg" doc:"Longitude, degrees east, -180 to 180"`
}
