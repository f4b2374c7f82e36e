package api

import (
	"context"
	"fmt"
	"mime"
	"net/http"
	"net/url"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"spacechain/internal/cbor"
)

// CommandType is the media type of a signed command.
const CommandType = "application/cbor"

// Submitted answers an accepted command.
type Submitted struct {
	RequestID string `json:"request_id" doc:"Ask /api/v1/requests/{id} how far it has come"`
}

type commandInput struct {
	ContentType string `header:"Content-Type" doc:"application/cbor"`
	RawBody     []byte `contentType:"application/cbor"`
}

type commandOutput struct {
	Location string `header:"Location" doc:"The request"`
	Body     Submitted
}

type requestInput struct {
	ID string `path:"id" minLength:"1" maxLength:"128" doc:"Request id"`
}

type requestsInput struct {
	Limit int `query:"limit" minimum:"1" maximum:"1000" default:"50" doc:"At most so many"`
}

type requestList struct {
	Requests []Request `json:"requests" nullable:"false" doc:"The newest first"`
}

func (s *Server) registerRequests() {
	huma.Register(s.api, huma.Operation{
		OperationID: "submit-command", Method: http.MethodPost, Path: "/api/v1/commands",
		Tags: []string{"requests"}, Summary: "Queue a signed owner command for uplink",
		Description: "The body is one signed command as CBOR. It is durable when this returns. " +
			"The same command again gives the same request id.",
		DefaultStatus:   http.StatusAccepted,
		MaxBodyBytes:    s.opt.MaxCommandBytes,
		BodyReadTimeout: 30 * time.Second,
		Errors: []int{http.StatusBadRequest, http.StatusForbidden, http.StatusRequestEntityTooLarge,
			http.StatusUnsupportedMediaType, http.StatusUnprocessableEntity, http.StatusTooManyRequests,
			http.StatusInternalServerError, http.StatusServiceUnavailable},
	}, s.submit)
	get(s, "list-requests", "/api/v1/requests", "requests", "Requests, the newest first", nil,
		func(ctx context.Context, in *requestsInput) (*body[requestList], error) {
			v, err := s.opt.Backend.Requests(ctx, in.Limit)
			if err != nil {
				return nil, s.problem("list requests", err)
			}
			out := make([]Request, min(len(v), in.Limit))
			for i := range out {
				out[i] = v[i].normal()
			}
			return &body[requestList]{requestList{out}}, nil
		})
	get(s, "get-request", "/api/v1/requests/{id}", "requests", "How far a command has come", []int{http.StatusNotFound},
		func(ctx context.Context, in *requestInput) (*body[Request], error) {
			v, err := s.opt.Backend.Request(ctx, in.ID)
			if err != nil {
				return nil, s.problem("read request", err)
			}
			return &body[Request]{v.normal()}, nil
		})
}

func (s *Server) submit(ctx context.Context, in *commandInput) (*commandOutput, error) {
	if kind, _, err := mime.ParseMediaType(in.ContentType); err != nil || kind != CommandType {
		return nil, huma.Error415UnsupportedMediaType(
			fmt.Sprintf("submit command: content type %q; send %s", in.ContentType, CommandType))
	}
	if err := checkCommand(in.RawBody); err != nil {
		return nil, huma.Error400BadRequest("submit command: " + err.Error())
	}
	id, err := s.opt.Backend.Submit(ctx, in.RawBody)
	if err != nil {
		return nil, s.problem("submit command", err)
	}
	return &commandOutput{
		Location: "/api/v1/requests/" + url.PathEscape(id), Body: Submitted{RequestID: id},
	}, nil
}

// checkCommand looks at a command only as far as this layer may: it is exactly
// one strict CBOR item, and an array, a map or a tagged one. Signatures and
// contents are the backend's business.
func checkCommand(b []byte) error {
	if len(b) == 0 {
		return fmt.Errorf("empty body; send one signed command")
	}
	d := cbor.NewDecoder(b)
	m, err := d.Peek()
	if err != nil {
		return err
	}
	if m != cbor.MajorTag && m != cbor.MajorArray && m != cbor.MajorMap {
		return fmt.Errorf("not a signed command: the CBOR item is neither tagged, an array nor a map")
	}
	if err := d.Skip(); err != nil {
		return err
	}
	return d.Done()
}

// normal gives the request as JSON shows it.
func (r Request) normal() Request {
	r.Stages = list(r.Stages)
	r.ReplyJSON = asJSON(r.Reply)
	return r
}
