package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"spacechain/astro"
	"spacechain/astro/elements"
	"spacechain/astro/sgp4"
	"spacechain/astro/visibility"
	"spacechain/clock"
)

// staleElements is the age of elements from which a warning is printed.
const staleElements = 14 * 24 * time.Hour

// passesFlags are the flags of "orbit passes".
type passesFlags struct {
	tle, checksum, station, mask string
	sat                          int
	minElevation, hours          float64
	from, to                     string
	json                         bool
}

func newOrbitPassesCommand() *cobra.Command {
	var f passesFlags
	cmd := &cobra.Command{
		Use:   "passes",
		Short: "Predict the passes of satellites over a station",
		Long: `Predict when satellites rise, culminate and set over a station: one satellite
(--sat) or all of a catalogue, in order of rise, for --hours or until --to.

Without --from the prediction starts at the middle (median) epoch of the
elements, to the second, where they are at their best; "--from now" takes the
machine's clock.

A pass counts from where the satellite stands above both the minimum elevation
and the horizon mask. A mask is a text file with a line for each point, azimuth
and elevation in degrees, ordered by azimuth; the parts of a pass that hills cut
off from each other are listed one by one. Elevations leave out refraction.

Passes cut by the ends of the prediction are marked < and >, and carry
"open_start" and "open_end" with --json.`,
		Example: `  spacechain orbit passes --tle stations.tle --sat 25544 --station 52.52,13.405,34
  spacechain orbit passes --tle weather.tle --station 78.23,15.39,450 --min-elevation 5 --hours 6 --json
  spacechain orbit walker | spacechain orbit passes --tle - --station=-33.15,-70.67,730 --mask hills.txt`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return f.run(cmd) },
	}
	fl := cmd.Flags()
	fl.StringVar(&f.tle, "tle", "", catalogueHelp)
	fl.StringVar(&f.checksum, "checksum", "warn", checksumHelp)
	fl.StringVar(&f.station, "station", "", "the station: latitude,longitude in degrees and height in metres, such as 52.52,13.405,34")
	fl.Float64Var(&f.minElevation, "min-elevation", 10, "least elevation, degrees")
	fl.StringVar(&f.mask, "mask", "", "file with the station's horizon mask")
	fl.IntVar(&f.sat, "sat", 0, "catalogue (NORAD) number of one satellite; without it all of them")
	fl.StringVar(&f.from, "from", "", `first time, UTC, such as 2026-05-30T12:00:00Z, or "now" (default: median element epoch)`)
	fl.StringVar(&f.to, "to", "", "last time")
	fl.Float64Var(&f.hours, "hours", 24, "length of the prediction, in place of --to")
	fl.BoolVar(&f.json, "json", false, "print one JSON document")
	return cmd
}

// run carries out the command.
func (f *passesFlags) run(cmd *cobra.Command) error {
	site, err := f.site()
	if err != nil {
		return err
	}
	changed := cmd.Flags().Changed
	if changed("to") && changed("hours") {
		return usagef("give either --to or --hours")
	}
	if changed("sat") && f.sat < 0 {
		return usagef("--sat %d: give the catalogue number of a satellite", f.sat)
	}
	if err := f.checkTimes(); err != nil {
		return err
	}
	sets, err := readCatalogue(cmd, f.tle, f.checksum)
	if err != nil {
		return err
	}
	if changed("sat") {
		if sets = ofSatellite(sets, f.sat); len(sets) == 0 {
			return fmt.Errorf("satellite %d is not among the sets of %s", f.sat, f.tle)
		}
	}
	from, to, err := f.interval(sets)
	if err != nil {
		return err
	}
	sets = nearestSets(sets, from)
	if age := from.Sub(medianEpoch(sets)).Abs(); age > staleElements {
		cmd.PrintErrf("warning: the elements are %.0f days from --from; passes may be minutes off, or not happen\n", age.Hours()/24)
	}
	report := passesReport{
		From: from, To: to, Satellites: len(sets), Passes: []passRow{},
		Station: passesStation{
			LatDeg: site.Geodetic.LatDeg, LonDeg: site.Geodetic.LonDeg, AltM: site.Geodetic.AltKm * 1000,
			MinElevationDeg: site.MinElevationDeg, MaskPoints: len(site.Mask),
		},
	}
	var failed []error
	for _, s := range sets {
		if err := report.add(s, site); err != nil {
			failed = append(failed, fmt.Errorf("passes of %v: %w", s, err))
		}
	}
	slices.SortStableFunc(report.Passes, func(a, b passRow) int {
		if c := a.Rise.Compare(b.Rise); c != 0 {
			return c
		}
		return a.NoradID - b.NoradID
	})
	if err := report.print(cmd.OutOrStdout(), f.json); err != nil {
		return fmt.Errorf("write passes: %w", err)
	}
	if len(failed) == len(sets) {
		return errors.Join(failed[:min(len(failed), mostWarnings)]...)
	}
	for i, err := range failed {
		if i == mostWarnings && len(failed) > mostWarnings+1 {
			cmd.PrintErrf("warning: %d more satellites failed\n", len(failed)-i)
			break
		}
		cmd.PrintErrf("warning: %v\n", err)
	}
	return nil
}

