package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"

	"github.com/spf13/cobra"

	"spacechain/clock"
	"spacechain/link/pcap"
	"spacechain/spaceos/command"
	"spacechain/world/pass"
	"spacechain/world/topology"
)

// passFlags are the flags of "link pass".
type passFlags struct {
	depth, station, tle, checksum, after, app, capture string
	sat                                                int
	seed                                               uint64
	peak, reboot, deploy                               float64
	passes                                             int
	clear, listen, json                                bool
}

func newLinkPassCommand() *cobra.Command {
	var f passFlags
	cmd := &cobra.Command{
		Use:   "pass",
		Short: "Fly one pass over a station with all its radios",
		Long: `Fly one pass of a satellite over a ground station, from rise to set: telecommands
by AFSK with COP-1 and PUS, telemetry and beacons by BPSK, and on the S-band payload
links a signed app of 64 kB that goes up by CFDP, is admitted by the gate, and answers
through the mesh. Fades fall on the links; the protocols repair what they cost. All of
it is simulated.

Telecommands and telemetry take turns, in slots of 6 s: what a command came to is known
in one of the next slots of telemetry, and after the first telemetry it takes as long
until the first command is verified.

At the depth "frames" each transfer frame is late by its time on the air and lost as
often as measured curves say. At the depth "samples" it is modulated, goes through
noise, Doppler and fades sample by sample, and is found again by the receiver or not.

With --passes the next passes are flown as well. The computers are switched off between
them and go on from what they have stored: an app that a set cuts off, as with a late
--deploy, is completed in the next pass.

Without --tle it is a polar orbit of 550 km; --after is then its epoch.`,
		Example: `  spacechain link pass
  spacechain link pass --depth samples --capture pass/
  spacechain link pass --passes 2 --deploy 489
  spacechain link pass --station weilheim --tle stations.tle --sat 25544 --peak 20 --json`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return f.run(cmd) },
	}
	fl := cmd.Flags()
	fl.StringVar(&f.depth, "depth", "frames", "how closely the radios are simulated: frames or samples")
	fl.Uint64Var(&f.seed, "seed", 0, "seed of noise and sensors: the same one gives the same pass")
	fl.StringVar(&f.station, "station", "Weilheim", "one of the built-in stations")
	fl.StringVar(&f.tle, "tle", "", catalogueHelp)
	fl.StringVar(&f.checksum, "checksum", "warn", checksumHelp)
	fl.IntVar(&f.sat, "sat", 0, "catalogue (NORAD) number of the satellite; without it the first of --tle")
	fl.StringVar(&f.after, "after", "", "take the first pass after that time, UTC, such as 2026-11-22T12:00:00Z (default: the epoch of the elements)")
	fl.Float64Var(&f.peak, "peak", 30, "least elevation at the culmination, degrees")
	fl.StringVar(&f.app, "app", "", "package to deploy (default: one of 64 kB that does nothing)")
	fl.Float64Var(&f.reboot, "reboot", 0, "take the power from the payload computer so many seconds after the rise, for four seconds; 0 for never")
	fl.Float64Var(&f.deploy, "deploy", 40, "give the app to the station so many seconds after the rise")
	fl.IntVar(&f.passes, "passes", 1, "how many passes to fly, one after the other")
	fl.BoolVar(&f.clear, "no-fades", false, "leave the scripted fades out")
	fl.BoolVar(&f.listen, "all-the-time", false, "keep the payload's carriers on from rise to set, and work out every sample of noise")
	fl.StringVar(&f.capture, "capture", "", "directory for captures for Wireshark, one of CFDP and one a link: packets of TM, AOS and USLP frames; telecommands, which are encrypted, as data")
	fl.BoolVar(&f.json, "json", false, "print one JSON document at the end, with --passes a line for each pass, and nothing else")
	completeFlag(cmd, "depth", "frames", "samples")
	completeFlag(cmd, "station", stationNames()...)
	return cmd
}

func stationNames() (names []string) {
	for _, s := range topology.Builtin() {
		names = append(names, s.Name)
	}
	return names
}

