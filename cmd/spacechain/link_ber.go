package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/spf13/cobra"

	"spacechain/link/modem/ber"
)

// berFlags are the flags of "link ber".
type berFlags struct {
	from, to, step  float64
	errors, bits    int64
	seed            uint64
	ideal, acquired bool
	words, json     bool
	plot, title     string
}

func newLinkBERCommand() *cobra.Command {
	var f berFlags
	var about strings.Builder
	for _, c := range ber.Curves() {
		fmt.Fprintf(&about, "  %-26s %s\n", c.Name, c.About)
	}
	cmd := &cobra.Command{
		Use:   "ber [CURVE...]",
		Short: "Measure error rates of modems and codes against theory",
		Long: `Count the errors that modems and codes make in white noise, and set them beside
theory. Eb/N0 is per bit of information, in decibels. The curves:

` + about.String() + `
Names in -acquired are of receivers that have to find the signal and follow it through
Doppler; --acquired takes these for all names given, --ideal those that are told. The
same seed gives the same counts. A curve ends after its first point without errors.
Interrupted, it prints and draws what it has.`,
		Example: `  spacechain link ber bpsk --from 0 --to 8
  spacechain link ber bpsk dbpsk qpsk --acquired --from 5 --to 8 --plot psk.svg
  spacechain link ber ldpc-tc128 --words --from 2 --to 4 --step 0.5 --json`,
		ValidArgsFunction: completeSeveral(curveNames()),
		RunE:              func(cmd *cobra.Command, names []string) error { return f.run(cmd, names) },
	}
	fl := cmd.Flags()
	fl.Float64Var(&f.from, "from", 0, "first Eb/N0, dB")
	fl.Float64Var(&f.to, "to", 8, "last Eb/N0, dB")
	fl.Float64Var(&f.step, "step", 1, "from one Eb/N0 to the next, dB")
	fl.Int64Var(&f.errors, "errors", 100, "wrong bits to count at each point (words with --words)")
	fl.Int64Var(&f.bits, "bits", 1e7, "bits after which a point ends with fewer errors")
	fl.Uint64Var(&f.seed, "seed", 1, "seed of noise and data")
	fl.BoolVar(&f.ideal, "ideal", false, "receivers that are told phase and timing")
	fl.BoolVar(&f.acquired, "acquired", false, "receivers that find the signal and follow it")
	fl.BoolVar(&f.words, "words", false, "count and draw words of a code, not bits")
	fl.StringVar(&f.plot, "plot", "", "draw the curves into this file, .svg or .png")
	fl.StringVar(&f.title, "title", "", "title of the picture")
	fl.BoolVar(&f.json, "json", false, "print a JSON object for each point; without CURVE, for each curve there is")
	return cmd
}

func curveNames() (names []string) {
	for _, c := range ber.Curves() {
		names = append(names, c.Name)
	}
	return names
}

