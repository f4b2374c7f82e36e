package command

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"testing"
	"time"

	"pgregory.net/rapid"

	"spacechain/identity"
	"spacechain/spaceos/receipt"
	"spacechain/spaceos/sandbox"
)

var (
	owner     = identity.FromSeed([32]byte{1})
	stranger  = identity.FromSeed([32]byte{2})
	satellite = identity.FromSeed([32]byte{3})
	at        = time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)
)

func example(op Op) Command {
	c := Command{Request: RequestID{9}, Op: op, Satellite: 90001, Issued: at, Expires: at.Add(time.Hour), ReplyTo: "ipn:3000001.2"}
	switch op {
	case Deploy:
		c.Body, c.Instance, c.Lease = []byte("package"), "one", receipt.LeaseID{5}
	case List:
	case Call:
		c.Tenant, c.Body = 64, []byte("question")
	case Logs:
		c.Tenant, c.Max = 64, 100
	default:
		c.Tenant = 64
	}
	return c
}

func TestEveryOperationTravels(t *testing.T) {
	for op := Deploy; op <= Remove; op++ {
		c := example(op)
		b, err := c.Sign(owner)
		if err != nil {
			t.Fatalf("%s: %v", op, err)
		}
		got, err := Open(b)
		if err != nil {
			t.Fatalf("%s: %v", op, err)
		}
		if got.Owner != OwnerOf(owner) || got.Op != op || got.Request != c.Request || got.Tenant != c.Tenant || !bytes.Equal(got.Body, c.Body) ||
			!got.Issued.Equal(c.Issued) || !got.Expires.Equal(c.Expires) || got.Lease != c.Lease || got.Instance != c.Instance || got.Max != c.Max {
			t.Errorf("%s: read back %+v", op, got)
		}
	}
}

func TestAlteredAndTruncatedCommands(t *testing.T) {
	c := example(Call)
	b, err := c.Sign(owner)
	if err != nil {
		t.Fatal(err)
	}
	for i := range b {
		for _, bit := range []byte{1, 0x80} {
			a := bytes.Clone(b)
			a[i] ^= bit
			if _, err := Open(a); !errors.Is(err, ErrForm) && !errors.Is(err, ErrSignature) {
				t.Fatalf("byte %d altered: %v", i, err)
			}
		}
		if _, err := Open(b[:i]); !errors.Is(err, ErrForm) {
			t.Fatalf("first %d bytes: %v", i, err)
		}
	}
	if _, err := Open(append(bytes.Clone(b), 0)); !errors.Is(err, ErrForm) {
		t.Error("a byte too many:", err)
	}
}

func TestSignRefuses(t *testing.T) {
	for name, spoil := range map[string]func(*Command){
		"no request":         func(c *Command) { c.Request = RequestID{} },
		"operation":          func(c *Command) { c.Op = 99 },
		"no satellite":       func(c *Command) { c.Satellite = 0 },
		"expiry":             func(c *Command) { c.Expires = c.Issued },
		"valid too long":     func(c *Command) { c.Expires = c.Issued.Add(MaxValid + time.Second) },
		"reply to":           func(c *Command) { c.ReplyTo = "here" },
		"reply to a control": func(c *Command) { c.ReplyTo = "ipn:90002.1" },
		"reply to a tenant":  func(c *Command) { c.ReplyTo = "ipn:90002.64" },
		"reply to nobody":    func(c *Command) { c.ReplyTo = "ipn:0.2" },
		"reply too far":      func(c *Command) { c.ReplyTo = "ipn:4294967296.2" },
		"no tenant":          func(c *Command) { c.Tenant = 0 },
		"instance":           func(c *Command) { c.Instance = "x" },
		"max":                func(c *Command) { c.Max = 1 },
		"tenant for a list":  func(c *Command) { c.Op, c.Body = List, nil },
		"body for a stop":    func(c *Command) { c.Op = Stop },
		"empty deploy":       func(c *Command) { c.Op, c.Tenant, c.Body = Deploy, 0, nil },
	} {
		c := example(Call)
		spoil(&c)
		if _, err := c.Sign(owner); err == nil {
			t.Errorf("%s: signed", name)
		}
	}
}

