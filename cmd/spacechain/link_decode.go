package main

import (
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"spacechain/clock"
	"spacechain/link/ax25"
	"spacechain/link/modem/tnc"
	"spacechain/link/pcap"
	"spacechain/link/receive"
)

// decodeFlags are the flags of "link decode".
type decodeFlags struct {
	sampleFlags
	modem, framing, capture string
	channel, frameSize      int
	tune                    receive.Tuning
	quick, json             bool
}

func newLinkDecodeCommand() *cobra.Command {
	var f decodeFlags
	var about strings.Builder
	for _, c := range receive.Combinations() {
		fmt.Fprintf(&about, "  %-10s %-20s %s\n", c.Modem, c.Framing, c.About)
	}
	cmd := &cobra.Command{
		Use:   "decode FILE",
		Short: "Find the frames in a recording",
		Long: `Find the frames in a recording: a WAV file of a receiver's audio, or - for standard
input. Without --modem and --framing all that is customary is tried:

` + about.String() + `
With both, any modem goes with any framing, the modem at any speed: fsk2400, g3ruh4800,
bpsk400, bpsk1200-manchester; qpsk256000 and oqpsk256000 are so many symbols a second.
--framing ccsds stands for all that begin so; how such frames are coded is found out.

With --iq the samples are complex: a WAV file with I and Q as its channels, or with --format
what software radios write. AFSK is then behind narrow-band FM, all else modulates the
carrier, which is at --offset from the middle, give or take --search.

With --json each frame is an object on a line of its own. Octets are in hex; of AX.25
they begin with the addresses and leave out the check sequence. The exit code is 1 if
there is no frame.`,
		Example: `  spacechain link decode pass.wav
  spacechain link decode --modem g3ruh9600 --json pass.wav | jq -r .hex
  spacechain link decode --modem afsk1200 --capture pass.pcap pass.wav
  spacechain link decode --modem fsk9766 --framing ccsds pass.wav
  spacechain link decode --iq --format f32 --rate 1024000 --modem qpsk256000 --framing ccsds-ldpc payload.f32
  rtl_sdr -f 437000000 -s 240000 - | spacechain link decode --iq --format u8 --rate 240000 --modem g3ruh9600 --search 12000 -`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error { return f.run(cmd, args[0]) },
	}
	fl := cmd.Flags()
	fl.StringVar(&f.modem, "modem", "", "modem, such as afsk1200 (default: all that are customary)")
	fl.StringVar(&f.framing, "framing", "", "framing, such as ax25 (default: all that the modem is used with)")
	fl.IntVar(&f.channel, "channel", 1, "channel of audio, 1 is the left one")
	f.add(cmd, 48000, "sample rate of samples without a header, Hz")
	fl.Float64Var(&f.tune.Offset, "offset", 0, "where the carrier is in complex samples, Hz from the middle")
	fl.Float64Var(&f.tune.Search, "search", 0, "how far the carrier may be off that either way, Hz")
	fl.IntVar(&f.frameSize, "frame-size", 0, "octets of CCSDS frames without a code, where no second one follows")
	fl.BoolVar(&f.quick, "quick", false, "one demodulator for each modem, several times as fast")
	fl.StringVar(&f.capture, "capture", "", "also write the frames to this file, for Wireshark")
	fl.BoolVar(&f.json, "json", false, "print a JSON object for each frame")
	completeFlag(cmd, "modem", modemNames()...)
	completeFlag(cmd, "framing", append(receive.Framings(), "ccsds")...)
	return cmd
}

// decoded is a frame as --json prints it.
type decoded struct {
	Time      float64 `json:"time"` // seconds from the start of the recording
	Modem     string  `json:"modem"`
	Framing   string  `json:"framing"`
	Octets    int     `json:"octets"`
	Corrected int     `json:"corrected"`
	Offset    float64 `json:"offset,omitempty"` // of the carrier, where it was looked for, Hz
	Hex       string  `json:"hex"`
	From      string  `json:"from,omitempty"` // of AX.25
	To        string  `json:"to,omitempty"`
	Text      string  `json:"text,omitempty"` // of AX.25, where it is text
}

