package receive

import (
	"spacechain/link/coding/bch"
	"spacechain/link/coding/cltu"
	"spacechain/link/coding/ldpc"
	"spacechain/link/frame"
)

// tcBCH and tcLDPC are the codes of telecommands.
var (
	tcBCH = []cltu.Coding{{Mode: bch.Correct, Randomize: true}, {Mode: bch.Correct}}
	// The randomizer is mandatory with LDPC.
	tcLDPC = []cltu.Coding{
		{LDPC: ldpc.TC128, Randomize: true, Tail: cltu.TailLDPC}, {LDPC: ldpc.TC512, Randomize: true},
	}
)

// openTC finds telecommand frames in CLTUs: with BCH, randomized or not, or with either LDPC code
// (CCSDS 231.0-B-4). Noise shows a start sequence of BCH every 2000 bits and a codeblock behind every
// other; a frame must then have a header that is one, a length that fits, and a check field of
// 16 bits: 5e-12 false frames a bit, or one in five years at 1200 bit/s. A start of LDPC comes once in
// ten million bits.
func openTC(codings []cltu.Coding) func(string, Modem, Options) deframer {
	return func(name string, _ Modem, _ Options) deframer {
		d := &telecommand{name: name, recent: recent{window: 128}}
		for _, c := range codings {
			d.receivers = append(d.receivers, cltu.NewReceiver(c))
		}
		return d
	}
}

type telecommand struct {
	name      string
	receivers []*cltu.Receiver
	found     []cltu.Unit
	taken     int64
	recent    recent // times in bits
}

// tcFrames takes frames of any spacecraft.
var tcFrames = frame.TCChannel{AnySpacecraft: true, FECF: true}

func (d *telecommand) process(dst []Frame, soft []int8) []Frame {
	from := len(dst)
	for len(soft) > 0 {
		n := min(len(soft), 64)
		d.taken += int64(n)
		for i, r := range d.receivers {
			d.found = r.Receive(d.found[:0], soft[:n])
			dst = d.take(dst, i)
		}
		soft = soft[n:]
	}
	for i := range dst[from:] {
		dst[from+i].Time -= float64(d.taken) // back from the last bit
	}
	return dst
}

func (d *telecommand) flush(dst []Frame) []Frame {
	from := len(dst)
	for i, r := range d.receivers {
		d.found = r.Flush(d.found[:0])
		dst = d.take(dst, i)
	}
	for i := range dst[from:] {
		dst[from+i].Time = 0
	}
	return dst
}

// take cuts the frames out of what CLTUs carried.
func (d *telecommand) take(dst []Frame, from int) []Frame {
	for _, u := range d.found {
		rest := u.Data
		for len(rest) > 0 {
			b, err := tcFrames.Trim(rest)
			if err != nil || len(b) == 0 || tcFrames.Check(b) != nil {
				break
			}
			if _, err := tcFrames.Decode(b); err != nil {
				break
			}
			f := Frame{Framing: d.name, Time: float64(d.taken), Data: append([]byte(nil), b...), Corrected: u.Corrected}
			if !d.recent.known(from, f) {
				dst = append(dst, f)
			}
			rest = rest[len(b):]
		}
	}
	return dst
}
