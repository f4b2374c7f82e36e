package api

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"

	"github.com/danielgtaylor/huma/v2"
)

// Problem types (RFC 9457 "type") that clients may branch on. Other problems
// have the type "about:blank", which means no more than their status.
const (
	ProblemNotFound    = "urn:spacechain:problem:not-found"
	ProblemRejected    = "urn:spacechain:problem:rejected"
	ProblemBusy        = "urn:spacechain:problem:busy"
	ProblemUnavailable = "urn:spacechain:problem:unavailable"
	ProblemForbidden   = "urn:spacechain:problem:forbidden"
	ProblemInternal    = "urn:spacechain:problem:internal"
)

// problem turns a backend's error into what the client may see.
func (s *Server) problem(op string, err error) error {
	model := &huma.ErrorModel{Detail: op + ": " + err.Error()}
	switch {
	case errors.Is(err, ErrNotFound):
		model.Status, model.Type = http.StatusNotFound, ProblemNotFound
	case errors.Is(err, ErrRejected):
		model.Status, model.Type = http.StatusUnprocessableEntity, ProblemRejected
	case errors.Is(err, ErrBusy):
		model.Status, model.Type = http.StatusTooManyRequests, ProblemBusy
	case errors.Is(err, ErrUnavailable):
		model.Status, model.Type = http.StatusServiceUnavailable, ProblemUnavailable
	case errors.Is(err, context.DeadlineExceeded):
		model.Status, model.Type = http.StatusGatewayTimeout, ProblemUnavailable
		model.Detail = fmt.Sprintf("%s: no answer within %v; try again", op, s.opt.BackendTimeout)
	case errors.Is(err, context.Canceled):
		model.Status, model.Type = http.StatusServiceUnavailable, ProblemUnavailable
	default:
		s.opt.Log.Error("backend", "op", op, "err", err)
		model.Status, model.Type = http.StatusInternalServerError, ProblemInternal
		model.Detail = op + ": internal error; the server's log has the reason"
	}
	model.Title = http.StatusText(model.Status)
	if model.Status == http.StatusTooManyRequests || model.Status == http.StatusServiceUnavailable {
		return huma.ErrorWithHeaders(model, http.Header{"Retry-After": {"2"}})
	}
	return model
}

// writeProblem answers with problem+json where huma is not in between.
func writeProblem(w http.ResponseWriter, status int, kind, detail string) {
	body, err := json.Marshal(&huma.ErrorModel{
		Type: kind, Title: http.StatusText(status), Status: status, Detail: detail,
	})
	if err != nil {
		panic(err) // strings and an int always marshal
	}
	w.Header().Set("Content-Type", "application/problem+json")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	_, _ = w.Write(append(body, '\n'))
}

// noRoute answers for paths under /api/ that no operation matches, and tells
// wrong methods from wrong paths.
func (s *Server) noRoute(w http.ResponseWriter, r *http.Request) {
	for _, method := range []string{http.MethodGet, http.MethodPost} {
		other := r.Clone(r.Context())
		other.Method = method
		if _, pattern := s.mux.Handler(other); pattern != "/api/" {
			w.Header().Set("Allow", method)
			writeProblem(w, http.StatusMethodNotAllowed, "",
				fmt.Sprintf("%s %s: this path takes %s", r.Method, r.URL.Path, method))
			return
		}
	}
	writeProblem(w, http.StatusNotFound, ProblemNotFound,
		fmt.Sprintf("%s: no such path; /openapi.json lists them", r.URL.Path))
}
