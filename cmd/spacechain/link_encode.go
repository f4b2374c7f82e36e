package main

import (
	"bufio"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"spacechain/link/ax25"
	"spacechain/link/frame"
	"spacechain/link/modem/wav"
	"spacechain/link/packet"
	"spacechain/link/receive"
	"spacechain/link/send"
)

// encodeFlags are the flags of "link encode".
type encodeFlags struct {
	sampleFlags
	modem, framing, from, to, out string
	hex                           bool
	frameSize                     int
	send                          send.Options
	gap                           float64
}

func newLinkEncodeCommand() *cobra.Command {
	var f encodeFlags
	cmd := &cobra.Command{
		Use:   "encode [TEXT...]",
		Short: "Make the audio of frames",
		Long: `Make a WAV file of frames, one for each TEXT, as a transmitter takes it in, or with --iq
as a software radio does. Other people's programs decode it.

A TEXT becomes a UI frame of AX.25 where that is what the framing carries, a TM transfer frame
of --frame-size with CCSDS, a TC frame with ccsds-tc and ccsds-tc-ldpc, and stands for itself with
the others. With --hex each TEXT is the octets of a whole frame. Without any TEXT frames are read from standard input, one a line: in hex,
or as JSON objects with a hex field as "link decode --json" prints them.

Modems and framings are those of "link decode", any with any; framings are
` + strings.Join(receive.Framings(), ", ") + `.`,
		Example: `  spacechain link encode --modem afsk1200 --from N0CALL --to CQ --out hello.wav "hello from orbit"
  spacechain link encode --modem g3ruh9600 --from N0CALL-1 --to CQ --out two.wav one two
  spacechain link encode --modem bpsk9600 --framing ccsds-concatenated --out tm.wav telemetry
  spacechain link encode --modem qpsk256000 --framing ccsds-ldpc --iq --rate 1024000 --out iq.wav payload
  spacechain link decode --json pass.wav | spacechain link encode --modem fsk9600 --framing ax100 --out again.wav
  spacechain link encode --modem g3ruh9600 --framing fx25 --from N0CALL --iq --format f32 --rate 240000 --out - hi | nc radio 7355`,
		RunE: func(cmd *cobra.Command, texts []string) error { return f.run(cmd, texts) },
	}
	fl := cmd.Flags()
	fl.StringVar(&f.modem, "modem", "afsk1200", "modem, such as afsk1200")
	fl.StringVar(&f.framing, "framing", "ax25", "framing, such as ax25")
	fl.StringVar(&f.from, "from", "", "call sign of the sender, such as N0CALL-1")
	fl.StringVar(&f.to, "to", "CQ", "call sign of the receiver")
	fl.StringVar(&f.out, "out", "", "the file to write, - for standard output")
	f.add(cmd, 48000, "sample rate, Hz")
	fl.BoolVar(&f.hex, "hex", false, "a TEXT is a frame in hex")
	fl.IntVar(&f.frameSize, "frame-size", 223, "octets of the transfer frames that texts are put into with CCSDS (of ccsds-ldpc: 512)")
	fl.Float64Var(&f.send.Lead, "lead", 0, "seconds before the first frame (default: 0.2, but at least 300 bits)")
	fl.Float64Var(&f.send.Tail, "tail", 0, "seconds after the last frame (default: 32 bits)")
	fl.Float64Var(&f.send.Amplitude, "amplitude", 0.5, "amplitude, up to 1")
	fl.IntVar(&f.send.CheckOctets, "check-octets", 16, "check octets of FX.25: 16, 32 or 64")
	fl.Float64Var(&f.gap, "gap", -1, "key each frame on its own, with so many seconds of silence between")
	_ = cmd.MarkFlagRequired("out")
	completeFlag(cmd, "modem", modemNames()...)
	completeFlag(cmd, "framing", receive.Framings()...)
	return cmd
}

func (f *encodeFlags) run(cmd *cobra.Command, texts []string) (err error) {
	if f.framing == "ccsds-ldpc" && !cmd.Flags().Changed("frame-size") {
		f.frameSize = 512 // what a codeword carries
	}
	if err := f.check(); err != nil {
		return err
	}
	given := cmd.Flags().Changed
	switch {
	case given("gap") && !(f.gap >= 0 && f.gap <= 3600):
		return usagef("--gap %g: want 0 to 3600 seconds", f.gap)
	case !(f.send.Amplitude > 0 && f.send.Amplitude <= 1):
		return usagef("--amplitude %g: want more than 0, and at most 1", f.send.Amplitude)
	case given("check-octets") && f.framing != "fx25":
		return usagef("--check-octets: only --framing fx25 has them")
	case f.frameSize < 1:
		return usagef("--frame-size %d: want octets", f.frameSize)
	}
	f.send.Rate = float64(f.rate)
	s, err := send.New(f.modem, f.framing, f.send)
	if err != nil {
		return usageError{err}
	}
	var frames [][]byte
	if len(texts) > 0 {
		frames, err = f.frames(texts)
	} else {
		frames, err = readFrames(cmd.InOrStdin())
	}
	if err != nil {
		return err
	}
	bursts := [][][]byte{frames}
	if f.gap >= 0 {
		bursts = nil
		for _, frame := range frames {
			bursts = append(bursts, [][]byte{frame})
		}
	}
	out, done, err := createOutput(cmd, f.out)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, done()) }()
	w, err := f.writer(out)
	if err != nil {
		return err
	}
	// Receivers look ahead: half a second of silence lets them take in what came before.
	quiet := make([]float32, f.channels()*f.rate/2)
	if err := w.Write(quiet[:len(quiet)/5/f.channels()*f.channels()]); err != nil {
		return err
	}
	for i, burst := range bursts {
		if i > 0 {
			if err := w.Write(make([]float32, f.channels()*int(f.gap*float64(f.rate)))); err != nil {
				return err
			}
		}
		if err := f.burst(w, s, burst); err != nil {
			return err
		}
	}
	return errors.Join(w.Write(quiet), w.Close())
}

