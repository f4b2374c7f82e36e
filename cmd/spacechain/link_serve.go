package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"os"
	"sync"
	"time"

	"github.com/spf13/cobra"

	"spacechain/clock"
	"spacechain/link/kiss"
	"spacechain/link/kiss/keyer"
	"spacechain/link/modem/tnc"
	"spacechain/link/modem/wav"
	"spacechain/link/receive"
)

// serveFlags are the flags of "link serve".
type serveFlags struct {
	sampleFlags
	modem, framing             string
	kiss, connect, serial      string
	in, out                    string
	loop, quick, once, verbose bool
	channel                    int
	amplitude                  float64
	seed                       uint64
}

func newLinkServeCommand() *cobra.Command {
	var f serveFlags
	cmd := &cobra.Command{
		Use:   "serve",
		Short: "Be a terminal node controller: KISS on one side, audio on the other",
		Long: `Be a terminal node controller (TNC). Programs connect to --kiss by TCP, or share a serial
line given by --kiss-serial (set up by stty: raw, its speed), or are called at --connect; each gets
the frames that are received and gives frames to send. Audio comes from --in and goes to --out:
files, FIFOs or - for standard input and output, WAV or, with --format, without a header. Sound
cards are reached through other programs, as in the example; a transmitter is keyed by its voice
operation (VOX).

What goes out keeps the time of what comes in: as many samples, silence where nothing is sent. A
program that wants to send waits for a free channel as KISS has it; clients set delay, tail,
persistence, slot time and duplex. With --loop what is sent is received, at the machine's pace or
as fast as --in comes.

Ends with the end of the input, or on Ctrl-C.`,
		Example: `  arecord -t raw -f S16_LE -r 48000 | spacechain link serve --kiss 127.0.0.1:8001 --format s16 --in - --out - | aplay -t raw -f S16_LE -r 48000
  spacechain link serve --kiss :8001 --modem g3ruh9600 --in pass.wav
  spacechain link serve --kiss 127.0.0.1:8001 --loop`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return f.run(cmd) },
	}
	fl := cmd.Flags()
	fl.StringVar(&f.kiss, "kiss", "", "address to wait at for programs, such as 127.0.0.1:8001")
	fl.StringVar(&f.connect, "connect", "", "call a program that waits at host:port")
	fl.StringVar(&f.serial, "kiss-serial", "", "serial line on which a program speaks KISS, such as /dev/ttyUSB0")
	fl.StringVar(&f.modem, "modem", "afsk1200", "modem, such as afsk1200")
	fl.StringVar(&f.framing, "framing", "ax25", "framing, such as ax25")
	fl.StringVar(&f.in, "in", "", "received audio: a file, a FIFO, or - for standard input")
	fl.StringVar(&f.out, "out", "", "audio to transmit: a file, a FIFO, or - for standard output")
	f.add(cmd, 48000, "sample rate without a WAV header, Hz")
	fl.IntVar(&f.channel, "channel", 1, "channel of a WAV file, 1 is the left one")
	fl.BoolVar(&f.loop, "loop", false, "receive what is sent")
	fl.BoolVar(&f.quick, "quick", false, "one demodulator only")
	fl.BoolVar(&f.once, "once", false, "with a file: wait for the first program before listening")
	fl.BoolVar(&f.verbose, "verbose", false, "tell of every frame on standard error")
	fl.Float64Var(&f.amplitude, "amplitude", 0.5, "amplitude of what is sent, up to 1")
	fl.Uint64Var(&f.seed, "seed", 1, "seed of the chance in taking the channel")
	cmd.MarkFlagsOneRequired("kiss", "connect", "kiss-serial")
	completeFlag(cmd, "modem", modemNames()...)
	completeFlag(cmd, "framing", receive.Framings()...)
	return cmd
}

