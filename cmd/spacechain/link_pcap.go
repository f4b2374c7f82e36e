package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"spacechain/clock"
	"spacechain/link/pcap"
)

// pcapFlags are the flags of "link pcap".
type pcapFlags struct {
	kind, out, start string
	raw, sent        bool
	frameSize        int
}

// capture is a capture file that comes into being with its first record, so that input that cannot
// be read leaves what was there before.
type capture struct {
	cmd  *cobra.Command
	name string
	w    *pcap.Writer
	done func() error
	told bool // that there is no way to write it
}

func newCapture(cmd *cobra.Command, name string) *capture {
	return &capture{cmd: cmd, name: name}
}

// check tells beforehand of a folder that is not there.
func (c *capture) check() error {
	if c.name == "-" {
		return nil
	}
	_, err := os.Stat(filepath.Dir(c.name))
	return err
}

// begin creates the file.
func (c *capture) begin() error {
	if c.w != nil || c.told {
		return nil
	}
	out, done, err := createOutput(c.cmd, c.name)
	if err != nil {
		c.told = true
		return err
	}
	c.done = done
	c.w, err = pcap.NewWriter(out)
	return err
}

// write adds a record.
func (c *capture) write(at time.Time, as pcap.Protocol, dir pcap.Direction, data []byte) error {
	if err := c.begin(); err != nil {
		return err
	}
	return c.w.WriteAs(at, as, dir, data)
}

// close ends the file. Where all went well without a record there is an empty capture.
func (c *capture) close(well bool) (err error) {
	if well {
		err = c.begin()
	}
	if c.done != nil {
		err = errors.Join(err, c.done())
	}
	return err
}

// maxRawInput bounds a file of records that is read whole.
const maxRawInput = 1 << 30

func newLinkPcapCommand() *cobra.Command {
	var f pcapFlags
	var kinds []string
	for _, p := range pcap.Protocols {
		kinds = append(kinds, string(p))
	}
	cmd := &cobra.Command{
		Use:   "pcap [FILE]",
		Short: "Write what went over a link as a capture for Wireshark",
		Long: `Write what went over a link as a capture that Wireshark and tshark read. FILE, or standard
input, has a frame a line: in hex, or the JSON objects of "link decode --json" and "link kiss
--json". With --raw it has octets one record behind the other: space packets (--kind ccsds), CFDP
PDUs (cfdp) and bundles (bpv7) tell their lengths themselves, TM, AOS and USLP transfer frames (frames)
need --frame-size.

Wireshark has no dissector for transfer frames: recorded are the packets in them, and of
encapsulation packets the bundles and CFDP PDUs. Without --kind a line is what its framing says or
what it looks like. Kinds are ` + strings.Join(kinds, ", ") + `.

Of what Wireshark marks as malformed two things are no mistakes of the link: space packets with
less than ten octets of data, and every filestore response of CFDP.`,
		Example: `  spacechain link decode --json pass.wav | spacechain link pcap --out pass.pcap
  spacechain link pcap --raw --kind frames --frame-size 1115 --out tm.pcap tm.bin
  spacechain link pcap --raw --kind ccsds --out - packets.bin | tshark -r -`,
		Args: cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) == 0 {
				args = []string{"-"}
			}
			return f.run(cmd, args[0])
		},
	}
	fl := cmd.Flags()
	fl.StringVar(&f.kind, "kind", "", "what the records are (default: told by the line)")
	fl.StringVar(&f.out, "out", "", "the capture to write, - for standard output")
	fl.StringVar(&f.start, "start", "", "time of the first record, such as 2026-11-22T12:00:00Z (default: now)")
	fl.BoolVar(&f.raw, "raw", false, "FILE has octets, not lines")
	fl.IntVar(&f.frameSize, "frame-size", 0, "octets of each record that does not tell its length")
	fl.BoolVar(&f.sent, "sent", false, "mark the records as sent, not received")
	_ = cmd.MarkFlagRequired("out")
	completeFlag(cmd, "kind", kinds...)
	return cmd
}

func (f *pcapFlags) run(cmd *cobra.Command, name string) (err error) {
	kind := pcap.Protocol(f.kind)
	if f.kind != "" && !slices.Contains(pcap.Protocols, kind) {
		return usagef("--kind %s: there are %v", f.kind, pcap.Protocols)
	}
	if f.frameSize < 0 {
		return usagef("--frame-size %d: want octets", f.frameSize)
	}
	if f.raw && f.kind == "" {
		return usagef("--raw: say with --kind what the octets are")
	}
	if f.raw && kind == pcap.Frames && f.frameSize <= 0 {
		return usagef("--kind frames: say with --frame-size how long each is")
	}
	at := clock.Wall().Now()
	if f.start != "" {
		if at, err = time.Parse(time.RFC3339Nano, f.start); err != nil {
			return usagef("--start %q: want a time such as 2026-11-22T12:00:00Z", f.start)
		}
	}
	in, done, err := openInput(cmd, name)
	if err != nil {
		return err
	}
	defer done()
	w := newCapture(cmd, f.out)
	if err := w.check(); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, w.close(err == nil)) }()
	direction := pcap.Received
	if f.sent {
		direction = pcap.Sent
	}
	if !f.raw {
		n := 0
		return eachFrame(in, func(fr inFrame) error {
			of := kind
			if of == "" {
				of = pcap.Of(fr.framing, fr.data)
			}
			// Lines without a time of their own keep their order.
			n++
			when := at.Add(time.Duration(fr.time*float64(time.Second)) + time.Duration(n)*time.Microsecond)
			return w.write(when, of, direction, fr.data)
		})
	}
	data, err := io.ReadAll(io.LimitReader(in, maxRawInput+1))
	if err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	if len(data) > maxRawInput {
		return fmt.Errorf("%s: longer than %d octets", name, maxRawInput)
	}
	records, err := pcap.Cut(kind, data, f.frameSize)
	for i, r := range records {
		if err := w.write(at.Add(time.Duration(i)*time.Microsecond), kind, direction, r); err != nil {
			return err
		}
	}
	if err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	return nil
}
