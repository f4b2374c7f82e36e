package topology

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"sync"
	"time"

	"spacechain/astro"
	"spacechain/astro/elements"
	"spacechain/astro/frame"
	"spacechain/astro/sgp4"
	"spacechain/astro/visibility"
)

// Neighbours is the rule by which satellites choose whom to link with.
type Neighbours int

// The rules.
const (
	Auto    Neighbours = iota // Grid if the sets come from a generator (all of one shape), else Nearest
	Grid                      // fore, aft, left and right in regular planes
	Nearest                   // the four nearest
	None                      // no inter-satellite links
)

// Options say what universe to make. The zero value is the default: 66 satellites
// and 20 stations.
type Options struct {
	Sets       []elements.Set // default: elements.DefaultWalker at Start, or at 2026-01-01
	Start      time.Time      // default: the median epoch of the sets
	Stations   []Station      // default: Builtin; empty but not nil for none
	Terminals  []Terminal
	Neighbours Neighbours

	MaxRangeKm      float64       // longest inter-satellite link; default 5,000 km
	GrazingKm       float64       // lowest height of its line of sight; default 80 km
	PolarCutoffDeg  float64       // latitude beyond which Grid drops links between planes; default 70
	Slot            time.Duration // time for which Nearest chooses, whole minutes up to 10; default 5 minutes
	MaxLinks        int           // inter-satellite terminals of a satellite in Nearest; default 4
	Radios          *Radios       // default: DefaultRadios
	MinElevationDeg float64       // for stations and terminals that say 0; default 5
}

// Satellite is a satellite of the universe.
type Satellite struct {
	Node uint64 // its NORAD id
	Name string
	Set  elements.Set
}

// Warning says what was left out of the universe, and why.
type Warning struct {
	Node uint64
	Time time.Time // from when on; the world's start if it never flew
	Err  error
}

// String renders the warning as one line.
func (w Warning) String() string {
	return fmt.Sprintf("satellite %d left out from %s on: %v", w.Node, w.Time.UTC().Format(time.RFC3339), w.Err)
}

// Topology is a universe's geometry. Its methods may be called from several
// goroutines; each waits for the others.
type Topology struct {
	start     time.Time
	sats      []Satellite
	stations  []Station
	terminals []Terminal
	radios    Radios
	opts      Options

	index map[uint64]place3 // of every node
	grid  []edge            // inter-satellite links of Grid
	sites []site            // stations and terminals with a radio

	mu       sync.Mutex
	eph      *ephemeris
	warnings []Warning
	warned   map[int]bool
	slots    map[int64][]choice // of Nearest, by first minute
}

// place3 is where a node stands in the lists.
type place3 struct {
	class class
	at    int
}

type class uint8

const (
	satellite class = iota
	station
	terminal
)

// site is a place with a radio.
type site struct {
	node       uint64
	kind       Kind
	centre     frame.Topocentre
	minElevDeg float64
	sinMin     float64
	mask       visibility.Mask
}

// New makes a universe. Satellites whose elements cannot be flown at all are left
// out with a [Warning]; it is an error if none is left, if a node number is given
// twice among stations and terminals, or if a place is none.
func New(o Options) (*Topology, error) {
	if err := o.fill(); err != nil {
		return nil, err
	}
	t := &Topology{start: o.Start.UTC(), radios: *o.Radios, opts: o, index: map[uint64]place3{}, warned: map[int]bool{}, slots: map[int64][]choice{}}
	if err := t.addSatellites(o.Sets); err != nil {
		return nil, err
	}
	if err := t.addStations(o.Stations); err != nil {
		return nil, err
	}
	if err := t.addTerminals(o.Terminals); err != nil {
		return nil, err
	}
	if t.opts.Neighbours == Auto {
		t.opts.Neighbours = Nearest
		if generated(o.Sets) {
			t.opts.Neighbours = Grid
		}
	}
	if t.opts.Neighbours == Grid {
		t.grid = t.gridEdges()
	}
	return t, nil
}

