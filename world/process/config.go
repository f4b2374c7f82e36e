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
	"os"
	"path/filepath"
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
//	clock: {speed: 60, wall: 2026-05-30T12:00:00Z, sim: 2026-05-30T12:00:00Z}
//
// A satellite has two processes, told apart by module:
//
//	module: payload              # or platform
//	bus: {listen: 127.0.0.1:7011, peer: 127.0.0.1:7012}
//	elements: satellite.tle      # its orbit
//	aboard: [js.spk]             # packages put aboard before launch
//	house: spc1…                 # whose packages may have first-party roles
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

// ClockConfig ties simulated time to the machine's; the processes of one network
// share it. Left out, simulated time is the machine's.
type ClockConfig struct {
	Speed float64   `yaml:"speed"`
	Wall  time.Time `yaml:"wall"`
	Sim   time.Time `yaml:"sim"`
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
	info, err := os.Stat(path)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrConfig, err)
	}
	if info.Size() > maxConfig {
		return nil, fmt.Errorf("%w %s: %d bytes, the limit is %d", ErrConfig, path, info.Size(), maxConfig)
	}
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrConfig, err)
	}
	c := &Config{Key: "default", DataDir: ".", dir: filepath.Dir(path)}
	d := yaml.NewDecoder(bytes.NewReader(text))
	d.KnownFields(true)
	if err := d.Decode(c); err != nil {
		return nil, fmt.Errorf("%w %s: %w", ErrConfig, path, err)
	}
	if c.Node == 0 {
		return nil, fmt.Errorf("%w %s: node is missing", ErrConfig, path)
	}
	return c, nil
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