// config is what the flags say.
func (f *passFlags) config(cmd *cobra.Command) (c pass.Config, err error) {
	c = pass.Config{Seed: f.seed, PeakDeg: f.peak, Listen: f.listen}
	if c.Depth, err = pass.ParseDepth(f.depth); err != nil {
		return c, usagef("--%w", err)
	}
	if !(f.peak > 0 && f.peak < 90) {
		return c, usagef("--peak %g: want more than 0 and less than 90 degrees", f.peak)
	}
	if !(f.reboot >= 0 && f.reboot < 3600) {
		return c, usagef("--reboot %g: want seconds after the rise, less than an hour", f.reboot)
	}
	c.Reboot = time.Duration(f.reboot * float64(time.Second))
	if !(f.deploy > 0 && f.deploy < 3600) {
		return c, usagef("--deploy %g: want seconds after the rise, more than 0 and less than an hour", f.deploy)
	}
	c.DeployAfter = time.Duration(f.deploy * float64(time.Second))
	if f.passes < 1 || f.passes > 100 {
		return c, usagef("--passes %d: want 1 to 100", f.passes)
	}
	stations, err := topology.BuiltinNamed(f.station)
	if err != nil {
		return c, usageError{err}
	}
	c.Station = stations[0]
	if f.after != "" {
		if c.After, err = time.Parse(time.RFC3339, f.after); err != nil {
			return c, usagef("--after %q: want a time such as 2026-11-22T12:00:00Z", f.after)
		}
		c.After = c.After.UTC()
	}
	if f.clear {
		c.Fades = []pass.Fade{}
	}
	if f.tle == "" && f.sat != 0 {
		return c, usagef("--sat %d: of which elements? give --tle", f.sat)
	}
	if f.tle != "" {
		sets, err := readCatalogue(cmd, f.tle, f.checksum)
		if err != nil {
			return c, err
		}
		if f.sat != 0 {
			if sets = ofSatellite(sets, f.sat); len(sets) == 0 {
				return c, fmt.Errorf("satellite %d is not among the sets of %s", f.sat, f.tle)
			}
		}
		c.Orbit = sets[0]
	}
	if f.app != "" {
		if c.Package, err = os.ReadFile(f.app); err != nil {
			return c, fmt.Errorf("read the package: %w", err)
		}
	}
	return c, nil
}

func (f *passFlags) run(cmd *cobra.Command) error {
	c, err := f.config(cmd)
	if err != nil {
		return err
	}
	if c.Course, err = pass.Plan(c); err != nil {
		return err
	}
	out := cmd.OutOrStdout()
	if !f.json {
		rise := c.Course.Rise()
		c.Tell = func(e pass.Event) {
			if e.Kind == "rise" {
				rise = e.At
			}
			fmt.Fprintf(out, "%7.1f s  %-9s %s\n", e.At.Sub(rise).Seconds(), e.Kind, printable(e.Text))
		}
	}
	var captures *captureDir
	if f.capture != "" {
		if captures, err = newCaptureDir(f.capture); err != nil {
			return err
		}
		c.Capture = captures.write
	}
	elapsed := clock.Stopwatch()
	reports, err := pass.FlySeries(cmd.Context(), c, f.passes)
	took := elapsed()
	if captures != nil {
		err = errors.Join(err, captures.close())
	}
	if err != nil {
		return err
	}
	var flown time.Duration
	for _, r := range reports {
		flown += r.Set.Sub(r.Rise)
	}
	speed := flown.Seconds() / max(took.Seconds(), 1e-9)
	for _, r := range reports {
		if !f.json {
			printPass(out, r, c.Station.MinElevationDeg)
			continue
		}
		err := json.NewEncoder(out).Encode(struct {
			Simulated bool `json:"simulated"`
			*pass.Report
			ElapsedS float64 `json:"elapsed_s"` // of all passes
			Speed    float64 `json:"speed"`     // against real time
		}{true, r, took.Seconds(), speed})
		if err != nil {
			return err
		}
	}
	if !f.json {
		_, err = fmt.Fprintf(out, "\nflown in %v: %.0f times real time\n", took.Round(time.Millisecond), speed)
	}
	if err != nil {
		return err
	}
	for _, r := range reports {
		if r.App.Replies > 0 && r.App.Code != command.OK {
			return fmt.Errorf("the satellite has refused the app: %s", r.App.Code)
		}
	}
	return nil
}

// numbered is a number of things, with their name in the plural only where there are several.
func numbered[N int | int64 | uint64](n N, one string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %ss", n, one)
}

