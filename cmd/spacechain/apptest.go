package main

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"spacechain/astro/elements"
	"spacechain/spaceos/build"
	"spacechain/spaceos/sandbox"
	"spacechain/world/apptest"
)

func newAppTestCommand() *cobra.Command {
	var f testFlags
	cmd := &cobra.Command{
		Use:   "test [DIR|PACKAGE]",
		Short: "Run an app on a simulated on-board computer",
		Long: `Build the app in DIR (default: this folder) and run it on a simulated on-board
computer: the real gate, operating system and sandbox, on one satellite, with what
its sensors tell there. Each trigger fires once, at the time at which it next comes
round; with --call, the app is then called with a payload. What each activation
used, said, logged and sent is shown, and what it would cost to deploy the app.

The exit code is 1 if an activation fails or the gate refuses the app.`,
		Example: `  spacechain app test
  spacechain app test --trigger sample --activations 5
  spacechain app test --call '{"query":"summary"}' --json
  spacechain app test --tle iss.tle --sat 25544 --at 2026-03-01T12:00:00Z
  spacechain app test build/hello-0.1.0.spk`,
		Args: cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			o, err := f.options(cmd, appFolder(args))
			if err != nil {
				return err
			}
			r, err := apptest.Run(cmd.Context(), o)
			if err != nil {
				return err
			}
			if f.json {
				err = appJSON(cmd, r)
			} else {
				err = printReport(cmd.OutOrStdout(), r)
			}
			if err == nil && r.Failures > 0 {
				err = fmt.Errorf("app test: %d of %d activations failed", r.Failures, len(r.Activations))
			}
			return err
		},
	}
	f.add(cmd)
	return cmd
}

// testFlags are the flags of app test.
type testFlags struct {
	sat, tle, at string
	triggers     []string
	activations  int
	calls        []string
	seed         uint64
	interpreter  bool
	json         bool
}

func (f *testFlags) add(cmd *cobra.Command) {
	fl := cmd.Flags()
	fl.StringVar(&f.sat, "sat", "default", "satellite: \"default\", or with --tle its NORAD number or name")
	fl.StringVar(&f.tle, "tle", "", "file of elements, TLE or OMM (default: the first satellite of the default constellation)")
	fl.StringVar(&f.at, "at", "", "time at which the test begins, such as 2026-03-01T12:00:00Z (default: the element epoch)")
	fl.StringArrayVar(&f.triggers, "trigger", nil, "fire only this trigger; may be given again")
	fl.IntVar(&f.activations, "activations", 1, "how often each trigger fires")
	fl.StringArrayVar(&f.calls, "call", nil, "call the app with this payload at the end; may be given again")
	fl.Uint64Var(&f.seed, "seed", 1, "seed of the sensors' noise")
	fl.BoolVar(&f.interpreter, "interpreter", false, "interpret the app, as 32-bit ARM does; gas is the same")
	jsonFlag(cmd, &f.json)
}

// options builds the app and gathers where and how to run it.
func (f *testFlags) options(cmd *cobra.Command, target string) (apptest.Options, error) {
	o := apptest.Options{Triggers: f.triggers, Activations: f.activations, Seed: f.seed, Interpreter: f.interpreter}
	if f.activations < 1 {
		return o, usagef("app test --activations %d: want 1 or more", f.activations)
	}
	if cache, err := os.UserCacheDir(); err == nil {
		o.Cache = filepath.Join(cache, "spacechain", "modules")
	}
	for _, c := range f.calls {
		o.Calls = append(o.Calls, []byte(c))
	}
	var err error
	if f.at != "" {
		if o.Start, err = time.Parse(time.RFC3339, f.at); err != nil {
			return o, usagef("app test --at %q: want a time such as 2026-03-01T12:00:00Z", f.at)
		}
	}
	if o.Satellite, err = f.satellite(); err != nil {
		return o, err
	}
	if info, err := os.Stat(target); err == nil && !info.IsDir() {
		p, err := readPackage(target)
		if err == nil {
			err = p.Verify(nil) // the test signs anew; what a satellite would refuse must show here
		}
		if err != nil {
			return o, err
		}
		o.Manifest, o.Module = p.Manifest, p.Module
		return o, nil
	}
	r, err := buildApp(cmd, target, "", f.json)
	if err != nil {
		return o, err
	}
	o.Manifest, o.Module = r.Manifest, r.Module
	if r.SourceMap != nil {
		o.SourceMap, err = build.ParseSourceMap(r.SourceMap)
	}
	return o, err
}

// satellite finds the elements that --tle and --sat name.
func (f *testFlags) satellite() (elements.Set, error) {
	isDefault := f.sat == "" || f.sat == "default"
	if f.tle == "" {
		if isDefault {
			return apptest.DefaultSatellite(), nil
		}
		for _, s := range elements.DefaultWalker(apptest.Epoch).Sets() {
			if matches(s, f.sat) {
				return s, nil
			}
		}
		return elements.Set{}, usagef("app test --sat %s: not in the default constellation; name a file that has it with --tle", f.sat)
	}
	file, err := os.Open(f.tle)
	if err != nil {
		return elements.Set{}, fmt.Errorf("read elements: %w", err)
	}
	defer file.Close()
	sets, _, err := elements.Parse(file, elements.ChecksumWarn)
	if err != nil {
		return elements.Set{}, fmt.Errorf("read elements %s: %w", f.tle, err)
	}
	for _, s := range sets {
		if isDefault || matches(s, f.sat) {
			return s, nil
		}
	}
	return elements.Set{}, fmt.Errorf("satellite %s: not among the %d of %s", f.sat, len(sets), f.tle)
}

