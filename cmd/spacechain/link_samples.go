package main

import (
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/spf13/cobra"

	"spacechain/link/modem/wav"
	"spacechain/link/receive"
)

// sampleFlags say in what form samples come or go.
type sampleFlags struct {
	format string // of samples without a header, "" for WAV
	rate   int
	iq     bool
}

func (f *sampleFlags) add(cmd *cobra.Command, rate int, rateHelp string) {
	fl := cmd.Flags()
	fl.StringVar(&f.format, "format", "", "samples without a header: u8, s16 or f32 (default: a WAV file)")
	fl.IntVar(&f.rate, "rate", rate, rateHelp)
	fl.BoolVar(&f.iq, "iq", false, "complex samples, I and Q in turn")
	completeFlag(cmd, "format", "u8", "s16", "f32")
}

// maxRate is more samples a second than a program of this kind keeps up with.
const maxRate = 1 << 26

// check tells whether the flags make sense.
func (f *sampleFlags) check() error {
	if f.rate < 1 || f.rate > maxRate {
		return usagef("--rate %d: give a sample rate in hertz", f.rate)
	}
	if f.format != "" {
		if _, err := wav.Raw(f.format, 1, f.rate); err != nil {
			return usageError{fmt.Errorf("--format: %w", err)}
		}
	}
	return nil
}

// channels are how many values a sample has.
func (f *sampleFlags) channels() int {
	if f.iq {
		return 2
	}
	return 1
}

// reader reads samples; f.rate is the stream's then.
func (f *sampleFlags) reader(in io.Reader) (*wav.Reader, error) {
	if f.format == "" {
		r, err := wav.NewReader(in)
		if err != nil {
			return nil, fmt.Errorf("%w; convert it to WAV of 16 bits with sox or ffmpeg, or if it has no header say so with --format s16 and --rate", err)
		}
		f.rate = r.Rate
		return r, nil
	}
	format, err := wav.Raw(f.format, f.channels(), f.rate)
	if err != nil {
		return nil, err
	}
	return wav.NewRawReader(in, format)
}

// writer writes samples.
func (f *sampleFlags) writer(out io.Writer) (*wav.Writer, error) {
	if f.format == "" {
		return wav.NewWriter(out, wav.Format{Encoding: wav.Integer, Bits: 16, Channels: f.channels(), Rate: f.rate})
	}
	format, err := wav.Raw(f.format, f.channels(), f.rate)
	if err != nil {
		return nil, err
	}
	return wav.NewRawWriter(out, format)
}

// openInput opens a file, or standard input for "-".
func openInput(cmd *cobra.Command, name string) (io.Reader, func() error, error) {
	if name == "-" {
		return cmd.InOrStdin(), func() error { return nil }, nil
	}
	file, err := os.Open(name)
	if err != nil {
		return nil, nil, err
	}
	return file, file.Close, nil
}

// createOutput creates a file, or gives standard output for "-".
func createOutput(cmd *cobra.Command, name string) (io.Writer, func() error, error) {
	if name == "-" {
		return cmd.OutOrStdout(), func() error { return nil }, nil
	}
	file, err := os.Create(name)
	if err != nil {
		return nil, nil, err
	}
	return file, file.Close, nil
}

// listener finds frames in samples as a file has them.
type listener struct {
	samples *wav.Reader
	channel int // of audio, from 0
	audio   *receive.Bank
	iq      *receive.IQBank // nil for audio
}

// run reads all samples and tells of each frame; it counts them.
func (l *listener) run(cmd *cobra.Command, tell func(receive.Frame) error) (int, error) {
	block := make([]float32, 4096*l.samples.Channels)
	var mono []float32
	var complexes []complex64
	var frames []receive.Frame
	count := 0
	for {
		if err := cmd.Context().Err(); err != nil {
			return count, err
		}
		n, err := l.samples.Read(block)
		ended := errors.Is(err, io.EOF)
		if err != nil && !ended {
			return count, err
		}
		frames = frames[:0]
		switch {
		case l.iq != nil && ended:
			frames = l.iq.Flush(frames)
		case l.iq != nil:
			complexes = complexes[:0]
			for i := 0; i+1 < n; i += l.samples.Channels {
				complexes = append(complexes, complex(block[i], block[i+1]))
			}
			frames = l.iq.Process(frames, complexes)
		case ended:
			frames = l.audio.Flush(frames)
		default:
			mono = mono[:0]
			for i := l.channel; i < n; i += l.samples.Channels {
				mono = append(mono, block[i])
			}
			frames = l.audio.Process(frames, mono)
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
