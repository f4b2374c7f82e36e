package api

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"reflect"
	"strconv"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"
)

const eventsOperation = "stream-events"

// streamed lists what may come on the stream and the type of its data.
var streamed = []struct {
	kind EventKind
	data any
	doc  string
}{
	{EventLink, Event{}, "a link came up or went down"},
	{EventPass, Event{}, "a pass began or ended"},
	{EventBundle, Event{}, "a bundle was sent, forwarded or delivered"},
	{EventTenant, Event{}, "a tenant's state changed"},
	{EventResult, Event{}, "a result came home; its body is left out, fetch it"},
	{EventRequest, Event{}, "a request reached a stage"},
	{EventFault, Event{}, "a fault began or ended"},
	{EventNode, Event{}, "a node was reset or changed mode"},
	{EventUniverse, Event{}, "speed or pause changed"},
	{EventClock, Universe{}, "time and counts, about once a second"},
	{EventPositions, PositionFrame{}, "every satellite's position, about once a second"},
	{EventLinks, LinkFrame{}, "the links that are up, when they changed"},
	{EventGap, GapFrame{}, "events were lost; fetch again what you show"},
}

type eventsInput struct {
	Kinds  []string `query:"kinds" maxItems:"20" doc:"Only these kinds, separated by commas; default all"`
	Replay int      `query:"replay" minimum:"0" maximum:"1000" default:"0" doc:"Begin with so many past events"`
	LastID string   `header:"Last-Event-ID" doc:"Begin with the events after this one, as browsers ask when they reconnect"`
}

func (s *Server) registerEvents() {
	schemas := s.api.OpenAPI().Components.Schemas
	var one []*huma.Schema
	for _, e := range streamed {
		one = append(one, &huma.Schema{
			Title: string(e.kind), Description: e.doc, Type: huma.TypeObject,
			Properties: map[string]*huma.Schema{
				"id":    {Type: huma.TypeInteger, Description: "Sequence number; frames have none"},
				"event": {Type: huma.TypeString, Enum: []any{string(e.kind)}},
				"data":  schemas.Schema(reflect.TypeOf(e.data), true, ""),
			},
			Required: []string{"event", "data"},
		})
	}
	huma.Register(s.api, huma.Operation{
		OperationID: eventsOperation, Method: http.MethodGet, Path: "/api/v1/events",
		Tags: []string{"events"}, Summary: "What happens, as server-sent events",
		Errors: []int{http.StatusServiceUnavailable},
		Responses: map[string]*huma.Response{"200": {
			Description: "A stream that ends only with the connection",
			Content: map[string]*huma.MediaType{"text/event-stream": {Schema: &huma.Schema{
				Type: huma.TypeArray, Items: &huma.Schema{OneOf: one},
				Description: "Each item is one server-sent event; data is JSON on one line",
			}}},
		}},
	}, s.events)
}

func (s *Server) events(_ context.Context, in *eventsInput) (*huma.StreamResponse, error) {
	kinds, err := parseKinds(in.Kinds)
	if err != nil {
		return nil, huma.Error422UnprocessableEntity(err.Error())
	}
	after, err := strconv.ParseUint(in.LastID, 10, 64)
	resume := in.LastID != ""
	if resume && err != nil {
		return nil, huma.Error422UnprocessableEntity(fmt.Sprintf("last event id %q: not a number", in.LastID))
	}
	c, err := s.hub.join(kinds, after, resume, in.Replay)
	if errors.Is(err, errTooManyStreams) {
		err = fmt.Errorf("%w (limit %d): %w", err, s.opt.MaxStreams, ErrUnavailable)
	}
	if err != nil {
		return nil, s.problem("open event stream", err)
	}
	return &huma.StreamResponse{Body: func(hc huma.Context) {
		defer s.hub.leave(c)
		r, w := humago.Unwrap(hc)
		h := w.Header()
		h.Set("Content-Type", "text/event-stream; charset=utf-8")
		h.Set("Cache-Control", "no-store")
		h.Set("X-Accel-Buffering", "no")
		s.pump(r.Context(), w, c)
	}}, nil
}

func parseKinds(names []string) (map[EventKind]bool, error) {
	var kinds map[EventKind]bool
	for _, name := range names {
		known := false
		for _, e := range streamed {
			known = known || string(e.kind) == name
		}
		if !known {
			return nil, fmt.Errorf("open event stream: no kind %q; kinds are %s", name, kindNames())
		}
		if kinds == nil {
			kinds = map[EventKind]bool{EventGap: true}
		}
		kinds[EventKind(name)] = true
	}
	return kinds, nil
}

func kindNames() string {
	var names []string
	for _, e := range streamed {
		names = append(names, string(e.kind))
	}
	return strings.Join(names, ", ")
}

// pump sends what the hub has for c until one side ends.
func (s *Server) pump(ctx context.Context, w http.ResponseWriter, c *client) {
	rc := http.NewResponseController(w)
	// The server's own write deadline is meant for answers, not for streams.
	if err := rc.SetWriteDeadline(time.Time{}); err != nil && !errors.Is(err, http.ErrNotSupported) {
		return
	}
	cut := func() { _ = rc.SetWriteDeadline(time.Unix(1, 0)) }
	send := func(b []byte) bool {
		return writeWithin(ctx, s.opt.WriteTimeout, cut, func() error {
			if _, err := w.Write(b); err != nil {
				return err
			}
			return rc.Flush()
		}) == nil
	}
	if !send([]byte("retry: 2000\n\n")) {
		return
	}
	for {
		select {
		case <-ctx.Done():
			return
		case <-c.wake:
		}
		batch, ended := s.hub.take(c)
		for _, m := range batch {
			if !send(m.data) {
				return
			}
		}
		if ended {
			return
		}
	}
}