// printPass prints what came of a pass over a station that hears down to an elevation.
func printPass(out io.Writer, r *pass.Report, leastDeg float64) {
	fmt.Fprintf(out, "\na simulated pass of %s over %s, %s to %s UTC, by %s\nit rises above %g degrees, which is the station's least elevation, comes %.0f degrees high, and is %.0f to %.0f km away\n\n",
		printable(r.Satellite), r.Station, r.Rise.Format("2006-01-02 15:04:05"), r.Set.Format("15:04:05"), r.Depth, leastDeg, r.PeakDeg, r.NearestKm, r.FarthestKm)
	for _, l := range r.Links {
		coding := l.Coding
		if coding == "none" {
			coding = "uncoded"
		}
		fmt.Fprintf(out, "%-13s %g MHz, %s; %s; %s\n", l.Name, l.CarrierHz/1e6, l.Modem, coding, l.Framing)
		if l.Sent == 0 {
			fmt.Fprintf(out, "%-13s nothing sent\n", "")
			continue
		}
		fmt.Fprintf(out, "%-13s %s in %s, %.1f s on the air; Eb/N0 %.1f to %.1f dB; ", "",
			numbered(l.Sent, "frame"), numbered(l.Bursts, "burst"), l.Airtime.Seconds(), l.MinEbN0DB, l.MaxEbN0DB)
		if l.Lost == 0 {
			fmt.Fprint(out, "none lost")
		} else {
			fmt.Fprintf(out, "%d lost, %d of them in fades", l.Lost, l.Faded)
		}
		if l.Resent > 0 {
			fmt.Fprintf(out, "; %d %s sent again", l.Resent, l.ResentUnit)
		}
		fmt.Fprintln(out)
	}
	verified := 0
	for _, c := range r.Commands {
		if c.State == "verified" {
			verified++
		}
	}
	fmt.Fprintf(out, "\ncommands      %d of %d verified\n", verified, len(r.Commands))
	f := r.File
	if f.Arrived.IsZero() {
		fmt.Fprintf(out, "file          %d octets, not on board\n", f.Size)
	} else {
		fmt.Fprintf(out, "file          %d octets on board after %.1f s, %d octets of it sent again, identical: %v\n",
			f.Size, f.Arrived.Sub(f.Begun).Seconds(), f.Octets-f.Size, f.Identical)
	}
	switch {
	case r.App.Answered.IsZero():
		fmt.Fprintln(out, "app           no answer")
	case r.App.Code != command.OK:
		fmt.Fprintf(out, "app           refused: %s, known at its owner's terminal after %.1f s\n", r.App.Code, r.App.Answered.Sub(f.Begun).Seconds())
	default:
		fmt.Fprintf(out, "app           %s, answered at its owner's terminal after %.1f s\n", r.App.Code, r.App.Answered.Sub(f.Begun).Seconds())
	}
	fmt.Fprintf(out, "orbit         %s in telemetry, at most %.1f m from the truth; %s\n", numbered(r.Orbit.Reports, "measurement"), r.Orbit.WorstM, numbered(r.Orbit.Beacons, "beacon"))
}

// captureDir writes a capture for each link.
type captureDir struct {
	dir   string
	files map[string]*os.File
	pcaps map[string]*pcap.Writer
	err   error
}

func newCaptureDir(dir string) (*captureDir, error) {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return nil, fmt.Errorf("capture: %w", err)
	}
	return &captureDir{dir: dir, files: map[string]*os.File{}, pcaps: map[string]*pcap.Writer{}}, nil
}

// write adds a frame to its link's file.
func (c *captureDir) write(link string, at time.Time, frame []byte) {
	if c.err != nil {
		return
	}
	w := c.pcaps[link]
	if w == nil {
		var f *os.File
		if f, c.err = os.Create(filepath.Join(c.dir, link+".pcap")); c.err != nil {
			return
		}
		c.files[link] = f
		if w, c.err = pcap.NewWriter(f); c.err != nil {
			return
		}
		if link == "ttc-down" {
			if c.err = w.Expect(pass.TelemetryChannel()); c.err != nil {
				return
			}
		}
		c.pcaps[link] = w
	}
	protocol := pcap.Frames // of which the packets are written
	switch link {
	case "beacon":
		protocol = pcap.AX25
	case "ttc-up":
		protocol = pcap.Data // encrypted
	case pass.FilesLink:
		protocol = pcap.CFDP
	}
	c.err = w.WriteAs(at, protocol, pcap.Sent, frame)
}

func (c *captureDir) close() error {
	for _, f := range c.files {
		if err := f.Close(); c.err == nil {
			c.err = err
		}
	}
	if c.err != nil {
		return fmt.Errorf("capture: %w", c.err)
	}
	return nil
}
