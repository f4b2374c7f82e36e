package send

import (
	"fmt"

	"spacechain/link/ax100"
	"spacechain/link/ax25"
	"spacechain/link/coding/ao40"
	"spacechain/link/coding/cltu"
	"spacechain/link/coding/conv"
	"spacechain/link/coding/fx25"
	"spacechain/link/coding/il2p"
	"spacechain/link/coding/ldpc"
	"spacechain/link/coding/randomizer"
	"spacechain/link/modem"
	"spacechain/link/receive"
)

// framer gives the bits of frames with so many bits before and after them, about.
type framer func(lead, tail int, frames [][]byte) ([]byte, error)

// framers by name; each makes a framer for a modem.
var framers = map[string]func(receive.Modem, Options) (framer, error){
	"ax25":                hdlc(false),
	"ax25-g3ruh":          hdlc(true),
	"fx25":                newFX25,
	"il2p":                newIL2P(false),
	"il2p-crc":            newIL2P(true),
	"ao40":                newAO40(ao40.Long),
	"ao40-short":          newAO40(ao40.Short),
	"ax100":               newAX100(ax100.ASMGolay),
	"ax100-rs":            newAX100(ax100.ReedSolomon),
	"u482c":               newAX100(ax100.U482C),
	"ccsds-uncoded":       newCCSDS(false, nil),
	"ccsds-rs":            newCCSDS(true, nil),
	"ccsds-convolutional": newCCSDS(false, &conv.CCSDS),
	"ccsds-concatenated":  newCCSDS(true, &conv.CCSDS),
	"ccsds-punctured":     newCCSDS(true, &threeQuarters),
	"ccsds-ldpc":          newLDPC,
	"ccsds-tc":            newTC(cltu.Coding{Randomize: true}),
	"ccsds-tc-ldpc":       newTC(cltu.Coding{LDPC: ldpc.TC128, Randomize: true, Tail: cltu.TailLDPC}),
}

// threeQuarters is the punctured code that is sent; receivers find out any.
var threeQuarters = conv.Punctured(conv.Rate3of4)

// line gives how a modem wants the bits of HDLC.
func line(m receive.Modem, scrambled bool) ax25.Line {
	p, psk := m.PSK()
	return ax25.Line{NRZI: !psk || p.Line == 0, Scrambled: scrambled || m.Scrambled}
}

func hdlc(scrambled bool) func(receive.Modem, Options) (framer, error) {
	return func(m receive.Modem, _ Options) (framer, error) {
		return func(lead, tail int, frames [][]byte) ([]byte, error) {
			l := line(m, scrambled)
			f := ax25.NewFramer(l)
			var out []byte
			if _, afsk := m.AFSK(); !afsk && !l.Scrambled {
				// Flags without a scrambler are high for seven bits of eight, or low: that teaches a
				// receiver of FSK a wrong middle, and one of PSK a wrong carrier.
				out = f.Flags(idle(m, nil, lead), 2)
			} else {
				out = f.Flags(nil, max(lead/8, 2))
			}
			for _, frame := range frames {
				out = f.Flags(f.Frame(out, frame), 2)
			}
			return f.Flags(out, max(tail/8, 1)), nil
		}, nil
	}
}

func newFX25(m receive.Modem, opt Options) (framer, error) {
	check := opt.CheckOctets
	switch check {
	case 0:
		check = 16
	case 16, 32, 64:
	default:
		return nil, fmt.Errorf("%d check octets: FX.25 has 16, 32 or 64", check)
	}
	return func(lead, tail int, frames [][]byte) ([]byte, error) {
		var bits []byte
		if _, afsk := m.AFSK(); !afsk && !m.Scrambled {
			bits, lead = idle(m, nil, lead), 16 // see hdlc
		}
		bits = flags(bits, lead)
		for _, frame := range frames {
			var err error
			if bits, err = fx25.Encode(bits, frame, check); err != nil {
				return nil, err
			}
			bits = flags(bits, 16)
		}
		bits = flags(bits, tail)
		var nrzi ax25.NRZI
		var scrambler ax25.Scrambler
		l := line(m, false)
		for i, b := range bits {
			if l.NRZI {
				b = nrzi.Encode(b)
			}
			if l.Scrambled {
				b = scrambler.Next(b)
			}
			bits[i] = b
		}
		return bits, nil
	}, nil
}

// flags appends at least so many bits of flags.
func flags(dst []byte, bits int) []byte {
	for n := 0; n < bits; n += 8 {
		dst = append(dst, 0, 1, 1, 1, 1, 1, 1, 0)
	}
	return dst
}

// twoBits tells whether a modem sends two bits a symbol: alternating bits are one symbol again and
// again then, which is a carrier, and flags are four.
func twoBits(m receive.Modem) bool {
	p, ok := m.PSK()
	return ok && p.Scheme != modem.BPSK
}

// idle appends so many bits from which a receiver learns the timing. Over FSK they are 1010…; as
// phases these would look like two carriers, so over PSK they are noise.
func idle(m receive.Modem, dst []byte, bits int) []byte {
	if _, psk := m.PSK(); psk {
		at := len(dst)
		dst = append(dst, make([]byte, bits)...)
		randomizer.TM131071.ApplyBits(dst[at:])
		return dst
	}
	for i := range bits {
		dst = append(dst, byte(i+1)&1)
	}
	return dst
}

func newIL2P(crc bool) func(receive.Modem, Options) (framer, error) {
	return func(m receive.Modem, _ Options) (framer, error) {
		return func(lead, tail int, frames [][]byte) ([]byte, error) {
			bits := idle(m, nil, lead)
			for _, frame := range frames {
				var err error
				if bits, err = (il2p.Options{CRC: crc}).EncodeBits(bits, frame); err != nil {
					return nil, err
				}
				bits = idle(m, bits, 16)
			}
			return idle(m, bits, tail), nil
		}, nil
	}
}

// newAO40 sends frames of one length; shorter ones are completed with zeros.
func newAO40(format ao40.Format) func(receive.Modem, Options) (framer, error) {
	return func(m receive.Modem, _ Options) (framer, error) {
		return func(lead, tail int, frames [][]byte) ([]byte, error) {
			bits := idle(m, nil, lead)
			for _, frame := range frames {
				if len(frame) > format.DataSize() {
					return nil, fmt.Errorf("frame of %d octets: %v has %d", len(frame), format, format.DataSize())
				}
				whole := append(frame[:len(frame):len(frame)], make([]byte, format.DataSize()-len(frame))...)
				var err error
				if bits, err = format.Encode(bits, whole); err != nil {
					return nil, err
				}
			}
			return idle(m, bits, tail), nil
		}, nil
	}
}

func newAX100(mode ax100.Mode) func(receive.Modem, Options) (framer, error) {
	return func(m receive.Modem, _ Options) (framer, error) {
		return func(lead, tail int, frames [][]byte) ([]byte, error) {
			f := ax100.Framer{Mode: mode, Preamble: max(lead, 1)}
			var bits []byte
			if twoBits(m) {
				bits, f.Preamble = idle(m, nil, lead), 16
			}
			for _, frame := range frames {
				var err error
				if bits, err = f.Append(bits, frame); err != nil {
					return nil, err
				}
				f.Preamble = 64
			}
			return idle(m, bits, tail), nil
		}, nil
	}
}
