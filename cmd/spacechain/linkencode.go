package main

import (
	"errors"
	"fmt"
	"os"

	"github.com/spf13/cobra"

	"spacechain/link/ax25"
	"spacechain/link/modem"
	"spacechain/link/modem/wav"
)

// modulator turns levels into audio.
type modulator interface {
	Modulate(dst []float32, bits []byte) []float32
}

// newModulator makes the modem of a name, and tells how AX.25 goes over it.
func newModulator(name string, rate float64) (modulator, ax25.Line, error) {
	const amplitude = 0.5
	switch name {
	case "afsk1200":
		m, err := modem.NewAFSKModulator(modem.Bell202, rate, amplitude)
		return m, ax25.LineAFSK, err
	case "g3ruh9600":
		m, err := modem.NewFSKModulator(modem.G3RUH9600, rate, amplitude)
		return m, ax25.LineG3RUH, err
	}
	return nil, ax25.Line{}, usagef("--modem %s: there are afsk1200 and g3ruh9600", name)
}

func newLinkEncodeCommand() *cobra.Command {
	var name, from, to, out string
	var rate int
	cmd := &cobra.Command{
		Use:   "encode TEXT...",
		Short: "Make the audio of frames",
		Long: `Make a WAV file of AX.25 frames, one for each TEXT, as a transmitter takes it in.
Other people's programs decode it.`,
		Example: `  spacechain link encode --modem afsk1200 --from N0CALL --to CQ --out hello.wav "hello from orbit"
  spacechain link encode --modem g3ruh9600 --from N0CALL-1 --to CQ --out two.wav one two`,
		Args: cobra.MinimumNArgs(1),
		RunE: func(cmd *cobra.Command, texts []string) error {
			if rate < 1 || rate > 1<<20 {
				return usagef("--rate %d: give a sample rate in hertz", rate)
			}
			m, line, err := newModulator(name, float64(rate))
			if err != nil {
				return err
			}
			levels, err := ax25Levels(line, from, to, texts)
			if err != nil {
				return err
			}
			quiet := make([]float32, rate/10)
			samples := append(m.Modulate(append([]float32{}, quiet...), levels), quiet...)
			return writeWAV(out, rate, samples)
		},
	}
	fl := cmd.Flags()
	fl.StringVar(&name, "modem", "afsk1200", "modem: afsk1200 or g3ruh9600")
	fl.StringVar(&from, "from", "", "call sign of the sender, such as N0CALL-1")
	fl.StringVar(&to, "to", "CQ", "call sign of the receiver")
	fl.StringVar(&out, "out", "", "the WAV file to write")
	fl.IntVar(&rate, "rate", 48000, "sample rate, Hz")
	for _, flag := range []string{"from", "out"} {
		_ = cmd.MarkFlagRequired(flag)
	}
	return cmd
}

// ax25Levels are the levels of UI frames with flags around them.
func ax25Levels(line ax25.Line, from, to string, texts []string) ([]byte, error) {
	source, err := ax25.ParseAddress(from)
	if err != nil {
		return nil, usageError{fmt.Errorf("--from: %w", err)}
	}
	destination, err := ax25.ParseAddress(to)
	if err != nil {
		return nil, usageError{fmt.Errorf("--to: %w", err)}
	}
	framer := ax25.NewFramer(line)
	levels := framer.Flags(nil, 40)
	for _, text := range texts {
		frame, err := ax25.UI(destination, source, []byte(text)).Encode()
		if err != nil {
			return nil, err
		}
		levels = framer.Flags(framer.Frame(levels, frame), 8)
	}
	return levels, nil
}

// writeWAV writes mono audio of 16 bits.
func writeWAV(path string, rate int, samples []float32) (err error) {
	file, err := os.Create(path)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, file.Close()) }()
	w, err := wav.NewWriter(file, wav.Format{Encoding: wav.Integer, Bits: 16, Channels: 1, Rate: rate})
	if err != nil {
		return err
	}
	return errors.Join(w.Write(samples), w.Close())
}
