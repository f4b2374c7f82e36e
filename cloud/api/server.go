package api

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"
)

// DefaultAddr is where the API and the console listen unless told otherwise.
const DefaultAddr = "127.0.0.1:8480"

// Options configures a Server. Only Backend is required.
type Options struct {
	// Backend answers everything.
	Backend Backend
	// Version is the program's version, for the OpenAPI document.
	Version string
	// AllowedHosts are DNS names under which the server may be reached, without
	// port. "localhost", names under it, and IP addresses always work: a rebinding
	// attack needs a name of the attacker's.
	AllowedHosts []string
	// MaxCommandBytes limits the body of POST /api/v1/commands. Default 16 MiB,
	// which fits a Go app's module with room to spare.
	MaxCommandBytes int64
	// MaxStreams limits the event streams open at once. Default 64.
	MaxStreams int
	// PositionInterval is the wall time between two position frames on the stream.
	// Default one second.
	PositionInterval time.Duration
	// BackendTimeout limits one call of the backend. Default ten seconds.
	BackendTimeout time.Duration
	// WriteTimeout is how long one event may take to leave towards a client before
	// its stream is cut. Default ten seconds.
	WriteTimeout time.Duration
	// Log receives internal errors, which clients do not see. Default: discarded.
	Log *slog.Logger
}

func (o Options) withDefaults() Options {
	if o.Version == "" {
		o.Version = "0"
	}
	if o.MaxCommandBytes <= 0 {
		o.MaxCommandBytes = 16 << 20
	}
	if o.MaxStreams <= 0 {
		o.MaxStreams = 64
	}
	if o.PositionInterval <= 0 {
		o.PositionInterval = time.Second
	}
	if o.BackendTimeout <= 0 {
		o.BackendTimeout = 10 * time.Second
	}
	if o.WriteTimeout <= 0 {
		o.WriteTimeout = 10 * time.Second
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	return o
}

// Server is the HTTP API around one Backend. Create it with New, serve its
// Handler, and keep Run going for the event stream.
type Server struct {
	opt     Options
	hub     *hub
	mux     *http.ServeMux
	api     huma.API
	metrics *metrics
	handler http.Handler
}

// New makes a Server. It starts nothing: see Run.
func New(opt Options) (*Server, error) {
	if opt.Backend == nil {
		return nil, errors.New("new api server: no backend given")
	}
	opt = opt.withDefaults()
	s := &Server{opt: opt, mux: http.NewServeMux()}
	s.metrics = newMetrics(opt.Backend, opt.BackendTimeout)
	s.hub = newHub(opt, s.metrics)
	s.api = humago.New(s.mux, s.config())
	s.api.UseMiddleware(s.limitTime)
	s.registerUniverse()
	s.registerTenants()
	s.registerRequests()
	s.registerModels()
	s.registerEvents()
	s.mux.Handle("GET /metrics", s.metrics.handler())
	s.mux.HandleFunc("/api/", s.noRoute)
	s.handler = s.guard(s.metrics.instrument(s.mux))
	return s, nil
}

func (s *Server) config() huma.Config {
	return huma.Config{
		OpenAPI: &huma.OpenAPI{
			OpenAPI: "3.1.0",
			Info: &huma.Info{
				Title:   "SpaceChain",
				Version: s.opt.Version,
				Description: "Satellites, links, passes and apps of a running SpaceChain. " +
					"Times are simulated UTC unless a field says otherwise; node numbers are ipn node numbers.",
				License: &huma.License{Name: "Apache-2.0", Identifier: "Apache-2.0"},
			},
			Components: &huma.Components{
				Schemas: huma.NewMapRegistry("#/components/schemas/", huma.DefaultSchemaNamer),
			},
		},
		OpenAPIPath:                  "/openapi",
		Formats:                      huma.DefaultFormats,
		DefaultFormat:                "application/json",
		RejectUnknownQueryParameters: true,
	}
}

// Handler serves the API, /openapi.json, /metrics and /healthz.
func (s *Server) Handler() http.Handler { return s.handler }

// Guard puts the API's protection around another handler that is served on the
// same address: host check, cross-site write check, panic recovery. It sets no
// content security policy; pages bring their own.
func (s *Server) Guard(next http.Handler) http.Handler { return s.guard(next) }

// OpenAPI returns the OpenAPI 3.1 document as JSON.
func (s *Server) OpenAPI() ([]byte, error) { return s.api.OpenAPI().MarshalJSON() }

// Run feeds the event stream until ctx ends. It returns nil then, and an error
// if the backend's own stream ends before.
func (s *Server) Run(ctx context.Context) error {
	if err := s.hub.run(ctx); err != nil {
		return fmt.Errorf("feed event stream: %w", err)
	}
	return nil
}

// limitTime gives every call of the backend a deadline; the event stream, whose
// calls end with the client, is left out.
func (s *Server) limitTime(hc huma.Context, next func(huma.Context)) {
	if hc.Operation().OperationID == eventsOperation {
		next(hc)
		return
	}
	ctx, cancel := context.WithTimeout(hc.Context(), s.opt.BackendTimeout)
	defer cancel()
	next(huma.WithContext(hc, ctx))
}
