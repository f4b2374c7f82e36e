package receive

import (
	"spacechain/link/ax25"
	"spacechain/link/modem/tnc"
)

// packet is a receiver of AX.25 over AFSK or FSK: several demodulators that vote.
type packet struct {
	modem, framing string
	r              *tnc.Receiver
	found          []tnc.Frame
}

func newPacket(m Modem, f framing, opt Options) (*packet, error) {
	p := &packet{modem: m.Name, framing: f.name}
	o := ax25.Options{Line: ax25.Line{NRZI: true, Scrambled: f.scrambled || m.Scrambled}}
	var err error
	if m.kind == keyAFSK {
		p.r, err = tnc.NewAFSK(m.afsk, opt.Rate, opt.Effort, o)
	} else {
		p.r, err = tnc.NewFSK(m.fsk, opt.Rate, opt.Effort, o)
	}
	return p, err
}

func (p *packet) take(dst []Frame) []Frame {
	for _, f := range p.found {
		dst = append(dst, Frame{Modem: p.modem, Framing: p.framing, Time: f.Time, Data: f.Data, Corrected: f.Flipped})
	}
	return dst
}

// Process implements Receiver.
func (p *packet) Process(dst []Frame, src []float32) []Frame {
	p.found = p.r.Process(p.found[:0], src)
	return p.take(dst)
}

// ProcessIQ is Process for complex baseband; of FSK only.
func (p *packet) ProcessIQ(dst []Frame, src []complex64) []Frame {
	p.found = p.r.ProcessIQ(p.found[:0], src)
	return p.take(dst)
}

// Flush implements Receiver.
func (p *packet) Flush(dst []Frame) []Frame {
	p.found = p.r.Flush(p.found[:0])
	return p.take(dst)
}