// listCurves prints the curves that there are.
func (f *berFlags) listCurves(out io.Writer) error {
	enc := json.NewEncoder(out)
	for _, c := range ber.Curves() {
		var err error
		if f.json {
			err = enc.Encode(struct {
				Curve string `json:"curve"`
				About string `json:"about"`
				Words bool   `json:"words"`
			}{c.Name, c.About, c.Words})
		} else {
			_, err = fmt.Fprintf(out, "%-26s %s\n", c.Name, c.About)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// berPoint is a point as --json prints it.
type berPoint struct {
	Curve string `json:"curve"`
	ber.Point
	LossDB        *float64 `json:"loss_db,omitempty"` // behind theory
	WordErrorRate *float64 `json:"word_error_rate,omitempty"`
}

func (f *berFlags) run(cmd *cobra.Command, names []string) error {
	if f.ideal && f.acquired {
		return usagef("--ideal and --acquired: choose one, or name both curves, such as bpsk bpsk-acquired")
	}
	curves, err := f.curves(names)
	if err != nil {
		return err
	}
	if len(curves) == 0 {
		if f.plot != "" {
			return usagef("--plot: name the curves to draw; \"spacechain link ber\" lists them")
		}
		return f.listCurves(cmd.OutOrStdout())
	}
	places, err := f.places()
	if err != nil {
		return err
	}
	if f.errors < 1 || f.bits < 1 {
		return usagef("--errors %d --bits %d: count at least one", f.errors, f.bits)
	}
	if err := pictureFits(f.plot); err != nil {
		return err
	}
	print := f.printer(cmd.OutOrStdout())
	points := make([][]ber.Point, len(curves))
	err = f.measure(cmd.Context(), cmd.ErrOrStderr(), curves, places, func(i int, p ber.Point) error {
		points[i] = append(points[i], p)
		return print(curves[i], p)
	})
	if err != nil && !errors.Is(err, context.Canceled) {
		return err
	}
	if f.plot == "" {
		return err
	}
	return errors.Join(err, f.figure(curves, points).Save(f.plot))
}

// curves finds the curves that are asked for.
func (f *berFlags) curves(names []string) (out []ber.Curve, err error) {
	const suffix = "-acquired"
	seen := map[string]bool{}
	add := func(name string) error {
		c, err := ber.Find(name)
		if err != nil {
			return usagef("%v; \"spacechain link ber\" lists them", err)
		}
		if f.words && !c.Words {
			return usagef("--words: %s has no words", c.Name)
		}
		if !seen[c.Name] {
			seen[c.Name] = true
			out = append(out, c)
		}
		return nil
	}
	for _, name := range names {
		bare := strings.TrimSuffix(name, suffix)
		if !f.ideal && !f.acquired {
			err = add(name)
		}
		if f.ideal && err == nil {
			err = add(bare)
		}
		if f.acquired && err == nil {
			err = add(bare + suffix)
		}
		if err != nil {
			return nil, err
		}
	}
	return out, nil
}

// places are the Eb/N0 to measure at.
func (f *berFlags) places() ([]float64, error) {
	const most = 1000
	n := math.Floor((f.to-f.from)/f.step+1e-9) + 1
	if !(f.step > 0) || !(n >= 1 && n <= most) || !(math.Abs(f.from) <= 100 && math.Abs(f.to) <= 100) {
		return nil, usagef("--from %g --to %g --step %g: want 1 to %d places between -100 and 100 dB", f.from, f.to, f.step, most)
	}
	out := make([]float64, int(n))
	for i := range out {
		out[i] = math.Round((f.from+float64(float64(i)*f.step))*1e9) / 1e9
	}
	return out, nil
}

// measure counts at all places of all curves, several at once, and gives the points in order.
func (f *berFlags) measure(ctx context.Context, stderr io.Writer, curves []ber.Curve, places []float64, give func(curve int, p ber.Point) error) error {
	ctx, stop := context.WithCancel(ctx)
	type result struct {
		points []ber.Point
		err    error
	}
	jobs := len(curves) * len(places)
	results := make([]chan result, jobs)
	for i := range results {
		results[i] = make(chan result, 1)
	}
	bar := newBERProgress(stderr, jobs, f)
	ended := make([]atomic.Bool, len(curves)) // no need to go on
	next := make(chan int)
	var workers sync.WaitGroup
	for range min(runtime.GOMAXPROCS(0), jobs) {
		workers.Go(func() {
			for i := range next {
				// A curve of its own: decoders keep state.
				c, err := ber.Find(curves[i/len(places)].Name)
				var r result
				if ended[i/len(places)].Load() {
					// The points before it say enough.
				} else if err == nil {
					r.points, r.err = c.Measure(ctx, places[i%len(places):][:1], ber.Options{Seed: f.seed, MinErrors: f.errors, MaxBits: f.bits, CountWords: f.words,
						Tell: func(p ber.Point) { bar.tell(i, c.Name, p) }})
				} else {
					r.err = err
				}
				bar.done(i)
				results[i] <- r
			}
		})
	}
	workers.Go(func() {
		defer close(next)
		for i := range jobs {
			next <- i // ends soon when ctx has: the measurements do
		}
	})
	var err error
	for i := range jobs {
		r := <-results[i]
		if err != nil && !errors.Is(err, context.Canceled) {
			continue // let the others end
		}
		bar.pause()
		curve := i / len(places)
		for _, p := range r.points {
			// What was measured beyond the end is dropped, so that it is no matter how far the
			// others were by then.
			if !ended[curve].Load() {
				r.err = errors.Join(r.err, give(curve, p))
			}
			if p.Errors == 0 {
				ended[curve].Store(true)
			}
		}
		if err == nil {
			err = r.err
		}
		if err != nil {
			stop()
		}
	}
	stop()
	workers.Wait()
	bar.pause()
	return err
}

// berProgress tells how far the points under way are.
type berProgress struct {
	mu     sync.Mutex
	bar    *progressBar
	part   []float64 // of each point
	errors float64
	bits   float64
	words  bool
}

func newBERProgress(out io.Writer, jobs int, f *berFlags) *berProgress {
	return &berProgress{bar: newProgressBar(out), part: make([]float64, jobs), errors: float64(f.errors), bits: float64(f.bits), words: f.words}
}

func (b *berProgress) tell(i int, name string, p ber.Point) {
	b.mu.Lock()
	defer b.mu.Unlock()
	seen := p.Errors
	if b.words {
		seen = p.Failed
	}
	b.part[i] = min(1, max(float64(seen)/b.errors, float64(p.Bits)/b.bits))
	if _, due := b.bar.due(); due {
		var sum float64
		for _, v := range b.part {
			sum += v
		}
		b.bar.tell(sum/float64(len(b.part)), fmt.Sprintf("%s at %g dB", name, p.EbN0DB))
	}
}

func (b *berProgress) done(i int) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.part[i] = 1
}

// pause makes room for a line of output.
func (b *berProgress) pause() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.bar.end()
}

// printer gives what prints a point: a line, or an object.
func (f *berFlags) printer(out io.Writer) func(ber.Curve, ber.Point) error {
	enc := json.NewEncoder(out)
	head := true
	return func(c ber.Curve, p ber.Point) error {
		loss, wer := p.LossDB(c.Theory), p.WordErrorRate()
		if f.json {
			o := berPoint{Curve: c.Name, Point: p}
			if !math.IsNaN(loss) {
				o.LossDB = &loss
			}
			if c.Words {
				o.WordErrorRate = &wer
			}
			return enc.Encode(o)
		}
		if head {
			head = false
			fmt.Fprintf(out, "%-26s %7s %10s %10s %9s %10s %12s %10s\n", "curve", "Eb/N0", "measured", "theory", "behind", "errors", "bits", "words bad")
		}
		theory, behind, words := "-", "-", "-"
		if c.Theory != nil {
			theory = fmt.Sprintf("%.3g", p.Theory)
		}
		if !math.IsNaN(loss) {
			behind = fmt.Sprintf("%.3f dB", loss)
		}
		if c.Words {
			words = fmt.Sprintf("%.3g", wer)
		}
		_, err := fmt.Fprintf(out, "%-26s %4g dB %10.3g %10s %9s %10d %12d %10s\n", c.Name, p.EbN0DB, p.Measured, theory, behind, p.Errors, p.Bits, words)
		return err
	}
}