// site reads --station, --min-elevation and --mask.
func (f *passesFlags) site() (visibility.Site, error) {
	site := visibility.Site{MinElevationDeg: f.minElevation}
	if f.station == "" {
		return site, usagef("--station is missing; give latitude,longitude,height, such as 52.52,13.405,34")
	}
	fields := strings.Split(f.station, ",")
	if len(fields) != 2 && len(fields) != 3 {
		return site, usagef("--station %q: want latitude,longitude in degrees and height in metres", f.station)
	}
	var v [3]float64
	for i, field := range fields {
		x, err := strconv.ParseFloat(strings.TrimSpace(field), 64)
		if err != nil {
			return site, usagef("--station %q: %q is no number", f.station, field)
		}
		v[i] = x
	}
	site.Geodetic = astro.Geodetic{LatDeg: v[0], LonDeg: v[1], AltKm: v[2] / 1000}
	if err := site.Validate(); err != nil {
		return site, usagef("--station %s --min-elevation %g: %w", f.station, f.minElevation, err)
	}
	if f.mask == "" {
		return site, nil
	}
	file, err := os.Open(f.mask)
	if err != nil {
		return site, fmt.Errorf("read horizon mask: %w", err)
	}
	defer file.Close()
	if site.Mask, err = visibility.ParseMask(file); err != nil {
		return site, fmt.Errorf("%s: %w", f.mask, err)
	}
	return site, nil
}

// checkTimes refuses flags of time that no catalogue could make good.
func (f *passesFlags) checkTimes() error {
	for _, t := range []struct{ flag, text string }{{"from", f.from}, {"to", f.to}} {
		if t.text == "" || t.flag == "from" && t.text == "now" {
			continue
		}
		if _, err := parseInstant(t.flag, t.text); err != nil {
			return err
		}
	}
	if !(f.hours > 0 && f.hours <= visibility.MaxSpan.Hours()) {
		return usagef("--hours %g: give more than 0 and at most %.0f", f.hours, visibility.MaxSpan.Hours())
	}
	return nil
}

// interval is the time to predict for.
func (f *passesFlags) interval(sets []elements.Set) (from, to time.Time, err error) {
	switch f.from {
	case "":
		from = medianEpoch(sets).Round(time.Second)
	case "now":
		from = clock.Wall().Now().UTC()
	default:
		if from, err = parseInstant("from", f.from); err != nil {
			return from, to, err
		}
	}
	to = from.Add(time.Duration(f.hours * float64(time.Hour)))
	if f.to != "" {
		if to, err = parseInstant("to", f.to); err != nil {
			return from, to, err
		}
	}
	switch span := to.Sub(from); {
	case span <= 0:
		return from, to, usagef("--to %s does not come after %s, where the prediction starts", f.to, from.Format(time.RFC3339))
	case span > visibility.MaxSpan:
		return from, to, usagef("--to %s: %.0f days after the start, at most %.0f are predicted", f.to, span.Hours()/24,
			visibility.MaxSpan.Hours()/24)
	}
	return from, to, nil
}

// ofSatellite keeps the sets of one satellite.
func ofSatellite(sets []elements.Set, number int) []elements.Set {
	var out []elements.Set
	for _, s := range sets {
		if s.NoradID == number {
			out = append(out, s)
		}
	}
	return out
}

// medianEpoch is the middle one of the sets' epochs.
func medianEpoch(sets []elements.Set) time.Time {
	epochs := make([]time.Time, len(sets))
	for i, s := range sets {
		epochs[i] = s.Epoch.UTC()
	}
	slices.SortFunc(epochs, time.Time.Compare)
	return epochs[(len(epochs)-1)/2]
}

// nearestSets keeps of each satellite the set with the epoch nearest to t, in
// the catalogue's order.
func nearestSets(sets []elements.Set, t time.Time) []elements.Set {
	best := make(map[int]int, len(sets)) // place in out by catalogue number
	out := make([]elements.Set, 0, len(sets))
	for _, s := range sets {
		i, seen := best[s.NoradID]
		switch {
		case !seen:
			best[s.NoradID] = len(out)
			out = append(out, s)
		case s.Epoch.Sub(t).Abs() < out[i].Epoch.Sub(t).Abs():
			out[i] = s
		}
	}
	return out
}

