package receive

import (
	"slices"

	"spacechain/link/ax25"
	"spacechain/link/modem/tnc"
)

// packet is a receiver of AX.25 over AFSK or FSK: several demodulators that vote.
type packet struct {
	modem, framing string
	r              *tnc.Receiver
	runs           *flagRuns // of FSK without a scrambler
	recent         recent
	found          []tnc.Frame
	samples        []complex64
}

func newPacket(m Modem, f framing, opt Options) (*packet, error) {
	p := &packet{modem: m.Name, framing: f.name, recent: recent{window: sameFrame}}
	scrambled := f.scrambled || m.Scrambled
	o := ax25.Options{Line: ax25.Line{NRZI: true, Scrambled: scrambled}}
	var err error
	if m.kind == keyAFSK {
		p.r, err = tnc.NewAFSK(m.afsk, opt.Rate, opt.Effort, o)
		return p, err
	}
	p.r, err = tnc.NewFSK(m.fsk, opt.Rate, opt.Effort, o)
	if !scrambled {
		p.runs = newFlagRuns(m.fsk.Baud, opt.Rate, func() (*tnc.Receiver, error) {
			return tnc.NewFSK(m.fsk, opt.Rate, opt.Effort, o)
		})
	}
	return p, err
}

// take hands out what a source found.
func (p *packet) take(dst []Frame, source int, found []tnc.Frame) []Frame {
	for _, f := range found {
		fr := Frame{Modem: p.modem, Framing: p.framing, Time: f.Time, Data: f.Data, Corrected: f.Flipped}
		if p.runs == nil || !p.recent.known(source, fr) {
			dst = append(dst, fr)
		}
	}
	return dst
}

// Process implements Receiver.
func (p *packet) Process(dst []Frame, src []float32) []Frame {
	if p.runs == nil {
		p.found = p.r.Process(p.found[:0], src)
		return p.take(dst, 0, p.found)
	}
	for part := range slices.Chunk(src, p.runs.portion()) {
		p.found = p.r.Process(p.found[:0], part)
		dst = p.take(dst, 0, p.found)
		p.samples = p.samples[:0]
		for _, v := range part {
			p.samples = append(p.samples, complex(v, 0))
		}
		p.runs.process(p.samples)
		dst = p.take(dst, 1, p.runs.found)
	}
	return dst
}

// ProcessIQ is Process for complex baseband; of FSK only.
func (p *packet) ProcessIQ(dst []Frame, src []complex64) []Frame {
	if p.runs == nil {
		p.found = p.r.ProcessIQ(p.found[:0], src)
		return p.take(dst, 0, p.found)
	}
	p.runs.complex = true
	for part := range slices.Chunk(src, p.runs.portion()) {
		p.found = p.r.ProcessIQ(p.found[:0], part)
		dst = p.take(dst, 0, p.found)
		p.runs.process(part)
		dst = p.take(dst, 1, p.runs.found)
	}
	return dst
}

// Flush implements Receiver.
func (p *packet) Flush(dst []Frame) []Frame {
	p.found = p.r.Flush(p.found[:0])
	dst = p.take(dst, 0, p.found)
	if p.runs == nil {
		return dst
	}
	p.runs.found = p.runs.found[:0]
	p.runs.flush()
	return p.take(dst, 1, p.runs.found)
}
