// Command mailbox is a post office in orbit: it keeps letters between people who
// are never under the same satellite at the same time.
//
// A letter is left and fetched by messages to the app, by its owner's calls or from
// apps on any satellite:
//
//	{"to":"boat-7","text":"storm from the west"}   leave a letter
//	{"box":"boat-7"}                               fetch the letters for a box
//	{"box":"boat-7","keep":true}                   … and leave them there
//	{}                                             which boxes have letters
//
// The answer goes to whoever asked: to the owner as the call's result, to another
// app as a message. Letters older than a week are thrown away.
package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"spacechain/sdk/go"
)

const (
	maxText = 1000
	maxBox  = 32
	keepFor = 7 * 24 * time.Hour
)

// letter is one entry of a box, kept under "box/NAME/SEQUENCE".
type letter struct {
	From string    `json:"from"`
	Time time.Time `json:"time"`
	Text string    `json:"text"`
}

// request is the payload of a message to the app.
type request struct {
	To   string `json:"to"`
	Text string `json:"text"`
	Box  string `json:"box"`
	Keep bool   `json:"keep"`
}

// reply is the payload of the answer.
type reply struct {
	Error   string         `json:"error,omitempty"`
	Box     string         `json:"box,omitempty"`
	Stored  int            `json:"stored,omitempty"` // letters in the box after leaving one
	Letters []letter       `json:"letters,omitempty"`
	Boxes   map[string]int `json:"boxes,omitempty"` // letters by box
}

func main() {
	spc.Run(func(e spc.Event) (any, error) {
		if e.Kind != spc.Incoming {
			return sweep(e.Time.Add(-keepFor))
		}
		return serve(e)
	})
}

// inbox ends the endpoint of a terminal's inbox, from which owners call.
const inbox = ".2"

// serve answers one message; what is wrong with the request goes into the answer.
func serve(e spc.Event) (any, error) {
	var q request
	if len(e.Data) > 0 {
		if err := e.JSON(&q); err != nil {
			return deliver(e, reply{Error: err.Error()})
		}
	}
	r, err := answer(e, q)
	if err != nil {
		return nil, err
	}
	return deliver(e, r)
}

// deliver gives the owner's answer back as the result, which travels home, and sends
// anybody else's to them, so that the owner does not read it.
func deliver(e spc.Event, r reply) (any, error) {
	if strings.HasSuffix(e.From, inbox) {
		return r, nil
	}
	data, err := json.Marshal(r)
	if err != nil {
		return nil, err
	}
	if err := spc.Send(e.From, data); err != nil {
		return nil, err
	}
	return map[string]string{"answered": e.From}, nil
}

func answer(e spc.Event, q request) (reply, error) {
	switch {
	case q.To != "":
		return leave(e, q)
	case q.Box != "":
		return fetch(q)
	}
	return boxes()
}

func leave(e spc.Event, q request) (reply, error) {
	if bad := strings.ContainsAny(q.To, "/\x00") || len(q.To) > maxBox; bad || q.Text == "" || len(q.Text) > maxText {
		return reply{Error: fmt.Sprintf("a box has up to %d bytes without /, a letter 1 to %d", maxBox, maxText)}, nil
	}
	var seq int
	if _, err := spc.GetJSON("seq", &seq); err != nil {
		return reply{}, err
	}
	seq++
	key := fmt.Sprintf("box/%s/%010d", q.To, seq)
	err := spc.PutJSON(key, letter{From: e.From, Time: e.Time, Text: q.Text})
	if errors.Is(err, spc.Quota) {
		return reply{Error: "the post office is full"}, nil
	}
	if err != nil {
		return reply{}, err
	}
	if err := spc.PutJSON("seq", seq); err != nil {
		return reply{}, err
	}
	keys, err := spc.Keys("box/" + q.To + "/")
	return reply{Box: q.To, Stored: len(keys)}, err
}

func fetch(q request) (reply, error) {
	r := reply{Box: q.Box}
	keys, err := spc.Keys("box/" + q.Box + "/")
	if err != nil {
		return r, err
	}
	for _, key := range keys {
		var l letter
		if _, err := spc.GetJSON(key, &l); err != nil {
			return r, err
		}
		r.Letters = append(r.Letters, l)
		if q.Keep {
			continue
		}
		if err := spc.Delete(key); err != nil {
			return r, err
		}
	}
	return r, nil
}

func boxes() (reply, error) {
	keys, err := spc.Keys("box/")
	r := reply{Boxes: map[string]int{}}
	for _, key := range keys {
		name, _, _ := strings.Cut(strings.TrimPrefix(key, "box/"), "/")
		r.Boxes[name]++
	}
	return r, err
}

// sweep throws away letters from before a time, and says how many.
func sweep(before time.Time) (any, error) {
	keys, err := spc.Keys("box/")
	if err != nil {
		return nil, err
	}
	swept := 0
	for _, key := range keys {
		var l letter
		if _, err := spc.GetJSON(key, &l); err != nil {
			return nil, err
		}
		if l.Time.Before(before) {
			if err := spc.Delete(key); err != nil {
				return nil, err
			}
			swept++
		}
	}
	spc.Logf(spc.LevelInfo, "%d letters, %d thrown away", len(keys)-swept, swept)
	return map[string]int{"letters": len(keys) - swept, "swept": swept}, nil
}
