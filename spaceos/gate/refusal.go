package gate

import (
	"fmt"

	"spacechain/spaceos/spk"
)

// Code is the machine-readable reason of a refusal. Codes cross the wire to owners
// and never change meaning.
type Code string

// The reasons, in the order in which they are looked for.
const (
	KeyUnknown          = Code(spk.KeyUnknown)
	KeyMismatch         = Code(spk.KeyMismatch)
	SignatureUnknown    = Code(spk.SignatureUnknown)
	Ed25519Missing      = Code(spk.Ed25519Missing)
	Ed25519Invalid      = Code(spk.Ed25519Invalid)
	MLDSA65Missing      = Code(spk.MLDSA65Missing)
	MLDSA65Invalid      = Code(spk.MLDSA65Invalid)
	DigestMismatch      = Code(spk.DigestMismatch)
	PublisherDenied     = Code("publisher-denied")
	PublisherNotAllowed = Code("publisher-not-allowed")
	CounterRolledBack   = Code("counter-rolled-back")
	CounterReused       = Code("counter-reused")
	RuntimeUnknown      = Code("runtime-unknown")
	PermissionActuator  = Code("permission-actuator")
	PermissionRole      = Code("permission-role")
	PermissionSensor    = Code("permission-sensor")
	PermissionRate      = Code("permission-sensor-rate")
	PermissionPeer      = Code("permission-peer")
	PermissionLedger    = Code("permission-ledger")
	TriggerTooOften     = Code("trigger-too-often")
	QuotaModule         = Code("quota-module")
	QuotaMemory         = Code("quota-memory")
	QuotaStorage        = Code("quota-storage")
	QuotaGas            = Code("quota-gas")
	QuotaMessages       = Code("quota-messages")
	QuotaTenants        = Code("quota-tenants")
	LeaseRefused        = Code("lease-refused")
	ModuleInvalid       = Code("module-invalid")
)

// Refusal is the gate's no: which check failed, and what to do about it.
type Refusal struct {
	Code   Code
	Detail string // for people
}

func (r *Refusal) Error() string { return string(r.Code) + ": " + r.Detail }

func refuse(code Code, format string, args ...any) *Refusal {
	return &Refusal{code, fmt.Sprintf(format, args...)}
}
