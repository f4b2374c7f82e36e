package api

import (
	"encoding/json"
	"time"
)

// TenantState is what the terminal last heard of a tenant.
type TenantState string

// The states of a tenant.
const (
	TenantPending   TenantState = "pending"   // sent, no answer from the satellite yet
	TenantInstalled TenantState = "installed" // admitted; activations run by its triggers
	TenantStopped   TenantState = "stopped"   // stopped by its owner or the watchdog
	TenantRefused   TenantState = "refused"   // the gate said no
	TenantRemoved   TenantState = "removed"   // gone from the satellite
)

// Tenant is one installed app as the terminal knows it.
type Tenant struct {
	ID          string      `json:"id" doc:"Tenant id, unique on the terminal"`
	App         string      `json:"app" doc:"App id from the manifest"`
	Version     string      `json:"version" doc:"App version"`
	Publisher   string      `json:"publisher" doc:"Identity that signed the package, spc1..."`
	Owner       string      `json:"owner" doc:"Who deployed it: the owner's Ed25519 public key, hexadecimal"`
	Runtime     string      `json:"runtime,omitempty" doc:"Runtime that it names, such as js@1; empty for a WebAssembly module"`
	Satellite   NodeID      `json:"satellite" doc:"Satellite it runs on"`
	State       TenantState `json:"state" enum:"pending,installed,stopped,refused,removed" doc:"What the terminal last heard"`
	Detail      string      `json:"detail,omitempty" doc:"Why it was refused or stopped"`
	Request     string      `json:"request,omitempty" doc:"Request id of its deployment"`
	Installed   *time.Time  `json:"installed,omitempty" doc:"When the satellite admitted it, UTC"`
	Activations uint64      `json:"activations" doc:"Activations that receipts tell of"`
	GasUsed     uint64      `json:"gas_used" doc:"Sum of gas over those"`
	GasLimit    uint64      `json:"gas_limit" doc:"Gas per activation that the manifest asks for"`
	Storage     uint64      `json:"storage_bytes" doc:"Bytes stored on board, from the last receipt"`
	Quota       uint64      `json:"storage_quota_bytes" doc:"Storage quota from the manifest"`
	Results     uint64      `json:"results" doc:"Results received"`
	LastResult  *Result     `json:"last_result,omitempty" doc:"The newest result"`
}

// Result is one result bundle that came home, with what its receipt says.
type Result struct {
	Seq        uint64          `json:"seq" doc:"Counts results of this tenant from 1; use it as after="`
	Tenant     string          `json:"tenant" doc:"Tenant id"`
	Satellite  NodeID          `json:"satellite" doc:"Satellite that sent it"`
	Created    time.Time       `json:"created" doc:"When the activation ended, UTC"`
	Received   time.Time       `json:"received" doc:"When the bundle came home, UTC"`
	Activation uint64          `json:"activation" doc:"Number of the activation on board"`
	Trigger    string          `json:"trigger,omitempty" doc:"What started the activation"`
	Request    string          `json:"request,omitempty" doc:"The call that it answers, by request id"`
	End        string          `json:"end" doc:"How it ended: returned, failed, trapped, out-of-gas, out-of-memory, stack-limit, killed or refused"`
	Detail     string          `json:"detail,omitempty" doc:"The trap or exception, one line"`
	Gas        uint64          `json:"gas" doc:"Gas used"`
	DurationMs float64         `json:"duration_ms" doc:"Run time on board, ms"`
	Verified   bool            `json:"verified" doc:"True if the receipt's signatures and digests hold"`
	Size       int             `json:"size" doc:"Bytes of the body"`
	Body       []byte          `json:"body" doc:"The result itself, base64"`
	JSON       json.RawMessage `json:"json,omitempty" doc:"The body as JSON where it is JSON; filled in by the API"`
}

// LogLine is one line that a tenant logged.
type LogLine struct {
	Seq   uint64    `json:"seq" doc:"Counts lines of this tenant from 1; use it as after="`
	Time  time.Time `json:"time" doc:"When it was logged on board, UTC"`
	Level string    `json:"level" enum:"debug,info,warn,error" doc:"Severity"`
	Text  string    `json:"text" doc:"The line"`
}