// passesReport is the JSON document of "orbit passes".
type passesReport struct {
	From       time.Time     `json:"from"`
	To         time.Time     `json:"to"`
	Station    passesStation `json:"station"`
	Satellites int           `json:"satellites"`
	Passes     []passRow     `json:"passes"`
}

type passesStation struct {
	LatDeg          float64 `json:"lat_deg"`
	LonDeg          float64 `json:"lon_deg"`
	AltM            float64 `json:"alt_m"`
	MinElevationDeg float64 `json:"min_elevation_deg"`
	MaskPoints      int     `json:"mask_points,omitempty"`
}

type passRow struct {
	NoradID               int       `json:"norad_id"`
	Name                  string    `json:"name,omitempty"`
	Rise                  time.Time `json:"rise"`
	Culmination           time.Time `json:"culmination"`
	Set                   time.Time `json:"set"`
	DurationS             float64   `json:"duration_s"`
	MaxElevationDeg       float64   `json:"max_elevation_deg"`
	RiseAzimuthDeg        float64   `json:"rise_azimuth_deg"`
	CulminationAzimuthDeg float64   `json:"culmination_azimuth_deg"`
	SetAzimuthDeg         float64   `json:"set_azimuth_deg"`
	CulminationRangeKm    float64   `json:"culmination_range_km"`
	OpenStart             bool      `json:"open_start"`
	OpenEnd               bool      `json:"open_end"`
}

// add predicts the passes of one satellite. Those before a failure count.
func (r *passesReport) add(s elements.Set, site visibility.Site) error {
	p, err := sgp4.New(s)
	if err != nil {
		return err
	}
	passes, err := visibility.Passes(visibility.NewOrbit(p), site, r.From, r.To)
	for _, p := range passes {
		r.Passes = append(r.Passes, passRow{
			NoradID: s.NoradID, Name: s.Name,
			Rise: p.Rise, Culmination: p.Culmination, Set: p.Set, DurationS: p.Duration().Seconds(),
			MaxElevationDeg: p.MaxElevationDeg, RiseAzimuthDeg: p.RiseAzimuthDeg,
			CulminationAzimuthDeg: p.CulminationAzimuthDeg, SetAzimuthDeg: p.SetAzimuthDeg,
			CulminationRangeKm: p.CulminationRangeKm, OpenStart: p.OpenStart, OpenEnd: p.OpenEnd,
		})
	}
	return err
}

// print writes the report as JSON or as a table.
func (r *passesReport) print(w io.Writer, asJSON bool) error {
	if asJSON {
		enc := json.NewEncoder(w)
		enc.SetIndent("", "  ")
		return enc.Encode(r)
	}
	var b strings.Builder
	place := astro.Geodetic{LatDeg: r.Station.LatDeg, LonDeg: r.Station.LonDeg, AltKm: r.Station.AltM / 1000}
	fmt.Fprintf(&b, "%s of %s over %v above %g degrees\n%s to %s UTC\n", count(len(r.Passes), "pass", "passes"),
		count(r.Satellites, "satellite", "satellites"), place, r.Station.MinElevationDeg,
		r.From.Format(time.DateTime), r.To.Format(time.DateTime))
	if len(r.Passes) > 0 {
		fmt.Fprintf(&b, "\n %-22s %5s  %-12s %5s %5s %8s  %-12s %5s  %8s  %s\n", "rise", "az", "culmination", "el", "az",
			"range km", "set", "az", "time", "satellite")
	}
	for _, p := range r.Passes {
		start, end := ' ', ' '
		if p.OpenStart {
			start = '<'
		}
		if p.OpenEnd {
			end = '>'
		}
		name := strings.TrimSpace(strconv.Itoa(p.NoradID) + " " + p.Name)
		fmt.Fprintf(&b, "%c%-22s %5.1f  %-12s %5.1f %5.1f %8.0f  %-12s%c%5.1f  %8s  %s\n",
			start, p.Rise.Format("2006-01-02 15:04:05.0"), p.RiseAzimuthDeg,
			p.Culmination.Format("15:04:05.0"), p.MaxElevationDeg, p.CulminationAzimuthDeg, p.CulminationRangeKm,
			p.Set.Format("15:04:05.0"), end, p.SetAzimuthDeg,
			time.Duration(p.DurationS*1e9).Round(time.Second), name)
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// count writes a number with its noun.
func count(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return strconv.Itoa(n) + " " + many
}
