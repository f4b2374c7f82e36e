package manifest

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"gopkg.in/yaml.v3"
)

func (p *authorParser) author(n *yaml.Node) Author {
	a := Author{Manifest: Manifest{Runtime: RuntimeWasm, Limits: Limits{
		MemoryBytes: DefaultMemory, StorageBytes: DefaultStorage, GasPerActivation: DefaultGas,
		MessagesPerActivation: DefaultMessages, MessagesPerHour: DefaultMessagesPerHour,
		MessageBytesPerHour: DefaultMessageBytesPerHour,
	}}}
	m := &a.Manifest
	p.fields(n, "", map[string]func(*yaml.Node){
		"app":      p.text(&m.App),
		"version":  func(v *yaml.Node) { p.text((*string)(&m.Version))(v) },
		"summary":  p.text(&m.Summary),
		"runtime":  p.text(&m.Runtime),
		"provides": p.text(&m.Provides),
		"counter":  p.count(&m.Counter),
		"main":     p.text(&a.Main),
		"module":   p.text(&a.Module),
		"build":    p.texts(&a.Build),
		"memory":   p.size(&m.Limits.MemoryBytes),
		"storage":  p.size(&m.Limits.StorageBytes),
		"gas":      p.count(&m.Limits.GasPerActivation),
		"messages": func(v *yaml.Node) {
			p.fields(v, "messages", map[string]func(*yaml.Node){
				"per-activation": p.count(&m.Limits.MessagesPerActivation),
				"per-hour":       p.count(&m.Limits.MessagesPerHour),
				"bytes-per-hour": p.size(&m.Limits.MessageBytesPerHour),
			})
		},
		"triggers":    func(v *yaml.Node) { m.Triggers = p.triggers(v) },
		"permissions": func(v *yaml.Node) { p.permissions(v, &m.Permissions) },
	})
	for _, need := range []string{"app", "version"} {
		if len(p.errs) == 0 && p.where[need] == nil {
			p.fail(n, "missing key %q", need)
		}
	}
	if m.Counter == 0 && p.where["counter"] == nil && len(p.errs) == 0 {
		c, err := m.Version.DefaultCounter()
		if err != nil {
			p.fail(p.where["version"], "%v", err)
		}
		m.Counter = c
	}
	return a
}

func (p *authorParser) triggers(n *yaml.Node) []Trigger {
	if n.Kind != yaml.SequenceNode {
		p.fail(n, "triggers: want a list")
		return nil
	}
	var ts []Trigger
	for i, item := range n.Content {
		var t Trigger
		path := fmt.Sprintf("triggers[%d]", i)
		one := func(k Kind, then func(*yaml.Node)) func(*yaml.Node) {
			return func(v *yaml.Node) {
				if t.Kind != 0 {
					p.fail(v, "%s: has more than one of every, region, eclipse, pass, message, install", path)
				}
				t.Kind = k
				then(v)
			}
		}
		p.fields(item, path, map[string]func(*yaml.Node){
			"name":     p.text(&t.Name),
			"optional": p.flag(&t.Optional),
			"every":    one(Schedule, p.duration(&t.Every)),
			"phase":    p.duration(&t.Phase),
			"region":   one(Region, func(v *yaml.Node) { t.Circle = p.circle(v, path+".region") }),
			"eclipse": one(EclipseBegin, func(v *yaml.Node) {
				switch v.Value {
				case "begins":
				case "ends":
					t.Kind = EclipseEnd
				default:
					p.fail(v, "%s.eclipse: %q, want \"begins\" or \"ends\"", path, v.Value)
				}
			}),
			"pass":    one(Pass, p.text(&t.Station)),
			"message": one(Message, p.yes(path+".message")),
			"install": one(Install, p.yes(path+".install")),
		})
		if t.Kind == 0 && len(p.errs) == 0 {
			p.fail(item, "%s: says no event; give one of every, region, eclipse, pass, message, install", path)
		}
		if p.where != nil {
			p.where[path] = item
		}
		ts = append(ts, t)
	}
	return ts
}

