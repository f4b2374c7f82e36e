package spc

import (
	"encoding/json"
	"fmt"
	"os"
	"time"
)

// Kind says what started an activation.
type Kind string

// The kinds of event.
const (
	Schedule Kind = "schedule" // a period of the manifest came round
	Orbit    Kind = "orbit"    // a region was entered, eclipse or a pass began
	Incoming Kind = "message"  // a message or the owner's call arrived
	Wake     Kind = "wake"     // a time or region that an earlier activation asked for
	Install  Kind = "install"  // the first activation after admission
)

// Event is why an activation runs.
type Event struct {
	Kind Kind
	Name string    // the trigger's name in spacechain.yaml, or the wake's label
	Time time.Time // when the trigger fired, UTC
	From string    // endpoint of the sender, such as "ipn:3000001.2"; for Incoming
	Data []byte    // the message or call payload; for Incoming
}

// Current gives the event of this activation.
func Current() Event {
	return Event{
		Kind: Kind(eventText(eventKind)),
		Name: eventText(eventName),
		Time: time.Unix(0, eventTime()).UTC(),
		From: eventText(eventFrom),
		Data: eventBytes(eventData),
	}
}

// JSON decodes the event's payload into v.
func (e Event) JSON(v any) error {
	if err := json.Unmarshal(e.Data, v); err != nil {
		return fmt.Errorf("payload of %d bytes: %w", len(e.Data), err)
	}
	return nil
}

// Run is the body of an app's main: it calls handle with the event, sets the
// result and ends the activation. A result that is neither nil, []byte nor string
// travels as JSON. An error is logged and ends the activation as failed.
func Run(handle func(Event) (any, error)) {
	result, err := handle(Current())
	if err == nil {
		err = setAny(result)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func setAny(result any) error {
	switch r := result.(type) {
	case nil:
		return nil
	case []byte:
		return SetResult(r)
	case string:
		return SetResult([]byte(r))
	}
	data, err := json.Marshal(result)
	if err != nil {
		return fmt.Errorf("result: %w", err)
	}
	return SetResult(data)
}
