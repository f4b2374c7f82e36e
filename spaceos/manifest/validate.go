package manifest

import (
	"fmt"
	"strconv"
	"strings"
	"time"
	"unicode"
)

// The limits of the format. A satellite's policy is usually tighter.
const (
	MaxApp         = 64       // bytes of an app's name
	MaxTriggers    = 16       // triggers of one app
	MaxPermissions = 16       // entries of each list of permissions
	MaxModule      = 16 << 20 // bytes of a module
	MaxMemory      = 64 << 20 // bytes of linear memory
	MinMemory      = 64 << 10 // one WebAssembly page
	MaxStorage     = 64 << 20 // bytes of storage
	MaxGas         = 1 << 50  // gas of one activation
	MaxEvery       = 366 * 24 * time.Hour
	MaxSummary     = 200
	maxVersion     = 40
	maxName        = 32
	maxRadiusM     = 20_000_000 // half the circumference: everywhere
	maxInterval    = 366 * 24 * time.Hour
)

// Error is a field of a manifest that is not as it must be.
type Error struct {
	Field string // as in spacechain.yaml, such as "triggers[2].every"
	Msg   string
}

func (e *Error) Error() string { return "manifest: " + e.Field + ": " + e.Msg }

func bad(field, format string, args ...any) error {
	return &Error{Field: field, Msg: fmt.Sprintf(format, args...)}
}

// Validate checks a manifest against the limits of the format. The error is an
// *Error that names the field.
func (m *Manifest) Validate() error {
	if m.Publisher == ([len(m.Publisher)]byte{}) {
		return bad("publisher", "missing; sign the package with a publisher's key")
	}
	if m.Module.Size == 0 || m.Module.Size > MaxModule {
		return bad("module", "size %d, want 1 to %d bytes", m.Module.Size, MaxModule)
	}
	return m.ValidateAuthored()
}

// ValidateAuthored checks everything but what signing fills in: the publisher, and
// the module's digest and size.
func (m *Manifest) ValidateAuthored() error {
	if err := checkApp(m.App); err != nil {
		return err
	}
	if _, err := ParseVersion(string(m.Version)); err != nil {
		return bad("version", "%v", err)
	}
	if m.Counter == 0 {
		return bad("counter", "must be at least 1 and rise with every release")
	}
	if err := checkRuntime("runtime", m.Runtime); err != nil {
		return err
	}
	if m.Provides != "" || m.HasRole(RoleRuntime) {
		if err := checkRuntime("provides", m.Provides); err != nil {
			return err
		}
		if !m.HasRole(RoleRuntime) {
			return bad("provides", "only a package with the role %q provides a runtime", RoleRuntime)
		}
	}
	if len(m.Summary) > MaxSummary || strings.ContainsFunc(m.Summary, unicode.IsControl) {
		return bad("summary", "want one line of at most %d bytes", MaxSummary)
	}
	if err := m.Limits.validate(); err != nil {
		return err
	}
	if err := validateTriggers(m.Triggers); err != nil {
		return err
	}
	return m.Permissions.validate()
}

func checkApp(app string) error {
	if app == "" || len(app) > MaxApp {
		return bad("app", "want a name of 1 to %d bytes, such as \"fieldwatch\" or \"org.example.fieldwatch\"", MaxApp)
	}
	for _, label := range strings.Split(app, ".") {
		if !isName(label) {
			return bad("app", "%q: want lower-case letters, digits and inner hyphens, in labels of at most %d, joined by dots", app, maxName)
		}
	}
	return nil
}

// isName reports whether s is a plain name: lower-case letters, digits, and hyphens
// that are neither first nor last.
func isName(s string) bool {
	if s == "" || len(s) > maxName || s[0] == '-' || s[len(s)-1] == '-' {
		return false
	}
	for i := range len(s) {
		c := s[i]
		if (c < 'a' || c > 'z') && (c < '0' || c > '9') && c != '-' {
			return false
		}
	}
	return true
}

func checkRuntime(field, r string) error {
	name, version, ok := strings.Cut(r, "@")
	n, err := strconv.ParseUint(version, 10, 16)
	if !ok || !isName(name) || err != nil || n == 0 || strconv.FormatUint(n, 10) != version {
		return bad(field, "%q: want name@number, such as %q or %q", r, RuntimeWasm, RuntimeJS)
	}
	return nil
}