func (p *authorParser) circle(n *yaml.Node, path string) Circle {
	var lat, lon, radius float64
	p.fields(n, path, map[string]func(*yaml.Node){
		"lat": p.number(&lat, -90, 90),
		"lon": p.number(&lon, -180, 180),
		"radius": func(v *yaml.Node) {
			s, ok := strings.CutSuffix(v.Value, "km")
			r, err := strconv.ParseFloat(strings.TrimSpace(s), 64)
			if !ok || err != nil || !(r >= 1 && r <= maxRadiusM/1000) {
				p.fail(v, "%s.radius: %q, want kilometres such as 400km, up to %dkm", path, v.Value, maxRadiusM/1000)
				return
			}
			radius = r
		},
	})
	for _, need := range []string{"lat", "lon", "radius"} {
		if n.Kind == yaml.MappingNode && p.where[path+"."+need] == nil {
			p.fail(n, "%s: missing key %q", path, need)
		}
	}
	return CircleAt(lat, lon, radius)
}

func (p *authorParser) permissions(n *yaml.Node, out *Permissions) {
	p.fields(n, "permissions", map[string]func(*yaml.Node){
		"sensors":   func(v *yaml.Node) { out.Sensors = p.sensors(v) },
		"peers":     func(v *yaml.Node) { p.names(v, &out.Peers); out.Peers = without(out.Peers, PeerOwner) },
		"ledger":    func(v *yaml.Node) { p.names(v, &out.Ledger) },
		"roles":     func(v *yaml.Node) { p.names(v, &out.Roles) },
		"actuators": func(v *yaml.Node) { p.names(v, &out.Actuators) },
	})
}

func without(ss []string, drop string) []string {
	return slices.DeleteFunc(ss, func(s string) bool { return s == drop })
}

func (p *authorParser) sensors(n *yaml.Node) []Sensor {
	var out []Sensor
	if n.Kind != yaml.MappingNode {
		p.fail(n, "permissions.sensors: want names with their highest rates, such as {magnetometer: 1/s}")
		return nil
	}
	seen := map[string]bool{}
	for i := 0; i+1 < len(n.Content); i += 2 {
		key, value := n.Content[i], n.Content[i+1]
		if seen[key.Value] {
			p.fail(key, "%s is there twice", key.Value)
		}
		seen[key.Value] = true
		interval, err := parseRate(value.Value)
		if err != nil || value.Kind != yaml.ScalarNode {
			p.fail(value, "permissions.sensors.%s: %q is not a rate such as 1/s, 6/min or 1/10s", key.Value, value.Value)
		}
		out = append(out, Sensor{key.Value, interval})
	}
	slices.SortFunc(out, func(a, b Sensor) int { return strings.Compare(a.Name, b.Name) })
	return out
}

// parseRate reads count/period as the time between two, in whole milliseconds.
func parseRate(s string) (time.Duration, error) {
	count, period, ok := strings.Cut(s, "/")
	n, err := strconv.ParseUint(strings.TrimSpace(count), 10, 16)
	if !ok || err != nil || n == 0 {
		return 0, strconv.ErrSyntax
	}
	period = strings.Replace(strings.TrimSpace(period), "min", "m", 1)
	if period != "" && (period[0] < '0' || period[0] > '9') {
		period = "1" + period
	}
	d, err := time.ParseDuration(period)
	if err != nil || d <= 0 {
		return 0, strconv.ErrSyntax
	}
	return (d/time.Duration(n) + time.Millisecond - 1).Truncate(time.Millisecond), nil
}

// names reads a list of names and puts it in order.
func (p *authorParser) names(n *yaml.Node, out *[]string) {
	p.texts(out)(n)
	slices.Sort(*out)
}