// fill sets the defaults.
func (o *Options) fill() error {
	if len(o.Sets) == 0 {
		epoch := o.Start
		if epoch.IsZero() {
			epoch = time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
		}
		o.Sets = elements.DefaultWalker(epoch).Sets()
	}
	if o.Start.IsZero() {
		o.Start = MedianEpoch(o.Sets)
	}
	if o.Stations == nil {
		o.Stations = Builtin()
	}
	if o.Radios == nil {
		r := DefaultRadios()
		o.Radios = &r
	}
	o.MaxRangeKm = cmp.Or(o.MaxRangeKm, 5000)
	o.GrazingKm = cmp.Or(o.GrazingKm, 80)
	o.PolarCutoffDeg = cmp.Or(o.PolarCutoffDeg, 70)
	o.Slot = cmp.Or(o.Slot, 5*time.Minute)
	o.MaxLinks = cmp.Or(o.MaxLinks, 4)
	o.MinElevationDeg = cmp.Or(o.MinElevationDeg, 5)
	switch {
	case !(o.MaxRangeKm > 0):
		return fmt.Errorf("topology: longest inter-satellite link %g km is not above 0", o.MaxRangeKm)
	case o.Slot%step != 0 || o.Slot < step || o.Slot > 10*time.Minute:
		return fmt.Errorf("topology: slot %v is not a number of whole minutes from 1 to 10", o.Slot)
	case o.MaxLinks < 1:
		return fmt.Errorf("topology: %d inter-satellite terminals; a satellite needs at least one", o.MaxLinks)
	}
	return nil
}

// MedianEpoch gives the middle one of the sets' epochs, to the whole second: when
// a world of real satellites starts. It is the zero time for no sets.
func MedianEpoch(sets []elements.Set) time.Time {
	if len(sets) == 0 {
		return time.Time{}
	}
	epochs := make([]time.Time, len(sets))
	for i, s := range sets {
		epochs[i] = s.Epoch
	}
	slices.SortFunc(epochs, time.Time.Compare)
	return epochs[len(epochs)/2].UTC().Truncate(time.Second)
}

func (t *Topology) addSatellites(sets []elements.Set) error {
	sorted := slices.Clone(sets)
	slices.SortStableFunc(sorted, func(a, b elements.Set) int {
		return cmp.Or(cmp.Compare(a.NoradID, b.NoradID), b.Epoch.Compare(a.Epoch))
	})
	sorted = slices.CompactFunc(sorted, func(a, b elements.Set) bool { return a.NoradID == b.NoradID }) // keeps the newest
	var fly []*sgp4.Propagator
	for _, set := range sorted {
		p, err := sgp4.New(set)
		if err == nil {
			_, err = p.AtTime(t.start)
		}
		if err != nil {
			t.warnings = append(t.warnings, Warning{Node: uint64(set.NoradID), Time: t.start, Err: err})
			continue
		}
		node := uint64(set.NoradID)
		if node == 0 || node >= FirstStation {
			return fmt.Errorf("satellite %d: the number is not within 1..%d; renumber the elements", node, FirstStation-1)
		}
		t.index[node] = place3{satellite, len(t.sats)}
		t.sats = append(t.sats, Satellite{Node: node, Name: set.Name, Set: set})
		fly = append(fly, p)
	}
	if len(t.sats) == 0 {
		if len(t.warnings) > 0 {
			return fmt.Errorf("topology: none of %d satellites flies at %s: %w", len(sets), t.start.Format(time.RFC3339), t.warnings[0].Err)
		}
		return fmt.Errorf("topology: no satellites")
	}
	t.eph = newEphemeris(t.start, t.sats, fly, t.fail)
	return nil
}

// fail notes that a satellite has no position, once.
func (t *Topology) fail(sat int, minute int64, err error) {
	if t.warned[sat] {
		return
	}
	t.warned[sat] = true
	t.warnings = append(t.warnings, Warning{Node: t.sats[sat].Node, Time: timeOf(minute), Err: err})
}

func (t *Topology) addStations(stations []Station) error {
	for i, s := range stations {
		s.Node = cmp.Or(s.Node, uint64(FirstStation+i))
		s.MinElevationDeg = cmp.Or(s.MinElevationDeg, t.opts.MinElevationDeg)
		if err := checkPlace("station", s.Name, s.Place, s.MinElevationDeg); err != nil {
			return err
		}
		if err := s.Mask.Validate(); err != nil {
			return fmt.Errorf("station %q: %w", s.Name, err)
		}
		if _, taken := t.index[s.Node]; taken {
			return fmt.Errorf("station %q: node %d is taken", s.Name, s.Node)
		}
		t.index[s.Node] = place3{station, len(t.stations)}
		t.stations = append(t.stations, s)
		t.sites = append(t.sites, newSite(s.Node, Ground, s.Place, s.MinElevationDeg, s.Mask))
	}
	return nil
}