func (l *Limits) validate() error {
	switch {
	case l.MemoryBytes < MinMemory || l.MemoryBytes > MaxMemory:
		return bad("memory", "%d bytes, want %d to %d", l.MemoryBytes, MinMemory, MaxMemory)
	case l.StorageBytes > MaxStorage:
		return bad("storage", "%d bytes, want at most %d", l.StorageBytes, MaxStorage)
	case l.GasPerActivation == 0 || l.GasPerActivation > MaxGas:
		return bad("gas", "%d, want 1 to %d", l.GasPerActivation, uint64(MaxGas))
	case l.MessagesPerActivation > 1<<16:
		return bad("messages.per-activation", "%d, want at most %d", l.MessagesPerActivation, 1<<16)
	case l.MessagesPerHour > 1<<20:
		return bad("messages.per-hour", "%d, want at most %d", l.MessagesPerHour, 1<<20)
	case l.MessageBytesPerHour > 1<<30:
		return bad("messages.bytes-per-hour", "%d, want at most %d", l.MessageBytesPerHour, 1<<30)
	}
	return nil
}

func validateTriggers(ts []Trigger) error {
	if len(ts) > MaxTriggers {
		return bad("triggers", "%d, want at most %d", len(ts), MaxTriggers)
	}
	for i, t := range ts {
		field := fmt.Sprintf("triggers[%d]", i)
		if !isName(t.Name) {
			return bad(field+".name", "%q: want lower-case letters, digits and inner hyphens, at most %d", t.Name, maxName)
		}
		for _, u := range ts[:i] {
			if u.Name == t.Name {
				return bad(field+".name", "%q names an earlier trigger too", t.Name)
			}
			if u.Kind == t.Kind && (t.Kind == Message || t.Kind == Install) {
				return bad(field, "a second %s trigger", t.Kind)
			}
		}
		if err := t.validate(field); err != nil {
			return err
		}
	}
	return nil
}

func (t Trigger) validate(field string) error {
	plain := Trigger{Name: t.Name, Kind: t.Kind, Optional: t.Optional} // what must be left at zero
	switch t.Kind {
	case Schedule:
		plain.Every, plain.Phase = t.Every, t.Phase
		if t.Every < time.Second || t.Every > MaxEvery || t.Every%time.Second != 0 {
			return bad(field+".every", "%v, want whole seconds from 1s to %v", t.Every, MaxEvery)
		}
		if t.Phase < 0 || t.Phase >= t.Every || t.Phase%time.Second != 0 {
			return bad(field+".phase", "%v, want whole seconds from 0s to below %v", t.Phase, t.Every)
		}
	case Region:
		plain.Circle = t.Circle
		c := t.Circle
		if c.LatMicroDeg < -90e6 || c.LatMicroDeg > 90e6 || c.LonMicroDeg < -180e6 || c.LonMicroDeg > 180e6 {
			return bad(field+".region", "centre %v, %v is not on the Earth", c.LatDeg(), c.LonDeg())
		}
		if c.RadiusM < 1000 || c.RadiusM > maxRadiusM {
			return bad(field+".region.radius", "%v km, want 1 to %d km", c.RadiusKm(), maxRadiusM/1000)
		}
	case Pass:
		plain.Station = t.Station
		if t.Station == "" || len(t.Station) > MaxApp || strings.ContainsFunc(t.Station, unicode.IsControl) {
			return bad(field+".pass", "want a station's name or %q", AnyStation)
		}
	case Install:
		if t.Optional {
			return bad(field+".optional", "an install trigger cannot be optional: nothing has run that could subscribe")
		}
	case EclipseBegin, EclipseEnd, Message:
	default:
		return bad(field, "%s is not known", t.Kind)
	}
	if plain != t {
		return bad(field, "has fields that do not belong to a %s trigger", t.Kind)
	}
	return nil
}

func (p *Permissions) validate() error {
	if len(p.Sensors) > MaxPermissions {
		return bad("permissions.sensors", "%d, want at most %d", len(p.Sensors), MaxPermissions)
	}
	for i, s := range p.Sensors {
		if !isName(s.Name) {
			return bad("permissions.sensors", "%q is not a sensor's name", s.Name)
		}
		if s.Interval < time.Millisecond || s.Interval > maxInterval || s.Interval%time.Millisecond != 0 {
			return bad("permissions.sensors."+s.Name, "interval %v, want whole milliseconds from 1ms to %v", s.Interval, maxInterval)
		}
		if i > 0 && p.Sensors[i-1].Name >= s.Name {
			return bad("permissions.sensors."+s.Name, "twice, or not in the order of names")
		}
	}
	for _, peer := range p.Peers {
		if _, err := ParsePeer(peer); err != nil {
			return bad("permissions.peers", "%v", err)
		}
	}
	for _, l := range []struct {
		field string
		names []string
	}{{"peers", p.Peers}, {"ledger", p.Ledger}, {"roles", p.Roles}, {"actuators", p.Actuators}} {
		field := "permissions." + l.field
		if len(l.names) > MaxPermissions {
			return bad(field, "%d, want at most %d", len(l.names), MaxPermissions)
		}
		for i, n := range l.names {
			if l.field != "peers" && !isName(n) {
				return bad(field, "%q is not a name", n)
			}
			if i > 0 && l.names[i-1] >= n {
				return bad(field, "%q is there twice, or not in order", n)
			}
		}
	}
	return nil
}
