package command

import (
	"crypto/sha256"
	"fmt"
	"time"

	"spacechain/identity"
	"spacechain/internal/cbor"
	"spacechain/spaceos/intmap"
	"spacechain/spaceos/receipt"
)

// ResultMessage is what an activation gave: its signed receipt, the result, and a
// report for people. The receipt's Result and Report digests cover the rest.
type ResultMessage struct {
	Receipt receipt.Signed `json:"receipt"`
	Result  []byte         `json:"result,omitempty"`
	Report  Report         `json:"report"`
}

// Report is what travels beside a result.
type Report struct {
	App      string    `json:"app"`
	Request  RequestID `json:"request"`          // the call that this answers; zero for other activations
	Detail   string    `json:"detail,omitempty"` // one line: the trap, the exception
	Logs     []LogLine `json:"logs,omitempty"`   // the last lines of the activation's log
	LogsLost uint64    `json:"logs_lost,omitempty"`
}

// LogLine is one line of a tenant's log.
type LogLine struct {
	Time       time.Time `json:"time"`
	Activation uint64    `json:"activation"`
	Level      int       `json:"level"` // 0 debug, 1 info, 2 warning, 3 error
	Text       string    `json:"text"`
}

// Encode gives the message for an inbox. It carries the receipt's signatures.
func (m *ResultMessage) Encode() []byte { return seal(KindResult, m.body(), nil) }

func (m *ResultMessage) body() []byte {
	b := cbor.AppendBytes(cbor.AppendArray(nil, 3), m.Receipt.Encode())
	b = cbor.AppendBytes(b, m.Result)
	return cbor.AppendBytes(b, m.Report.Encode())
}

// Encode gives the report's encoding; its SHA-256 is the receipt's Report.
func (r *Report) Encode() []byte {
	var w intmap.Map
	w.Text(1, r.App)
	if r.Request != (RequestID{}) {
		w.Bytes(2, r.Request[:])
	}
	w.Text(3, r.Detail)
	if len(r.Logs) > 0 {
		w.Raw(4, EncodeLogs(r.Logs))
	}
	w.Uint(5, r.LogsLost)
	return w.Append(nil)
}

// Verify checks the receipt's signatures, and that result and report are those that
// the receipt speaks of.
func (m *ResultMessage) Verify(satellite identity.Public) error {
	if err := m.Receipt.Verify(satellite); err != nil {
		return err
	}
	if sha256.Sum256(m.Result) != m.Receipt.Receipt.Result {
		return fmt.Errorf("%w: the result is not the one in the receipt", ErrInbox)
	}
	if sha256.Sum256(m.Report.Encode()) != m.Receipt.Receipt.Report {
		return fmt.Errorf("%w: the report is not the one in the receipt", ErrInbox)
	}
	return nil
}

func decodeResult(b []byte) (*ResultMessage, error) {
	var m ResultMessage
	d := cbor.NewDecoder(b)
	if n, err := d.Array(); err != nil {
		return nil, err
	} else if n != 3 {
		return nil, fmt.Errorf("a result of %d parts, want 3", n)
	}
	var parts [3][]byte
	for i := range parts {
		var err error
		if parts[i], err = d.Bytes(); err != nil {
			return nil, err
		}
	}
	if err := d.Done(); err != nil {
		return nil, err
	}
	var err error
	if m.Receipt, err = receipt.Decode(parts[0]); err != nil {
		return nil, err
	}
	m.Result = parts[1]
	r := &m.Report
	err = readBody(parts[2], r.Encode, func(d *cbor.Decoder, k uint64) (err error) {
		switch k {
		case 1:
			r.App, err = d.Text()
		case 2:
			err = intmap.Fixed(d, r.Request[:])
		case 3:
			r.Detail, err = d.Text()
		case 4:
			r.Logs, err = readLogs(d)
		case 5:
			r.LogsLost, err = d.Uint()
		default:
			return intmap.Unknown(d, k)
		}
		return err
	})
	return &m, err
}

// EncodeLogs gives an array of log lines; it is also the body of a reply to Logs.
func EncodeLogs(lines []LogLine) []byte {
	b := cbor.AppendArray(nil, len(lines))
	for _, l := range lines {
		b = cbor.AppendInt(cbor.AppendArray(b, 4), l.Time.UnixMilli())
		b = cbor.AppendUint(b, l.Activation)
		b = cbor.AppendInt(b, int64(l.Level))
		b = cbor.AppendText(b, l.Text)
	}
	return b
}

// DecodeLogs reads what EncodeLogs wrote.
func DecodeLogs(b []byte) ([]LogLine, error) {
	d := cbor.NewDecoder(b)
	lines, err := readLogs(d)
	if err == nil {
		err = d.Done()
	}
	if err != nil {
		return nil, fmt.Errorf("%w: log lines: %w", ErrInbox, err)
	}
	return lines, nil
}

func readLogs(d *cbor.Decoder) ([]LogLine, error) {
	n, err := d.Array()
	if err != nil {
		return nil, err
	}
	lines := make([]LogLine, 0, min(n, 256))
	for range n {
		if four, err := d.Array(); err != nil {
			return nil, err
		} else if four != 4 {
			return nil, fmt.Errorf("a log line of %d parts, want 4", four)
		}
		var l LogLine
		if l.Time, err = intmap.Time(d); err != nil {
			return nil, err
		}
		if l.Activation, err = d.Uint(); err != nil {
			return nil, err
		}
		level, err := d.Int()
		if err != nil {
			return nil, err
		}
		l.Level = int(level)
		if l.Text, err = d.Text(); err != nil {
			return nil, err
		}
		lines = append(lines, l)
	}
	return lines, nil
}
