package terminal

import (
	"fmt"
	"time"

	"spacechain/spaceos/command"
	"spacechain/spaceos/receipt"
)

// State is where a request stands.
type State string

// The states of a request. Done is final. Failed is, unless the terminal gave up on the
// request and then the satellite's answer came after all, or it is submitted again
// after it failed for want of a way or of room.
const (
	Pending State = "pending"
	Done    State = "done"
	Failed  State = "failed"
)

// StageName names one step of a command's way.
type StageName string

// The steps, in their usual order. Uplinked is when the first satellite has it; Hop
// occurs for every node on the way.
const (
	StageQueued   StageName = "queued"
	StageUplinked StageName = "uplinked"
	StageHop      StageName = "hop"
	StageArrived  StageName = "arrived"
	StageExecuted StageName = "executed"
	StageReplied  StageName = "replied"
	StageResult   StageName = "result"
)

// Stage is one thing that happened to a request: what, when, and at which node.
type Stage struct {
	Name StageName `json:"name"`
	Time time.Time `json:"time"`
	Node uint64    `json:"node"`
}

// Request is a submitted command and how far it has come.
type Request struct {
	ID        string       `json:"id"`
	Op        string       `json:"op"`
	Owner     string       `json:"owner"`
	Satellite uint64       `json:"satellite"`
	Tenant    uint64       `json:"tenant,omitempty"` // its service number, once known
	App       string       `json:"app,omitempty"`
	Version   string       `json:"version,omitempty"`
	Publisher string       `json:"publisher,omitempty"`
	Runtime   string       `json:"runtime,omitempty"`
	GasLimit  uint64       `json:"gas_limit,omitempty"`
	Quota     uint64       `json:"quota,omitempty"`
	Size      int          `json:"size"`
	Digest    string       `json:"digest"` // SHA-256 of the signed command, in hex
	Submitted time.Time    `json:"submitted"`
	Expires   time.Time    `json:"expires"`
	Bundle    string       `json:"bundle,omitempty"` // id of the bundle that carries it; empty until it is sent
	State     State        `json:"state"`
	Stages    []Stage      `json:"stages"`
	Code      command.Code `json:"code,omitempty"`
	Message   string       `json:"message,omitempty"`
	Reply     []byte       `json:"reply,omitempty"`
}

// Tenant is an app on a satellite as far as the terminal has heard.
type Tenant struct {
	Satellite   uint64        `json:"satellite"`
	Service     uint64        `json:"service"` // its endpoint's service number there; with Satellite its name
	App         string        `json:"app"`
	Version     string        `json:"version"`
	Publisher   string        `json:"publisher"`
	Owner       string        `json:"owner"`
	Runtime     string        `json:"runtime,omitempty"`
	State       command.State `json:"state"`
	Removed     bool          `json:"removed,omitempty"`
	Reason      string        `json:"reason,omitempty"`
	Request     string        `json:"request,omitempty"` // of its latest deployment
	Installed   time.Time     `json:"installed"`
	Activations uint64        `json:"activations"`
	Gas         uint64        `json:"gas"`
	GasLimit    uint64        `json:"gas_limit,omitempty"`
	Stored      uint64        `json:"stored"`
	Quota       uint64        `json:"quota,omitempty"`
	Results     uint64        `json:"results"` // received, which is also the Seq of the newest
	Logs        uint64        `json:"logs"`    // the same of log lines

	// By the satellite's clock, since what it says may come in any order:
	Described time.Time `json:"described,omitzero"` // its latest description that came
	StateAt   time.Time `json:"state_at,omitzero"`  // its latest word on State

	Counted  uint64 `json:"counted,omitempty"`  // activations in that description: Gas has them
	Answered string `json:"answered,omitempty"` // the latest deployment with a result
}

// TenantID is the name under which a terminal knows a tenant: its satellite and
// its service number there, such as "90031.64".
func TenantID(satellite, service uint64) string { return fmt.Sprintf("%d.%d", satellite, service) }

// Result is what one activation gave, as it came home. A message that an app sent
// to its owner by itself is a result without a receipt.
type Result struct {
	Seq      uint64          `json:"seq"` // counts a tenant's results from 1
	Received time.Time       `json:"received"`
	Receipt  *receipt.Signed `json:"-"`
	Signed   []byte          `json:"receipt,omitempty"` // Receipt's encoding
	Detail   string          `json:"detail,omitempty"`
	Request  string          `json:"request,omitempty"` // the call that it answers
	Sent     time.Time       `json:"sent"`              // by the satellite's clock
	Body     []byte          `json:"body,omitempty"`
}

// LogLine is one line that a tenant logged.
type LogLine struct {
	Seq uint64 `json:"seq"`
	command.LogLine
}

// Change tells what a terminal has just learned. Exactly one pointer is set, but
// Tenant stands beside Result and Notice.
type Change struct {
	Request *Request
	Stage   StageName // of Request: the one just reached
	Tenant  *Tenant
	Result  *Result
	Notice  *command.Notice
	Problem string // something that had to be dropped, for the operator
}