func matches(s elements.Set, name string) bool {
	return strconv.Itoa(s.NoradID) == name || strings.EqualFold(strings.TrimSpace(s.Name), name)
}

// printReport shows a test to people.
func printReport(out io.Writer, r *apptest.Report) error {
	fmt.Fprintf(out, "%s %s on %s (%d) from %s\n\n", r.App, r.Version, r.Name, r.Satellite, r.Start.Format(time.RFC3339))
	for i := range r.Activations {
		printActivation(out, &r.Activations[i])
	}
	for _, s := range r.Silent {
		fmt.Fprintf(out, "not fired  %s: %s\n", s.Trigger, s.Reason)
	}
	if len(r.Silent) > 0 {
		fmt.Fprintln(out)
	}
	w := appTable(out)
	verified := 0
	for i := range r.Activations {
		if r.Activations[i].Verified {
			verified++
		}
	}
	if len(r.Activations) > 0 {
		fmt.Fprintf(w, "gas\tat most %s of %s an activation (%.1f %%)\n", thousands(r.MaxGas), thousands(r.GasLimit), share(r.MaxGas, r.GasLimit))
		fmt.Fprintf(w, "memory\tat most %s of %s (%.1f %%)\n", sizeText(r.PeakMemory), sizeText(r.MemoryLimit), share(r.PeakMemory, r.MemoryLimit))
		fmt.Fprintf(w, "storage\t%s of %s (%.1f %%)\n", sizeText(r.Stored), sizeText(r.StorageLimit), share(r.Stored, r.StorageLimit))
		fmt.Fprintf(w, "receipts\t%d of %d with both signatures\n", verified, len(r.Activations))
	}
	fmt.Fprintf(w, "uplink\t%s bytes to deploy (module %s); %s where the satellite knows the publisher\n",
		thousands(uint64(r.Uplink.Command)), thousands(uint64(r.Uplink.Module)), thousands(uint64(r.Uplink.Known)))
	return w.Flush()
}

func printActivation(out io.Writer, a *apptest.Activation) {
	light := "in sunlight"
	if !a.Sunlit {
		light = "in shadow"
	}
	name := a.Trigger
	if name == "" {
		name = "-"
	}
	fmt.Fprintf(out, "%s  %s (%s) over %.1f, %.1f %s\n", a.Time.Format("2006-01-02 15:04:05"), name, a.Kind, a.LatDeg, a.LonDeg, light)
	fmt.Fprintf(out, "  %s  gas %s  memory %s  %.3f ms\n", a.End, thousands(a.Gas), sizeText(a.PeakMemory), float64(a.Duration.Microseconds())/1000)
	if a.Detail != "" {
		fmt.Fprintf(out, "  %s\n", strings.ReplaceAll(printable(a.Detail), "\n", "\n  "))
	}
	for _, l := range a.Logs {
		if a.End == sandbox.Returned || l.Text != a.Detail {
			fmt.Fprintf(out, "  log %-5s  %s\n", l.Level, strings.ReplaceAll(printable(l.Text), "\n", "\n             "))
		}
	}
	for _, s := range a.Sent {
		fmt.Fprintf(out, "  sent to %s  %s\n", s.To, printable(clipText(s.Data.String())))
	}
	if len(a.Result) > 0 {
		fmt.Fprintf(out, "  result  %s\n", printable(clipText(a.Result.String())))
	}
	fmt.Fprintln(out)
}

// clipText keeps long payloads from flooding the terminal; --json has them whole.
func clipText(s string) string {
	const most = 400
	if r := []rune(s); len(r) > most {
		return fmt.Sprintf("%s… (%d bytes)", string(r[:most]), len(s))
	}
	return s
}

// thousands gives a number with commas.
func thousands(n uint64) string {
	s := strconv.FormatUint(n, 10)
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}

// sizeText gives a size in binary units where it is whole in them, as manifests have it.
func sizeText(n uint64) string {
	switch {
	case n >= 10<<20, n >= 1<<20 && n%(1<<20) == 0:
		return trimZero(float64(n)/(1<<20)) + " MiB"
	case n >= 10<<10, n >= 1<<10 && n%(1<<10) == 0:
		return trimZero(float64(n)/(1<<10)) + " KiB"
	}
	return thousands(n) + " B"
}

func trimZero(v float64) string {
	return strings.TrimSuffix(strconv.FormatFloat(v, 'f', 1, 64), ".0")
}

func share(part, whole uint64) float64 {
	if whole == 0 {
		return 0
	}
	return 100 * float64(part) / float64(whole)
}
