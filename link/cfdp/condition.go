package cfdp

import "fmt"

// Condition says why a transaction came to its end or was disturbed.
type Condition uint8

// Condition codes (CCSDS 727.0-B-5 table 5-5).
const (
	NoError              Condition = 0
	PositiveAckLimit     Condition = 1
	KeepAliveLimit       Condition = 2
	InvalidMode          Condition = 3
	FilestoreRejection   Condition = 4
	ChecksumFailure      Condition = 5
	FileSizeError        Condition = 6
	NAKLimit             Condition = 7
	Inactivity           Condition = 8
	InvalidFileStructure Condition = 9
	CheckLimit           Condition = 10
	UnsupportedChecksum  Condition = 11
	SuspendRequested     Condition = 14
	CancelRequested      Condition = 15
)

var conditionNames = map[Condition]string{
	NoError: "no error", PositiveAckLimit: "positive ACK limit reached", KeepAliveLimit: "keep alive limit reached",
	InvalidMode: "invalid transmission mode", FilestoreRejection: "filestore rejection",
	ChecksumFailure: "file checksum failure", FileSizeError: "file size error", NAKLimit: "NAK limit reached",
	Inactivity: "inactivity detected", InvalidFileStructure: "invalid file structure",
	CheckLimit: "check limit reached", UnsupportedChecksum: "unsupported checksum type",
	SuspendRequested: "suspend request received", CancelRequested: "cancel request received",
}

// String gives the name of the standard in lower case.
func (c Condition) String() string {
	if s, ok := conditionNames[c]; ok {
		return s
	}
	return fmt.Sprintf("condition %d", uint8(c))
}

// Handler says what an entity does about a fault (CCSDS 727.0-B-5 §4.8).
type Handler uint8

// Fault handler codes (CCSDS 727.0-B-5 table 5-18).
const (
	HandleCancel  Handler = 1
	HandleSuspend Handler = 2
	HandleIgnore  Handler = 3
	HandleAbandon Handler = 4
)

// String names the handler.
func (h Handler) String() string {
	switch h {
	case HandleCancel:
		return "cancel"
	case HandleSuspend:
		return "suspend"
	case HandleIgnore:
		return "ignore"
	case HandleAbandon:
		return "abandon"
	}
	return fmt.Sprintf("handler %d", uint8(h))
}

// Handlers holds a handler for each condition; 0 means cancel, the default.
type Handlers [16]Handler

func (h Handlers) of(c Condition) Handler {
	if v := h[c&15]; v != 0 {
		return v
	}
	return HandleCancel
}

// FaultOverride replaces the handler of one condition for one transaction.
type FaultOverride struct {
	Condition Condition
	Handler   Handler
}

// apply sets overrides that name a fault and a handler of the standard.
func (h *Handlers) apply(list []FaultOverride) {
	for _, o := range list {
		if o.Condition > 0 && o.Condition < SuspendRequested && o.Handler >= HandleCancel && o.Handler <= HandleAbandon {
			h[o.Condition] = o.Handler
		}
	}
}

// FileStatus says in a Finished PDU what became of the file.
type FileStatus uint8

// File status codes (CCSDS 727.0-B-5 table 5-7).
const (
	FileDiscarded  FileStatus = 0
	FileRejected   FileStatus = 1
	FileRetained   FileStatus = 2
	FileUnreported FileStatus = 3
)

// String names the status.
func (s FileStatus) String() string {
	return [...]string{"discarded", "rejected by filestore", "retained", "unreported"}[s&3]
}

// TransactionStatus says in an ACK PDU what the acknowledging entity knows of the
// transaction.
type TransactionStatus uint8

// Transaction status codes (CCSDS 727.0-B-5 table 5-8).
const (
	StatusUndefined    TransactionStatus = 0
	StatusActive       TransactionStatus = 1
	StatusTerminated   TransactionStatus = 2
	StatusUnrecognized TransactionStatus = 3
)
