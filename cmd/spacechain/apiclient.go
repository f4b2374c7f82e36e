package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"spacechain/cloud/api"
)

// defaultAPI is where "spacechain up" listens.
const defaultAPI = "http://127.0.0.1:8480"

// maxAnswer bounds what one answer of the API may have, in bytes.
const maxAnswer = 64 << 20

// apiClient speaks to the HTTP API of a running universe or terminal.
type apiClient struct{ base string }

// apiFlag adds --api.
func apiFlag(cmd *cobra.Command, c *apiClient) {
	cmd.Flags().StringVar(&c.base, "api", defaultAPI, "address of the running \"spacechain up\" or terminal")
}

// apiError is an answer that is not a success.
type apiError struct {
	Status int
	Title  string `json:"title"`
	Detail string `json:"detail"`
}

func (e *apiError) Error() string {
	if e.Detail != "" {
		return e.Detail
	}
	if e.Title != "" {
		return e.Title
	}
	return fmt.Sprintf("status %d", e.Status)
}

// do sends one request and gives the answer's body, which the caller closes.
func (c *apiClient) do(ctx context.Context, method, path, contentType string, body []byte) (io.ReadCloser, error) {
	at := strings.TrimSuffix(c.base, "/") + path
	req, err := http.NewRequestWithContext(ctx, method, at, bytes.NewReader(body))
	if err != nil {
		return nil, usagef("--api %q: want an address such as %s", c.base, defaultAPI)
	}
	if contentType != "" {
		req.Header.Set("Content-Type", contentType)
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		var u *url.Error
		if errors.As(err, &u) {
			err = u.Err
		}
		return nil, fmt.Errorf("%s %s: %w; is \"spacechain up\" running there? name another address with --api", method, at, err)
	}
	if resp.StatusCode/100 == 2 {
		return resp.Body, nil
	}
	defer resp.Body.Close()
	e := &apiError{Status: resp.StatusCode}
	data, err := io.ReadAll(io.LimitReader(resp.Body, 1<<20))
	if err == nil {
		_ = json.Unmarshal(data, e) // an answer that is not a problem document keeps its status
	}
	return nil, fmt.Errorf("%s %s: %w", method, at, e)
}

// get reads one JSON document.
func (c *apiClient) get(ctx context.Context, path string, out any) error {
	body, err := c.do(ctx, http.MethodGet, path, "", nil)
	if err != nil {
		return err
	}
	defer body.Close()
	if err := json.NewDecoder(io.LimitReader(body, maxAnswer)).Decode(out); err != nil {
		return fmt.Errorf("GET %s: the answer is not what this program expects: %w", path, err)
	}
	return nil
}

// submit queues a signed command and gives its request id.
func (c *apiClient) submit(ctx context.Context, signed []byte) (string, error) {
	body, err := c.do(ctx, http.MethodPost, "/api/v1/commands", api.CommandType, signed)
	if err != nil {
		return "", err
	}
	defer body.Close()
	var s api.Submitted
	if err := json.NewDecoder(io.LimitReader(body, maxAnswer)).Decode(&s); err != nil || s.RequestID == "" {
		return "", fmt.Errorf("submit command: the answer names no request (%v)", err)
	}
	return s.RequestID, nil
}

// events calls fn with the kind of each event of those kinds until fn says stop,
// the stream ends or ctx does.
func (c *apiClient) events(ctx context.Context, kinds string, fn func(kind string, data []byte) (stop bool)) error {
	body, err := c.do(ctx, http.MethodGet, "/api/v1/events?kinds="+kinds, "", nil)
	if err != nil {
		return err
	}
	defer body.Close()
	sc := bufio.NewScanner(body)
	sc.Buffer(nil, maxAnswer)
	kind, data := "", []byte(nil)
	for sc.Scan() {
		line := sc.Text()
		name, value, _ := strings.Cut(line, ":")
		value = strings.TrimPrefix(value, " ")
		switch {
		case line == "":
			if kind != "" && fn(kind, data) {
				return nil
			}
			kind, data = "", nil
		case name == "event":
			kind = value
		case name == "data":
			data = append(data, value...)
		}
	}
	if ctx.Err() != nil {
		return ctx.Err()
	}
	if err := sc.Err(); err != nil {
		return fmt.Errorf("read events: %w", err)
	}
	return fmt.Errorf("read events: %s ended the stream; \"spacechain app list\" tells what came of it", c.base)
}

// follow calls progress whenever a request has moved, until ended says that it has
// come to its end. The stream's clock, which ticks about once a second, makes it
// look even where an event was lost.
func (c *apiClient) follow(ctx context.Context, id string, ended func(api.Request) bool, progress func(api.Request)) (api.Request, error) {
	var r api.Request
	var failed error
	look := func() bool {
		if failed = c.get(ctx, "/api/v1/requests/"+url.PathEscape(id), &r); failed != nil {
			return true
		}
		progress(r)
		return ended(r)
	}
	if look() {
		return r, failed
	}
	err := c.events(ctx, "request,clock", func(kind string, data []byte) bool {
		if kind == string(api.EventRequest) {
			var e api.Event
			if json.Unmarshal(data, &e) != nil || e.Request == nil || e.Request.ID != id {
				return false
			}
		}
		return look()
	})
	if failed != nil {
		return r, failed
	}
	return r, err
}

// answered reports whether the satellite has answered a request.
func answered(r api.Request) bool { return r.State != api.RequestPending }

// resulted reports whether the result of a call has come home, or never will.
func resulted(r api.Request) bool {
	return r.State == api.RequestFailed ||
		slices.ContainsFunc(r.Stages, func(s api.Stage) bool { return s.Name == api.StageResult })
}
