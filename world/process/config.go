// Package process runs one role as an operating-system process of its own: a
// satellite's payload computer, its platform computer, a station, or a terminal.
//
// Such processes exchange nothing but bytes of links: a frame is one datagram on a
// UDP socket, a message of the satellite's bus one on another. Each keeps the rate
// and the light time of its contact plan. The cores inside are those that a
// simulated universe runs.
package process

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"time"

	"gopkg.in/yaml.v3"

	"spacechain/clock"
)

// Config is the YAML file of a role.
//
//	node: 90001
//	data-dir: ./satellite        # its store and keys; relative to the file
//	key: default                 # of keys/ in data-dir; made at the first start
//	listen: 127.0.0.1:7001       # where its frames come in
//	peers: {2000001: "127.0.0.1:7002"}
//	contacts: contacts.json      # from "spacechain contacts"
//	clock: clock.yaml            # the clock of the whole network, see ClockConfig
//
// A satellite has two processes, told apart by module:
//
//	module: payload              # or platform
//	bus: {listen: 127.0.0.1:7011, peer: 127.0.0.1:7012}
//	elements: satellite.tle      # its orbit
//	aboard: [js.spk]             # packages put aboard before launch
//	house: house.pub             # whose packages may have first-party roles; or spc1…
//
// A terminal names the satellites that it believes, and serves the API:
//
//	satellites: {90001: satellite.pub}
//	api: 127.0.0.1:8480
type Config struct {
	Node     uint64            `yaml:"node"`
	DataDir  string            `yaml:"data-dir"`
	Key      string            `yaml:"key"`
	Listen   string            `yaml:"listen"`
	Peers    map[uint64]string `yaml:"peers"`
	Contacts string            `yaml:"contacts"`
	Clock    ClockConfig       `yaml:"clock"`

	Module      string    `yaml:"module"`
	Bus         BusConfig `yaml:"bus"`
	Elements    string    `yaml:"elements"`
	Aboard      []string  `yaml:"aboard"`
	House       string    `yaml:"house"`
	Seed        uint64    `yaml:"seed"`
	Interpreter bool      `yaml:"interpreter"`

	Satellites map[uint64]string `yaml:"satellites"`
	API        string            `yaml:"api"`

	dir string // of the file, from which its paths are relative
}

// ClockConfig ties simulated time to the machine's. The processes of one network
// share it, which is why it may be the name of a file of its own. Left out,
// simulated time is the machine's.
//
//	speed: 60                    # simulated seconds in a second
//	wall: 2026-05-30T12:00:00Z   # this instant of the machine's clock
//	sim: 2026-01-01T00:00:00Z    # is this instant of simulated time
type ClockConfig struct {
	Speed float64   `yaml:"speed"`
	Wall  time.Time `yaml:"wall"`
	Sim   time.Time `yaml:"sim"`

	file string
}

// UnmarshalYAML takes the words themselves, or the name of the file that has them.
func (k *ClockConfig) UnmarshalYAML(n *yaml.Node) error {
	if n.Kind == yaml.ScalarNode {
		return n.Decode(&k.file)
	}
	type plain ClockConfig
	if n.Kind == yaml.MappingNode {
		for i := 0; i < len(n.Content); i += 2 {
			switch word := n.Content[i].Value; word {
			case "speed", "wall", "sim":
			default:
				return fmt.Errorf("line %d: unknown word %q; a clock has speed, wall and sim", n.Content[i].Line, word)
			}
		}
	}
	return n.Decode((*plain)(k))
}

// BusConfig joins the two computers of a satellite.
type BusConfig struct {
	Listen string `yaml:"listen"`
	Peer   string `yaml:"peer"`
}

// maxConfig bounds a configuration file, in bytes.
const maxConfig = 1 << 20

// ErrConfig is wrapped by errors about a configuration.
var ErrConfig = errors.New("configuration")

// ReadConfig reads a role's file. Words that it does not know are errors.
func ReadConfig(path string) (*Config, error) {
	c := &Config{Key: "default", DataDir: ".", dir: filepath.Dir(path)}
	if err := readYAML(path, c); err != nil {
		return nil, err
	}
	if c.Node == 0 {
		return nil, fmt.Errorf("%w %s: node is missing", ErrConfig, path)
	}
	if file := c.Clock.file; file != "" {
		c.Clock = ClockConfig{}
		if err := readYAML(c.path(file), &c.Clock); err != nil {
			return nil, err
		}
		if c.Clock.file != "" {
			return nil, fmt.Errorf("%w %s: a clock has speed, wall and sim, and is no name of another file", ErrConfig, c.path(file))
		}
	}
	return c, nil
}

func readYAML(path string, into any) error {
	info, err := os.Stat(path)
	if err != nil {
		return fmt.Errorf("%w: %w", ErrConfig, err)
	}
	if info.Size() > maxConfig {
		return fmt.Errorf("%w %s: %d bytes, the limit is %d", ErrConfig, path, info.Size(), maxConfig)
	}
	text, err := os.ReadFile(path)
	if err != nil {
		return fmt.Errorf("%w: %w", ErrConfig, err)
	}
	d := yaml.NewDecoder(bytes.NewReader(text))
	d.KnownFields(true)
	err = d.Decode(into)
	var unknown *yaml.TypeError
	switch {
	case errors.Is(err, io.EOF):
		return fmt.Errorf("%w %s: the file is empty", ErrConfig, path)
	case errors.As(err, &unknown):
		return fmt.Errorf("%w %s: %s", ErrConfig, path, inWords(unknown))
	case err != nil:
		return fmt.Errorf("%w %s: %w", ErrConfig, path, err)
	}
	return nil
}

// unknownField is how the decoder says that a word has no place in the file.
var unknownField = regexp.MustCompile(`field (\S+) not found in type \S+`)

func inWords(e *yaml.TypeError) string {
	return unknownField.ReplaceAllString(strings.Join(e.Errors, "; "), `unknown word "$1"`)
}

// path gives a path of the file, relative to it.
func (c *Config) path(p string) string {
	if p == "" || filepath.IsAbs(p) {
		return p
	}
	return filepath.Join(c.dir, p)
}

// pace gives the loop's pace and the time at which it starts.
func (c *Config) pace(now time.Time) (clock.Pace, time.Time, error) {
	k := c.Clock
	if k.Speed == 0 {
		k.Speed = 1
	}
	if k.Wall.IsZero() != k.Sim.IsZero() {
		return clock.Pace{}, time.Time{}, fmt.Errorf("%w: clock: wall and sim are one instant, give both or neither", ErrConfig)
	}
	if k.Wall.IsZero() {
		k.Wall, k.Sim = now, now
	}
	if k.Speed < 0 {
		return clock.Pace{}, time.Time{}, fmt.Errorf("%w: clock: speed %g is negative", ErrConfig, k.Speed)
	}
	p := clock.Pace{Factor: k.Speed, Wall: k.Wall, Sim: k.Sim}
	return p, p.At(now), nil
}