func (f *serveFlags) run(cmd *cobra.Command) (err error) {
	if f.iq {
		return usagef("--iq: sound programs have audio; use link decode and link encode for complex samples")
	}
	if err := f.check(); err != nil {
		return err
	}
	if f.in != "" && f.format == "" && cmd.Flags().Changed("rate") {
		return usagef("--rate %d: a WAV file says its rate itself; samples without a header need --format too", f.rate)
	}
	if !(f.amplitude > 0 && f.amplitude <= 1) {
		return usagef("--amplitude %g: want more than 0, and at most 1", f.amplitude)
	}
	if f.in == "" && !f.loop {
		return usagef("--in: say where received audio comes from, or take --loop")
	}
	if f.serial != "" {
		if info, err := os.Stat(f.serial); err == nil && info.Mode()&os.ModeCharDevice == 0 {
			return usagef("--kiss-serial %s: that is no serial line; want a device such as /dev/ttyUSB0", f.serial)
		}
	}
	var samples *wav.Reader
	if f.in != "" {
		in, done, err := openInput(cmd, f.in)
		if err != nil {
			return err
		}
		defer done()
		if samples, err = f.reader(in); err != nil {
			return fmt.Errorf("%s: %w", f.in, err)
		}
		if f.channel < 1 || f.channel > samples.Channels {
			return usagef("--channel %d: %s has %d", f.channel, f.in, samples.Channels)
		}
	}
	effort := tnc.Thorough
	if f.quick {
		effort = tnc.Quick
	}
	k, err := keyer.New(keyer.Options{
		Modem: f.modem, Framing: f.framing, Rate: float64(f.rate), Effort: effort, Amplitude: f.amplitude,
		FullDuplex: f.loop, Rand: rand.New(rand.NewPCG(f.seed, 0)),
	})
	if err != nil {
		return usageError{err}
	}
	var out *wav.Writer
	if f.out != "" {
		file, done, err := createOutput(cmd, f.out)
		if err != nil {
			return err
		}
		defer func() { err = errors.Join(err, done()) }()
		if out, err = f.writer(file); err != nil {
			return err
		}
		defer func() { err = errors.Join(err, out.Close()) }()
	}
	t := &controller{cmd: cmd, k: k, samples: samples, out: out, channel: f.channel - 1, loop: f.loop, rate: f.rate, verbose: f.verbose}
	return t.serve(f)
}

// controller joins KISS clients with a keyer. What clients give is queued by their goroutines and
// looked at between blocks of audio.
type controller struct {
	cmd     *cobra.Command
	samples *wav.Reader
	out     *wav.Writer
	channel int
	loop    bool
	rate    int
	verbose bool
	server  *kiss.Server

	mu sync.Mutex // of k, and of the order of what is said
	k  *keyer.Keyer
}

func (t *controller) serve(f *serveFlags) error {
	ctx, cancel := context.WithCancel(t.cmd.Context())
	defer cancel()
	t.server = kiss.NewServer(kiss.Options{Receive: t.take})
	var group sync.WaitGroup
	defer group.Wait()
	defer cancel()
	failed := make(chan error, 3)
	start := func(what string, run func() error) {
		group.Go(func() {
			if err := run(); err != nil {
				failed <- fmt.Errorf("%s: %w", what, err)
				cancel()
			}
		})
	}
	if f.kiss != "" {
		l, err := net.Listen("tcp", f.kiss)
		if err != nil {
			return err
		}
		t.say("KISS at %v, %s/%s at %d samples a second", l.Addr(), f.modem, f.framing, f.rate)
		start("--kiss", func() error { return t.server.Serve(ctx, l) })
	}
	if f.connect != "" {
		var d net.Dialer
		conn, err := d.DialContext(ctx, "tcp", f.connect)
		if err != nil {
			return err
		}
		t.say("KISS with %v", conn.RemoteAddr())
		start("--connect", func() error { return t.server.Attach(ctx, conn, conn.RemoteAddr()) })
	}
	if f.serial != "" {
		line, err := os.OpenFile(f.serial, os.O_RDWR, 0)
		if err != nil {
			return err
		}
		t.say("KISS on %s", f.serial)
		start("--kiss-serial", func() error { return t.server.Attach(ctx, line, lineAddr(f.serial)) })
	}
	err := t.run(ctx, f.once)
	cancel()
	group.Wait()
	select {
	case cause := <-failed:
		return cause
	default:
	}
	s := t.k.Stats()
	t.say("%d frames received, %d sent in %d transmissions, %d dropped", s.Received, s.Sent, s.Keyed, s.Dropped)
	if t.cmd.Context().Err() != nil {
		return nil // asked to end
	}
	return err
}