func (f *decodeFlags) run(cmd *cobra.Command, name string) (err error) {
	combinations, err := receive.Find(f.modem, f.framing)
	if err != nil {
		return usageError{err}
	}
	if err := f.check(); err != nil {
		return err
	}
	switch {
	case f.format == "" && cmd.Flags().Changed("rate"):
		return usagef("--rate %d: a WAV file says its rate itself; samples without a header need --format too", f.rate)
	case f.frameSize < 0:
		return usagef("--frame-size %d: want octets, or 0 for frames that are found out about", f.frameSize)
	}
	in, done, err := openInput(cmd, name)
	if err != nil {
		return err
	}
	defer done()
	l := listener{channel: f.channel - 1}
	if l.samples, err = f.reader(in); err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	if f.channel < 1 || f.channel > l.samples.Channels {
		return usagef("--channel %d: %s has %d", f.channel, name, l.samples.Channels)
	}
	if f.iq && l.samples.Channels < 2 {
		return usagef("--iq: %s has one channel only", name)
	}
	if half := float64(f.rate) / 2; !f.iq && f.tune != (receive.Tuning{}) {
		return usagef("--offset and --search are for complex samples, with --iq")
	} else if !(max(f.tune.Offset, -f.tune.Offset)+f.tune.Search <= half && f.tune.Search >= 0) {
		return usagef("--offset %g with --search %g: there is nothing beyond %g Hz at %d samples a second", f.tune.Offset, f.tune.Search, half, f.rate)
	}
	opt := receive.Options{Rate: float64(f.rate), Effort: tnc.Thorough, FrameSize: f.frameSize}
	if f.quick {
		opt.Effort = tnc.Quick
	}
	var refused []error
	if f.iq {
		l.iq, refused = receive.OpenIQ(combinations, opt, f.tune)
	} else {
		l.audio, refused = receive.Open(combinations, opt)
	}
	if len(refused) > 0 {
		if f.modem != "" {
			return fmt.Errorf("%s: %w", name, refused[0])
		}
		cmd.PrintErrf("left out, as they do not work at %d samples a second: %s\n", f.rate, refusedModems(refused)) // the others may still do
	}
	tell := f.printer(cmd)
	if f.capture != "" {
		w := newCapture(cmd, f.capture)
		if err := w.check(); err != nil {
			return err
		}
		defer func() { err = errors.Join(err, w.close(err == nil)) }()
		start, printed := clock.Wall().Now(), tell
		tell = func(fr receive.Frame) error {
			at := start.Add(time.Duration(fr.Time * float64(time.Second)))
			return errors.Join(printed(fr), w.write(at, pcap.Of(fr.Framing, fr.Data), pcap.Received, fr.Data))
		}
	}
	n, err := l.run(cmd, tell)
	if err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	if n == 0 {
		return fmt.Errorf("%s: no frame found%s", name, f.hint(l.samples.Channels, combinations, refused))
	}
	return nil
}

// refusedModems are the names of the modems that were left out.
func refusedModems(refused []error) string {
	var names []string
	for _, err := range refused {
		var one *receive.RefusedError
		if errors.As(err, &one) {
			names = append(names, one.Modem)
		}
	}
	return strings.Join(names, ", ")
}

// hint says where no frame was found, and where one may be.
func (f *decodeFlags) hint(channels int, combinations []receive.Combination, refused []error) string {
	tried := 0
	left := ", " + refusedModems(refused) + ","
	for _, c := range combinations {
		if !strings.Contains(left, " "+c.Modem+",") {
			tried++
		}
	}
	text := fmt.Sprintf(" among %d kinds of signal", tried)
	if tried == 1 {
		text = fmt.Sprintf(" by modem %s with framing %s", combinations[0].Modem, combinations[0].Framing)
	}
	switch {
	case f.iq || channels == 1:
	case f.channel < channels:
		text += fmt.Sprintf(" on channel %d; it has %d channels, try --channel %d", f.channel, channels, f.channel+1)
	default:
		text += fmt.Sprintf(" on channel %d; it has %d channels, try --channel 1", f.channel, channels)
	}
	return text
}

// printer gives what prints a frame on stdout.
func (f *decodeFlags) printer(cmd *cobra.Command) func(receive.Frame) error {
	out := cmd.OutOrStdout()
	enc := json.NewEncoder(out)
	enc.SetEscapeHTML(false)
	return func(fr receive.Frame) error {
		d := decoded{Time: fr.Time, Modem: fr.Modem, Framing: fr.Framing, Octets: len(fr.Data), Corrected: fr.Corrected, Offset: fr.Offset, Hex: hex.EncodeToString(fr.Data)}
		if receive.IsAX25(fr.Framing) {
			if a, err := ax25.Decode(fr.Data); err == nil {
				a.Source.Flag, a.Destination.Flag = false, false // command bits, not the star of a repeater
				d.From, d.To = a.Source.String(), a.Destination.String()
				if text := string(a.Info); text == printable(text) {
					d.Text = text
				}
			}
		}
		if f.json {
			return enc.Encode(d)
		}
		about := ""
		if d.From != "" {
			about = fmt.Sprintf("  %s > %s", printable(d.From), printable(d.To))
		}
		body := d.Hex
		if d.Text != "" {
			body = d.Text
		}
		_, err := fmt.Fprintf(out, "%9.3f s  %s/%s%s  %d octets: %s\n", d.Time, d.Modem, d.Framing, about, d.Octets, body)
		return err
	}
}
