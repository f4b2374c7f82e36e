package receive

import (
	"slices"

	"spacechain/link/ax100"
	"spacechain/link/ax25"
	"spacechain/link/coding/ao40"
	"spacechain/link/coding/fx25"
	"spacechain/link/coding/il2p"
)

// framing is how frames are found in bits.
type framing struct {
	name      string
	packet    bool // AX.25's own, which package tnc receives over AFSK and FSK
	scrambled bool // by G3RUH's scrambler, whatever the modem
	anyTurn   bool // it finds out by itself how pairs of soft bits are turned
	open      func(name string, m Modem, opt Options) deframer
}

// framings by name.
var framings = func() map[string]framing {
	all := map[string]framing{
		"ax25":          {packet: true, open: openAX25},
		"ax25-g3ruh":    {packet: true, scrambled: true, open: openScrambledAX25},
		"fx25":          {open: openFX25},
		"il2p":          {open: openIL2P(false)},
		"il2p-crc":      {open: openIL2P(true)},
		"ao40":          {open: openAO40(ao40.Long)},
		"ao40-short":    {open: openAO40(ao40.Short)},
		"ax100":         {open: openAX100(ax100.ASMGolay)},
		"ax100-rs":      {open: openAX100(ax100.ReedSolomon)},
		"u482c":         {open: openAX100(ax100.U482C)},
		"ccsds-tc":      {open: openTC(tcBCH)},
		"ccsds-tc-ldpc": {open: openTC(tcLDPC)},
		"ccsds-ldpc":    {open: openLDPC},
	}
	for name, c := range ccsdsFramings {
		all[name] = framing{open: c.open, anyTurn: c.inner && !c.punctured}
	}
	for name, f := range all {
		f.name = name
		all[name] = f
	}
	return all
}()

// IsAX25 tells whether a framing carries frames of AX.25.
func IsAX25(framing string) bool {
	switch framing {
	case "ax25", "ax25-g3ruh", "fx25", "il2p", "il2p-crc":
		return true
	}
	return false
}

// each makes a deframer of a function that has nothing to flush.
type each func(dst []Frame, soft []int8) []Frame

func (f each) process(dst []Frame, soft []int8) []Frame { return f(dst, soft) }
func (f each) flush(dst []Frame) []Frame                { return dst }

// openAX25 is AX.25 over PSK.
func openAX25(name string, m Modem, _ Options) deframer { return overPSK(name, m, false) }

func openScrambledAX25(name string, m Modem, _ Options) deframer { return overPSK(name, m, true) }

func overPSK(name string, m Modem, scrambled bool) deframer {
	hdlc := ax25.NewDeframer(ax25.Options{Line: ax25.Line{NRZI: m.psk.Line == 0, Scrambled: scrambled}})
	return finder[ax25.Received](hdlc.Process).open(name, func(f ax25.Received) (Frame, int64, bool) {
		return Frame{Data: f.Data, Corrected: f.Flipped}, f.End, true
	})
}

// finder is a framing's own receiver: it appends the frames that soft bits complete to dst.
type finder[F any] func(dst []F, soft []int8) []F

// open makes a deframer of a finder. frame says what a frame found is, its Time not yet, by the
// number of the soft bit that it ends with, and whether it counts.
func (find finder[F]) open(name string, frame func(F) (f Frame, end int64, ok bool)) deframer {
	var found []F
	var taken int64
	return each(func(dst []Frame, soft []int8) []Frame {
		found = find(found[:0], soft)
		taken += int64(len(soft))
		for _, v := range found {
			if f, end, ok := frame(v); ok {
				f.Framing, f.Time = name, float64(end-taken)
				dst = append(dst, f)
			}
		}
		return dst
	})
}

func openFX25(name string, m Modem, _ Options) deframer {
	r := fx25.NewReceiver()
	line := softLine{nrzi: m.psk.Line == 0, scrambled: m.Scrambled}
	find := func(dst []fx25.Frame, soft []int8) []fx25.Frame { return r.Receive(dst, line.decode(soft)) }
	return finder[fx25.Frame](find).open(name, func(f fx25.Frame) (Frame, int64, bool) {
		return Frame{Data: f.AX25, Corrected: f.Corrected}, f.End, true
	})
}

// openIL2P finds frames with their CRC, or such without. Without one only the codes vouch for a
// frame, and that of the header is weak: call signs must look like some.
func openIL2P(crc bool) func(string, Modem, Options) deframer {
	return func(name string, _ Modem, _ Options) deframer {
		r := il2p.NewReceiver(il2p.Options{CRC: crc})
		return finder[il2p.Frame](r.Receive).open(name, func(f il2p.Frame) (Frame, int64, bool) {
			return Frame{Data: f.AX25, Corrected: f.Corrected}, f.End, crc || ax25.Plausible(f.AX25)
		})
	}
}

func openAO40(format ao40.Format) func(string, Modem, Options) deframer {
	return func(name string, _ Modem, _ Options) deframer {
		r := ao40.NewReceiver(format)
		return finder[ao40.Frame](r.Receive).open(name, func(f ao40.Frame) (Frame, int64, bool) {
			return Frame{Data: f.Data, Corrected: f.Corrected}, f.End, true
		})
	}
}

func openAX100(mode ax100.Mode) func(string, Modem, Options) deframer {
	return func(name string, _ Modem, _ Options) deframer {
		d := ax100.NewDeframer(mode)
		return finder[ax100.Frame](d.Process).open(name, func(f ax100.Frame) (Frame, int64, bool) {
			return Frame{Data: f.Data, Corrected: f.Corrected}, f.End, true
		})
	}
}

// softLine undoes G3RUH's scrambler and NRZI on soft bits: what comes out is as sure as the least
// sure of what it is made of.
type softLine struct {
	nrzi, scrambled bool
	last            int8
	register        []int8 // the last 17 soft bits, oldest first
	out             []int8
}

func (l *softLine) decode(soft []int8) []int8 {
	l.out = l.out[:0]
	for _, s := range soft {
		if s == -128 {
			s = -127
		}
		if l.scrambled {
			raw := s
			if len(l.register) == 17 {
				s = either(either(s, l.register[5]), l.register[0])
				l.register = slices.Delete(l.register, 0, 1)
			}
			l.register = append(l.register, raw)
		}
		if l.nrzi {
			s, l.last = either(s, l.last), s
			s = -s // no change is a one
		}
		l.out = append(l.out, s)
	}
	return l.out
}

// either is the exclusive or of two soft bits.
func either(a, b int8) int8 {
	least := min(max(a, -a), max(b, -b))
	if (a > 0) == (b > 0) {
		return -least
	}
	return least
}