// burst writes one keying of the transmitter.
func (f *encodeFlags) burst(w *wav.Writer, s *send.Sender, frames [][]byte) error {
	if !f.iq {
		samples, err := s.Audio(frames...)
		if err != nil {
			return err
		}
		return w.Write(samples)
	}
	samples, err := s.IQ(frames...)
	if err != nil {
		return err
	}
	pairs := make([]float32, 0, 2*len(samples))
	for _, v := range samples {
		pairs = append(pairs, real(v), imag(v))
	}
	return w.Write(pairs)
}

// frames makes frames of what the command line has.
func (f *encodeFlags) frames(texts []string) ([][]byte, error) {
	var out [][]byte
	for i, text := range texts {
		data := []byte(text)
		var err error
		switch {
		case f.hex:
			if data, err = hex.DecodeString(text); err != nil {
				return nil, usageError{fmt.Errorf("--hex: %w", err)}
			}
		case receive.IsAX25(f.framing):
			data, err = f.ax25(text)
		case strings.HasPrefix(f.framing, "ccsds-tc"):
			c := frame.TCChannel{AnySpacecraft: true, FECF: true}
			data, err = c.Append(nil, &frame.TCFrame{Bypass: true, Data: data})
		case strings.HasPrefix(f.framing, "ccsds"):
			data, err = f.tm(data, uint8(i))
		}
		if err != nil {
			return nil, err
		}
		out = append(out, data)
	}
	return out, nil
}

func (f *encodeFlags) ax25(text string) ([]byte, error) {
	if f.from == "" {
		return nil, usagef("--from: say who sends")
	}
	source, err := ax25.ParseAddress(f.from)
	if err != nil {
		return nil, usageError{fmt.Errorf("--from: %w", err)}
	}
	destination, err := ax25.ParseAddress(f.to)
	if err != nil {
		return nil, usageError{fmt.Errorf("--to: %w", err)}
	}
	return ax25.UI(destination, source, []byte(text)).Encode()
}

// tm puts a text into a space packet in a TM transfer frame with its check field; idle packets fill
// what is left.
func (f *encodeFlags) tm(text []byte, count uint8) ([]byte, error) {
	c := frame.TMChannel{Length: f.frameSize, AnySpacecraft: true, FECF: true}
	if err := c.Validate(); err != nil {
		return nil, usageError{fmt.Errorf("--frame-size: %w", err)}
	}
	zone := make([]byte, c.DataLength(0, 0, false))
	pkt := packet.AppendHeader(nil, packet.Header{APID: 1, Flags: packet.Unsegmented, Count: uint16(count)}, len(text))
	if pkt = append(pkt, text...); len(text) == 0 || len(pkt) > len(zone) {
		return nil, usagef("--frame-size %d: a text has 1 to %d octets then", f.frameSize, len(zone)-packet.HeaderLen)
	}
	var w frame.PacketWriter
	if err := w.Write(pkt); err != nil {
		return nil, err
	}
	first := w.Zone(zone)
	return c.Append(nil, &frame.TMFrame{MasterCount: count, VirtualCount: count, SegmentLength: 3, FirstHeader: first, Data: zone})
}

// readFrames reads frames from lines: hex, or JSON objects with a hex field.
func readFrames(in io.Reader) ([][]byte, error) {
	var out [][]byte
	err := eachFrame(in, func(f inFrame) error {
		out = append(out, f.data)
		return nil
	})
	if err == nil && len(out) == 0 {
		err = usagef("no frame: give texts, or lines of hex on standard input")
	}
	return out, err
}

// inFrame is a frame read from a line.
type inFrame struct {
	data    []byte
	framing string
	time    float64
}

// maxFrameLine bounds a line: a frame of 64 KB in hex and what JSON has around it.
const maxFrameLine = 1 << 18

// eachFrame calls take with the frame of each line that is not empty.
func eachFrame(in io.Reader, take func(inFrame) error) error {
	lines := bufio.NewScanner(in)
	lines.Buffer(nil, maxFrameLine)
	for n := 1; lines.Scan(); n++ {
		line := strings.TrimSpace(lines.Text())
		if line == "" || line[0] == '#' {
			continue
		}
		f := inFrame{}
		if line[0] == '{' {
			var d decoded
			if err := json.Unmarshal([]byte(line), &d); err != nil {
				return fmt.Errorf("line %d: %w", n, err)
			}
			if !(d.Time >= 0 && d.Time < 1e9) {
				return fmt.Errorf("line %d: a time of %g s", n, d.Time)
			}
			line, f.framing, f.time = d.Hex, d.Framing, d.Time
		}
		var err error
		if f.data, err = hex.DecodeString(strings.ReplaceAll(line, " ", "")); err != nil {
			return fmt.Errorf("line %d: %w", n, err)
		}
		if err := take(f); err != nil {
			return err
		}
	}
	if err := lines.Err(); err != nil {
		return fmt.Errorf("reading frames: %w", err)
	}
	return nil
}