// lineAddr names a serial line.
type lineAddr string

func (lineAddr) Network() string  { return "serial" }
func (a lineAddr) String() string { return string(a) }

func (t *controller) say(format string, args ...any) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.cmd.PrintErrf(format+"\n", args...)
}

// take is given what clients send.
func (t *controller) take(from net.Addr, f kiss.Frame) {
	t.mu.Lock()
	defer t.mu.Unlock()
	err := t.k.Set(f)
	if t.verbose {
		if err != nil {
			t.cmd.PrintErrf("%v: %v\n", from, err)
		} else {
			t.cmd.PrintErrf("%v: %v, %d octets\n", from, f.Command, len(f.Data))
		}
	}
}

// blockSamples are those between two looks at what clients want: 21 ms at 48000 a second.
const blockSamples = 1024

// run carries audio through the keyer until it ends.
func (t *controller) run(ctx context.Context, wait bool) error {
	const poll = 20 * time.Millisecond
	for wait && t.server.Clients() == 0 {
		if clock.Sleep(ctx, poll) != nil {
			return nil
		}
	}
	blocks := t.blocks(ctx)
	echo := make([]float32, blockSamples) // what was sent in the block before
	var out []float32
	var frames []receive.Frame
	for {
		var b audioBlock
		select {
		case <-ctx.Done():
			return nil
		case b = <-blocks:
		}
		if t.loop {
			for i := range b.samples {
				b.samples[i] += echo[i]
			}
		}
		ended := errors.Is(b.err, io.EOF)
		t.mu.Lock()
		out, frames = t.k.Process(out[:0], frames[:0], b.samples)
		if ended {
			frames = t.k.Flush(frames)
		}
		t.mu.Unlock()
		clear(echo)
		copy(echo, out)
		for _, fr := range frames {
			if t.verbose {
				t.say("received %s/%s, %d octets", fr.Modem, fr.Framing, len(fr.Data))
			}
			if len(fr.Data) > kiss.MaxData {
				continue // no program would take it
			}
			if err := t.server.Send(kiss.Frame{Command: kiss.Data, Data: fr.Data}); err != nil {
				return err
			}
		}
		if t.out != nil {
			if err := t.out.Write(out); err != nil {
				return err
			}
		}
		if ended {
			// What the last block brought is to reach the programs.
			for n := 0; t.server.Pending() > 0 && n < 100; n++ {
				if clock.Sleep(ctx, poll) != nil {
					break
				}
			}
			return nil
		}
		if b.err != nil {
			return b.err
		}
	}
}

// audioBlock is some audio, or why there is no more.
type audioBlock struct {
	samples []float32
	err     error
}

// blocks reads audio on a goroutine of its own, so that waiting for it does not keep the program
// from ending. Without input there is silence, at the pace of the clock.
func (t *controller) blocks(ctx context.Context) <-chan audioBlock {
	out := make(chan audioBlock)
	go func() {
		elapsed := clock.Stopwatch()
		channels := 1
		if t.samples != nil {
			channels = t.samples.Channels
		}
		raw := make([]float32, blockSamples*channels)
		for made := 0; ; made += blockSamples {
			n, err := len(raw), error(nil)
			if t.samples != nil {
				n, err = t.samples.Read(raw)
			} else {
				due := time.Duration(float64(made) / float64(t.rate) * float64(time.Second))
				err = clock.Sleep(ctx, max(due-elapsed(), 0))
			}
			b := audioBlock{err: err}
			for i := t.channel; i < n; i += channels {
				b.samples = append(b.samples, raw[i])
			}
			select {
			case out <- b:
			case <-ctx.Done():
				return
			}
			if err != nil {
				return
			}
		}
	}()
	return out
}