func (t *Topology) addTerminals(terminals []Terminal) error {
	for i, s := range terminals {
		s.Node = cmp.Or(s.Node, uint64(FirstTerminal+i))
		s.MinElevationDeg = cmp.Or(s.MinElevationDeg, t.opts.MinElevationDeg)
		if err := checkPlace("terminal", s.Name, s.Place, s.MinElevationDeg); err != nil {
			return err
		}
		if _, taken := t.index[s.Node]; taken {
			return fmt.Errorf("terminal %q: node %d is taken", s.Name, s.Node)
		}
		t.index[s.Node] = place3{terminal, len(t.terminals)}
		t.terminals = append(t.terminals, s)
		if s.Radio {
			t.sites = append(t.sites, newSite(s.Node, Direct, s.Place, s.MinElevationDeg, nil))
		}
	}
	return nil
}

func newSite(node uint64, kind Kind, place astro.Geodetic, minElevationDeg float64, mask visibility.Mask) site {
	return site{node: node, kind: kind, centre: frame.NewTopocentre(place), mask: mask,
		minElevDeg: minElevationDeg, sinMin: math.Sin(minElevationDeg * math.Pi / 180)}
}

// Start gives when the world begins.
func (t *Topology) Start() time.Time { return t.start }

// Satellites gives the satellites in order of node number. The slice is shared: do not change it.
func (t *Topology) Satellites() []Satellite { return t.sats }

// Stations gives the stations in the order they were given. The slice is shared: do not change it.
func (t *Topology) Stations() []Station { return t.stations }

// Terminals gives the terminals in the order they were given. The slice is shared: do not change it.
func (t *Topology) Terminals() []Terminal { return t.terminals }

// Radios gives the radios at the ends of each kind of link, which are not to be changed.
func (t *Topology) Radios() *Radios { return &t.radios }

// Neighbours gives the rule that is in force, never Auto.
func (t *Topology) Neighbours() Neighbours { return t.opts.Neighbours }

// Warnings gives what has been left out so far.
func (t *Topology) Warnings() []Warning {
	t.mu.Lock()
	defer t.mu.Unlock()
	return slices.Clone(t.warnings)
}

// Windows gives all windows that have a part in [from, to), cut to it, ordered by
// start. Pieces of a link from adjoining questions fit together: the first does
// not Close and the second does not Open.
func (t *Topology) Windows(from, to time.Time) []Window {
	if !from.Before(to) {
		return nil
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	from, to = from.UTC(), to.UTC()
	var windows []Window
	// Work in pieces that fit the rings of the ephemeris and hold whole slots.
	slotMinutes := int64(t.opts.Slot / step)
	piece := (t.eph.size - 2*slotMinutes - 2) / slotMinutes * slotMinutes
	for minute := minuteOf(from); timeOf(minute).Before(to); {
		next := (floorDiv(minute, slotMinutes))*slotMinutes + piece
		a, b := timeOf(minute), timeOf(next)
		if a.Before(from) {
			a = from
		}
		if b.After(to) {
			b = to
		}
		windows = t.groundWindows(windows, a, b)
		switch t.opts.Neighbours {
		case Grid:
			windows = t.gridWindows(windows, a, b)
		case Nearest:
			windows = t.nearestWindows(windows, a, b)
		}
		minute = next
	}
	windows = join(windows)
	for i := range windows {
		w := &windows[i]
		elevation := 0.0
		if w.Kind == Ground || w.Kind == Direct {
			elevation = t.minElevation(w.B)
		}
		w.assess(&t.radios, elevation)
	}
	windows = append(windows, t.cableWindows(from, to)...)
	slices.SortFunc(windows, byStart)
	return windows
}

func (t *Topology) minElevation(node uint64) float64 {
	p := t.index[node]
	if p.class == station {
		return t.stations[p.at].MinElevationDeg
	}
	return t.terminals[p.at].MinElevationDeg
}

func floorDiv(a, b int64) int64 {
	q := a / b
	if a%b < 0 {
		q--
	}
	return q
}
