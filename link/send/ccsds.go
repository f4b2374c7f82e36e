package send

import (
	"encoding/binary"
	"errors"
	"fmt"

	"spacechain/link/coding"
	"spacechain/link/coding/cadu"
	"spacechain/link/coding/cltu"
	"spacechain/link/coding/conv"
	"spacechain/link/coding/crc"
	"spacechain/link/coding/ldpc"
	"spacechain/link/coding/randomizer"
	"spacechain/link/coding/rs"
	"spacechain/link/frame"
	"spacechain/link/receive"
)

// newCCSDS sends transfer frames of one length as CCSDS 131.0-B-5 has them: randomized, with the
// Reed-Solomon code (255,223) in the dual basis, interleaved as deep as the length needs, and a
// convolutional code, or not.
func newCCSDS(coded bool, inner *conv.Code) func(receive.Modem, Options) (framer, error) {
	return func(m receive.Modem, _ Options) (framer, error) {
		return func(lead, tail int, frames [][]byte) ([]byte, error) {
			if len(frames) == 0 {
				return idle(m, nil, lead+tail), nil
			}
			size := len(frames[0])
			c := cadu.Config{FrameSize: size, Randomizer: randomizer.TM255, Inner: inner}
			if coded {
				block, err := blockOf(size)
				if err != nil {
					return nil, err
				}
				c.RS = block
			}
			for i, frame := range frames {
				if len(frame) != size {
					return nil, fmt.Errorf("frames of %d and %d octets: a channel has frames of one length (CCSDS 131.0-B-5 §9)", size, len(frame))
				}
				if n := size - 2; !coded && (n < 5 || crc.CCITT(frame[:n]) != binary.BigEndian.Uint16(frame[n:])) {
					return nil, fmt.Errorf("frame %d does not end with its check field (FECF), and no code would vouch for it: receivers would drop it", i+1)
				}
			}
			e, err := cadu.NewEncoder(c)
			if err != nil {
				return nil, err
			}
			bits := e.Flush(idle(m, nil, lead&^1)) // whole symbols of QPSK
			for _, frame := range frames {
				if bits, err = e.Encode(bits, frame); err != nil {
					return nil, err
				}
			}
			if !coded {
				// A marker behind the last frame tells its length to those who do not know it.
				closing := make([]byte, size)
				whole, err := e.Encode(nil, closing)
				if err != nil {
					return nil, err
				}
				marker := 8 * len(cadu.Marker)
				if inner != nil {
					marker = inner.Symbols(marker)
				}
				bits = append(bits, whole[:marker]...)
			}
			return idle(m, e.Flush(bits), tail), nil
		}, nil
	}
}

// FECF appends the check field of a transfer frame (CCSDS 132.0-B-3 §4.1.6) to it.
func FECF(frame []byte) []byte {
	return binary.BigEndian.AppendUint16(frame, crc.CCITT(frame))
}

// blockOf gives the least interleaved code block that carries frames of a length.
func blockOf(size int) (*rs.Block, error) {
	const data = 223
	for _, depth := range []int{1, 2, 3, 4, 5, 8} {
		if size%depth == 0 && size/depth <= data {
			if size/depth < 8 {
				return nil, errors.New("frames of less than eight octets are not sent with Reed-Solomon")
			}
			return &rs.Block{Code: rs.CCSDS(16, rs.Dual), Depth: depth, Fill: data - size/depth}, nil
		}
	}
	return nil, fmt.Errorf("frames of %d octets: no interleaving of 1, 2, 3, 4, 5 or 8 words of up to %d divides them", size, data)
}

// newLDPC sends transfer frames of 128, 512 or 2048 octets, randomized, in codewords of AR4JA 1/2
// (CCSDS 131.0-B-5 §7.4), and behind the last the marker of another, by which receivers know the length.
func newLDPC(m receive.Modem, _ Options) (framer, error) {
	return func(lead, tail int, frames [][]byte) ([]byte, error) {
		if len(frames) == 0 {
			return idle(m, nil, lead+tail), nil
		}
		code, err := ldpc.AR4JA(ldpc.Rate1of2, 8*len(frames[0]))
		if err != nil {
			return nil, fmt.Errorf("frames of %d octets: codewords carry 128, 512 or 2048", len(frames[0]))
		}
		e, err := cadu.NewEncoder(cadu.Config{LDPC: code, Randomizer: randomizer.TM255})
		if err != nil {
			return nil, err
		}
		bits := idle(m, nil, lead)
		for i, frame := range frames {
			if len(frame) != len(frames[0]) {
				return nil, fmt.Errorf("frame %d has %d octets, the first %d: a channel has frames of one length", i+1, len(frame), len(frames[0]))
			}
			if bits, err = e.Encode(bits, frame); err != nil {
				return nil, err
			}
		}
		return idle(m, coding.Unpack(bits, cadu.MarkerLDPC), tail), nil
	}, nil
}

// newTC sends each telecommand frame in a CLTU of its own (CCSDS 231.0-B-4), with the alternating
// bits of PLOP-2 around.
func newTC(c cltu.Coding) func(receive.Modem, Options) (framer, error) {
	return func(m receive.Modem, _ Options) (framer, error) { return tcFramer(m, c), nil }
}

func tcFramer(m receive.Modem, c cltu.Coding) framer {
	channel := frame.TCChannel{AnySpacecraft: true, FECF: true}
	return func(lead, tail int, frames [][]byte) ([]byte, error) {
		bits := idle(m, nil, max(lead, 128))
		for i, f := range frames {
			if _, err := channel.Decode(f); err != nil {
				return nil, fmt.Errorf("frame %d is no telecommand frame with a check field: %w", i+1, err)
			}
			octets, err := c.Encode(nil, f)
			if err != nil {
				return nil, err
			}
			bits = idle(m, coding.Unpack(bits, octets), 16)
		}
		return idle(m, bits, tail), nil
	}
}
