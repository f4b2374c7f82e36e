package manifest

import (
	"strconv"
	"strings"
	"time"

	"gopkg.in/yaml.v3"
)

// The functions here read one kind of value each into a place.

func (p *authorParser) text(out *string) func(*yaml.Node) {
	return func(n *yaml.Node) {
		if n.Kind != yaml.ScalarNode || n.Tag == "!!null" || n.Value == "" {
			p.fail(n, "want a text")
			return
		}
		*out = n.Value
	}
}

func (p *authorParser) texts(out *[]string) func(*yaml.Node) {
	return func(n *yaml.Node) {
		if n.Kind != yaml.SequenceNode {
			p.fail(n, "want a list, such as [a, b]")
			return
		}
		for _, item := range n.Content {
			var s string
			p.text(&s)(item)
			*out = append(*out, s)
		}
	}
}

func (p *authorParser) flag(out *bool) func(*yaml.Node) {
	return func(n *yaml.Node) {
		if n.Kind != yaml.ScalarNode || n.Tag != "!!bool" {
			p.fail(n, "%q, want true or false", n.Value)
			return
		}
		*out = strings.EqualFold(n.Value, "true")
	}
}

// yes reads the value of a key that only makes sense as true.
func (p *authorParser) yes(path string) func(*yaml.Node) {
	return func(n *yaml.Node) {
		if n.Tag != "!!bool" || !strings.EqualFold(n.Value, "true") {
			p.fail(n, "%s: %q, want true; leave the trigger out otherwise", path, n.Value)
		}
	}
}

func (p *authorParser) number(out *float64, low, high float64) func(*yaml.Node) {
	return func(n *yaml.Node) {
		f, err := strconv.ParseFloat(n.Value, 64)
		if n.Kind != yaml.ScalarNode || err != nil || !(f >= low && f <= high) {
			p.fail(n, "%q, want a number from %v to %v", n.Value, low, high)
			return
		}
		*out = f
	}
}

// suffixed reads a whole number with one of the suffixes.
func (p *authorParser) suffixed(out *uint64, want string, units []unit) func(*yaml.Node) {
	return func(n *yaml.Node) {
		s, times := strings.ReplaceAll(n.Value, "_", ""), uint64(1)
		for _, u := range units {
			if cut, ok := strings.CutSuffix(s, u.suffix); ok {
				s, times = strings.TrimSpace(cut), u.times
				break
			}
		}
		v, err := strconv.ParseUint(s, 10, 64)
		if n.Kind != yaml.ScalarNode || err != nil || v > (1<<63)/times {
			p.fail(n, "%q, want %s", n.Value, want)
			return
		}
		*out = v * times
	}
}

type unit struct {
	suffix string
	times  uint64
}

var (
	sizeUnits  = []unit{{"KiB", 1 << 10}, {"MiB", 1 << 20}, {"kB", 1000}, {"MB", 1_000_000}, {"B", 1}}
	countUnits = []unit{{"k", 1000}, {"M", 1_000_000}, {"G", 1_000_000_000}}
)

func (p *authorParser) size(out *uint64) func(*yaml.Node) {
	return p.suffixed(out, "a size such as 65536, 64KiB or 4MiB", sizeUnits)
}

func (p *authorParser) count(out *uint64) func(*yaml.Node) {
	return p.suffixed(out, "a whole number such as 1000, 50k or 200M", countUnits)
}

func (p *authorParser) duration(out *time.Duration) func(*yaml.Node) {
	return func(n *yaml.Node) {
		s := strings.Replace(n.Value, "min", "m", 1)
		d, err := time.ParseDuration(s)
		if n.Kind != yaml.ScalarNode || err != nil {
			p.fail(n, "%q, want a duration such as 60s, 10m or 6h", n.Value)
			return
		}
		*out = d
	}
}
