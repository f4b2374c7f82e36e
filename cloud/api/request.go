package api

import (
	"encoding/json"
	"time"
)

// RequestState is where a submitted command stands.
type RequestState string

// The states of a request. Done and Failed are final.
const (
	RequestPending RequestState = "pending"
	RequestDone    RequestState = "done"
	RequestFailed  RequestState = "failed"
)

// StageName names one step of a command's way to a satellite and back.
type StageName string

// The stages in the order in which they happen. A hop stage occurs once for
// every node that forwarded the bundle, on the way there and back.
const (
	StageQueued   StageName = "queued"   // accepted by the terminal, durable
	StageUplinked StageName = "uplinked" // reached the first satellite, through a station's pass
	StageHop      StageName = "hop"      // reached a node on the way
	StageArrived  StageName = "arrived"  // reached the target satellite
	StageExecuted StageName = "executed" // admitted, refused or answered on board
	StageReplied  StageName = "replied"  // the reply reached the terminal
	StageResult   StageName = "result"   // the first result after it came home
)

// Request is a submitted command and how far it has come.
type Request struct {
	ID        string          `json:"id" doc:"Request id"`
	Kind      string          `json:"kind" doc:"Command: install, call, stop, remove, ..."`
	Tenant    string          `json:"tenant,omitempty" doc:"Tenant it concerns"`
	App       string          `json:"app,omitempty" doc:"App it concerns"`
	Satellite NodeID          `json:"satellite" doc:"Satellite it goes to"`
	Size      int             `json:"size" doc:"Bytes of the signed command"`
	State     RequestState    `json:"state" enum:"pending,done,failed" doc:"Done and failed are final"`
	Stages    []Stage         `json:"stages" nullable:"false" doc:"What happened so far, oldest first"`
	Next      *Expectation    `json:"next,omitempty" doc:"What is awaited and when it is expected"`
	Code      string          `json:"code,omitempty" doc:"Stable error code where it failed"`
	Message   string          `json:"message,omitempty" doc:"What went wrong and what to do"`
	Reply     []byte          `json:"reply,omitempty" doc:"The satellite's answer, base64"`
	ReplyJSON json.RawMessage `json:"reply_json,omitempty" doc:"The answer as JSON where it is JSON; filled in by the API"`
}

// Stage is one thing that happened to a request.
type Stage struct {
	Name StageName `json:"name" enum:"queued,uplinked,hop,arrived,executed,replied,result" doc:"Stage"`
	Time time.Time `json:"time" doc:"When, UTC"`
	Node NodeID    `json:"node" doc:"Where"`
	Text string    `json:"text,omitempty" doc:"One line for people"`
}

// Expectation is the next stage of a request as far as the contact plan tells.
type Expectation struct {
	Name StageName `json:"name" enum:"queued,uplinked,hop,arrived,executed,replied,result" doc:"Stage"`
	Time time.Time `json:"time" doc:"When it is expected, UTC"`
	Text string    `json:"text,omitempty" doc:"Such as the pass that is awaited"`
}