func everyInbox() map[Kind][]byte {
	reply := Reply{Request: RequestID{1}, Satellite: 90001, Code: OK, Message: "fine", Tenant: 64, Time: at, Body: []byte("b")}
	app := AppMessage{Satellite: 90001, Tenant: 64, App: "fieldwatch", Number: 3, Time: at, Payload: []byte("p")}
	notice := Notice{Satellite: 90001, Tenant: 64, App: "fieldwatch", Code: NoticeStopped, Message: "m", Time: at}
	result := ResultMessage{Result: []byte("r"), Report: Report{App: "fieldwatch", Request: RequestID{2}, Detail: "d", LogsLost: 1,
		Logs: []LogLine{{at, 1, 2, "line"}, {at, 1, 0, ""}}}}
	result.Receipt = receipt.Sign(receipt.Receipt{Satellite: 90001, Tenant: 64, Activation: 1, End: sandbox.Returned, Started: at, Ended: at,
		Result: sha256.Sum256(result.Result), Report: sha256.Sum256(result.Report.Encode())}, satellite)
	return map[Kind][]byte{KindReply: reply.Encode(satellite), KindResult: result.Encode(), KindApp: app.Encode(satellite), KindNotice: notice.Encode(satellite)}
}

func TestInboxMessagesTravelAndVerify(t *testing.T) {
	for kind, b := range everyInbox() {
		m, err := OpenInbox(b)
		if err != nil {
			t.Fatalf("kind %d: %v", kind, err)
		}
		if m.Kind != kind || m.Satellite() != 90001 {
			t.Errorf("kind %d: %+v", kind, m)
		}
		if err := m.Verify(satellite.Public()); err != nil {
			t.Errorf("kind %d: %v", kind, err)
		}
		if err := m.Verify(stranger.Public()); err == nil {
			t.Errorf("kind %d verifies under a stranger's key", kind)
		}
		for i := range b {
			a := bytes.Clone(b)
			a[i] ^= 4
			if m, err := OpenInbox(a); err == nil && m.Verify(satellite.Public()) == nil {
				t.Fatalf("kind %d with byte %d altered verifies", kind, i)
			}
			if _, err := OpenInbox(b[:i]); !errors.Is(err, ErrInbox) {
				t.Fatalf("kind %d, first %d bytes: %v", kind, i, err)
			}
		}
	}
	result, err := OpenInbox(everyInbox()[KindResult])
	if err != nil || result.Result.Report.Detail != "d" || len(result.Result.Report.Logs) != 2 || string(result.Result.Result) != "r" {
		t.Errorf("result %+v, %v", result.Result, err)
	}
}

func TestTenantInfoTravels(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var ts []TenantInfo
		for range rapid.IntRange(0, 3).Draw(t, "n") {
			ts = append(ts, TenantInfo{Tenant: rapid.Uint64().Draw(t, "tenant"), App: "a", Version: "1.0.0", Publisher: identity.ID{1},
				Instance: rapid.String().Draw(t, "instance"), State: Backoff, Reason: "r", Installed: at, Activations: 5, Gas: 7, Next: at.Add(time.Minute)})
		}
		back, err := DecodeTenants(EncodeTenants(ts))
		if err != nil || len(back) != len(ts) {
			t.Fatal(back, err)
		}
		for i := range ts {
			if back[i] != ts[i] {
				t.Fatalf("read back %+v, want %+v", back[i], ts[i])
			}
		}
	})
}

func TestLogsTravel(t *testing.T) {
	lines := []LogLine{{at, 7, 3, "it broke"}}
	back, err := DecodeLogs(EncodeLogs(lines))
	if err != nil || len(back) != 1 || back[0] != lines[0] {
		t.Error(back, err)
	}
	if _, err := DecodeLogs([]byte{0x81, 0x80}); err == nil {
		t.Error("a line without parts")
	}
}

func FuzzCommand(f *testing.F) {
	for op := Deploy; op <= Remove; op++ {
		c := example(op)
		b, err := c.Sign(owner)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(b)
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		c, err := Open(b)
		if err == nil && c.Owner != OwnerOf(owner) {
			t.Fatal("a command that nobody signed")
		}
	})
}

func FuzzInbox(f *testing.F) {
	all := everyInbox()
	for k := KindReply; k <= KindNotice; k++ {
		f.Add(all[k])
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		m, err := OpenInbox(b)
		if err == nil {
			_ = m.Satellite()
			if m.Verify(stranger.Public()) == nil {
				t.Fatal("a forged message verifies")
			}
		}
	})
}
