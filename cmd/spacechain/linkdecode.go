package main

import (
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"spacechain/clock"
	"spacechain/link/ax25"
	"spacechain/link/modem/tnc"
	"spacechain/link/modem/wav"
	"spacechain/link/pcap"
	"spacechain/link/receive"
)

// decodeFlags are the flags of "link decode".
type decodeFlags struct {
	modem, framing, capture string
	channel                 int
	quick, json             bool
}

func newLinkDecodeCommand() *cobra.Command {
	var f decodeFlags
	var about strings.Builder
	for _, c := range receive.Combinations() {
		fmt.Fprintf(&about, "  %-10s %-12s %s\n", c.Modem, c.Framing, c.About)
	}
	cmd := &cobra.Command{
		Use:   "decode FILE.wav",
		Short: "Find the frames in a recording",
		Long: `Find the frames in a recording: a WAV file of a receiver's audio, or - for standard
input. Without --modem and --framing all that is known is tried:

` + about.String() + `
With --json each frame is an object on a line of its own. Octets are in hex; of AX.25
they begin with the addresses and leave out the check sequence. The exit code is 1 if
there is no frame.`,
		Example: `  spacechain link decode pass.wav
  spacechain link decode --modem g3ruh9600 --json pass.wav | jq -r .hex
  spacechain link decode --modem afsk1200 --capture pass.pcap pass.wav`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error { return f.run(cmd, args[0]) },
	}
	fl := cmd.Flags()
	fl.StringVar(&f.modem, "modem", "", "modem, such as afsk1200 (default: all)")
	fl.StringVar(&f.framing, "framing", "", "framing, such as ax25 (default: all that the modem is used with)")
	fl.IntVar(&f.channel, "channel", 1, "channel of the file, 1 is the left one")
	fl.BoolVar(&f.quick, "quick", false, "one demodulator for each modem, several times as fast")
	fl.StringVar(&f.capture, "capture", "", "also write the frames to this file, for Wireshark")
	fl.BoolVar(&f.json, "json", false, "print a JSON object for each frame")
	return cmd
}

// decoded is a frame as --json prints it.
type decoded struct {
	Time      float64 `json:"time"` // seconds from the start of the recording
	Modem     string  `json:"modem"`
	Framing   string  `json:"framing"`
	Octets    int     `json:"octets"`
	Corrected int     `json:"corrected"`
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
	in := cmd.InOrStdin()
	if name != "-" {
		file, err := os.Open(name)
		if err != nil {
			return err
		}
		defer file.Close()
		in = file
	}
	samples, err := wav.NewReader(in)
	if err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	if f.channel < 1 || f.channel > samples.Channels {
		return usagef("--channel %d: %s has %d", f.channel, name, samples.Channels)
	}
	effort := tnc.Thorough
	if f.quick {
		effort = tnc.Quick
	}
	var receivers []receive.Receiver
	for _, c := range combinations {
		r, err := c.Open(float64(samples.Rate), effort)
		if err != nil {
			if f.modem != "" {
				return fmt.Errorf("%s: %w", name, err)
			}
			cmd.PrintErrf("left out: %v\n", err) // the others may still do
			continue
		}
		receivers = append(receivers, r)
	}
	tell := f.printer(cmd)
	if f.capture != "" {
		out, err := os.Create(f.capture)
		if err != nil {
			return err
		}
		defer func() { err = errors.Join(err, out.Close()) }()
		w, err := pcap.NewWriter(out)
		if err != nil {
			return err
		}
		start, printed := clock.Wall().Now(), tell
		tell = func(fr receive.Frame) error {
			proto := pcap.Data
			if strings.HasPrefix(fr.Framing, "ax25") {
				proto = pcap.AX25
			}
			at := start.Add(time.Duration(fr.Time * float64(time.Second)))
			return errors.Join(printed(fr), w.Write(at, proto, pcap.Received, fr.Data))
		}
	}
	n, err := listen(cmd, samples, f.channel-1, receivers, tell)
	if err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	if n == 0 {
		return fmt.Errorf("%s: no frame found by %d receivers", name, len(receivers))
	}
	return nil
}

// listen gives all samples of a channel to all receivers, tells of each frame, and counts
// them.
func listen(cmd *cobra.Command, samples *wav.Reader, channel int, receivers []receive.Receiver, tell func(receive.Frame) error) (int, error) {
	block := make([]float32, 4096*samples.Channels)
	var frames []receive.Frame
	count := 0
	for {
		if err := cmd.Context().Err(); err != nil {
			return count, err
		}
		n, err := samples.Read(block)
		ended := errors.Is(err, io.EOF)
		if err != nil && !ended {
			return count, err
		}
		mono := block[:0]
		for i := channel; i < n; i += samples.Channels {
			mono = append(mono, block[i])
		}
		frames = frames[:0]
		for _, r := range receivers {
			if ended {
				frames = r.Flush(frames)
			} else {
				frames = r.Process(frames, mono)
			}
		}
		for _, fr := range frames {
			count++
			if err := tell(fr); err != nil {
				return count, err
			}
		}
		if ended {
			return count, nil
		}
	}
}

// printer gives what prints a frame on stdout.
func (f *decodeFlags) printer(cmd *cobra.Command) func(receive.Frame) error {
	out := cmd.OutOrStdout()
	enc := json.NewEncoder(out)
	enc.SetEscapeHTML(false)
	return func(fr receive.Frame) error {
		d := decoded{Time: fr.Time, Modem: fr.Modem, Framing: fr.Framing, Octets: len(fr.Data), Corrected: fr.Corrected, Hex: hex.EncodeToString(fr.Data)}
		if strings.HasPrefix(fr.Framing, "ax25") {
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
