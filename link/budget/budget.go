package budget

import (
	"fmt"
	"math"
	"time"

	"spacechain/link/channel"
	"spacechain/link/propagation"
)

// boltzmannDB is -10 log10(k), k = 1.380649e-23 J/K (exact, SI).
const boltzmannDB = 228.59917

// Budget is one link worked out.
type Budget struct {
	Link Link

	EIRPdBW           float64 // towards the other end
	FreeSpaceDB       float64
	Air               propagation.Losses
	AirDB             float64 // all of Air together
	IonosphereDB      float64
	FaradayDeg        float64 // by how much the ionosphere turns a linear polarisation
	PolarisationDB    float64
	IsotropicDBW      float64 // what an isotropic antenna of the right polarisation would hear
	ReceivedDBW       float64 // at the antenna's terminals
	GTdBK             float64
	AntennaK, SystemK float64
	CN0DBHz           float64
	EbN0DB            float64
	RequiredEbN0DB    float64
	MarginDB          float64
	// AvailablePercent is the share of an average year with margin, %, where the link has
	// weather; it is 0 in a clear sky.
	AvailablePercent float64
	// Outage is the share of attitudes without margin, where one end tumbles; else 0 or 1.
	Outage float64

	TransmitGainDBi, ReceiveGainDBi       float64
	TransmitOffAxisDeg, ReceiveOffAxisDeg float64
	LightTime                             time.Duration
}

// ready is a link with what does not change over a pass worked out.
type ready struct {
	link     Link
	air      air
	tumbling Distribution // of the end that tumbles
	ionoDB   float64
	turnDeg  float64
}

func (l Link) prepare() (ready, error) {
	fail := func(err error) (ready, error) { return ready{}, fmt.Errorf("link budget %s: %w", l.Name, err) }
	if err := l.check(); err != nil {
		return fail(err)
	}
	r := ready{link: l}
	var err error
	if r.air, err = newAir(l); err != nil {
		return fail(err)
	}
	if r.ionoDB, err = l.ionosphereDB(); err != nil {
		return fail(err)
	}
	if r.turnDeg, err = l.faradayDeg(); err != nil {
		return fail(err)
	}
	if a, p, peer := l.tumbling(); a != nil {
		towards := peer.Ray(0).Polarisation
		if r.tumbling, err = Tumble(a, p.Spin, &towards); err != nil {
			return fail(err)
		}
	}
	return r, nil
}

// tumbling gives the end that tumbles, how, and the antenna at the other end; nil if none.
func (l Link) tumbling() (Antenna, Pointing, Antenna) {
	tx, rx := l.Transmitter, l.Receiver
	switch {
	case tx.Pointing.Aim == Tumbling:
		return tx.Antenna, tx.Pointing, rx.Antenna
	case rx.Pointing.Aim == Tumbling:
		return rx.Antenna, rx.Pointing, tx.Antenna
	}
	return nil, Pointing{}, nil
}

// Budget works the link out.
func (l Link) Budget() (Budget, error) {
	r, err := l.prepare()
	if err != nil {
		return Budget{}, err
	}
	b, err := r.budget(l.Path, l.Weather.UnavailablePercent)
	if err != nil || l.Weather.UnavailablePercent == 0 {
		return b, err
	}
	b.AvailablePercent, err = r.available(l.Path)
	return b, err
}

// budget works out the link on a path, with losses of the air exceeded for a
// percentage of the year.
func (r ready) budget(path Path, percent float64) (Budget, error) {
	l := r.link
	l.Path = path
	b := Budget{Link: l, LightTime: channel.LightTime(path.RangeKm), IonosphereDB: r.ionoDB, FaradayDeg: r.turnDeg}
	var err error
	if err = path.check(); err == nil {
		b.Air, err = r.air.losses(path.ElevationDeg, percent)
	}
	if err != nil {
		return Budget{}, fmt.Errorf("link budget %s: %w", l.Name, err)
	}
	b.AirDB = b.Air.Combine()
	b.FreeSpaceDB = channel.FreeSpaceLossDB(l.FrequencyHz, path.RangeKm)

	tx, rx := r.ray(l.Transmitter.Antenna, l.Transmitter.Pointing, path), r.ray(l.Receiver.Antenna, l.Receiver.Pointing, path)
	b.TransmitOffAxisDeg, b.ReceiveOffAxisDeg = l.Transmitter.Pointing.offAxisDeg(path), l.Receiver.Pointing.offAxisDeg(path)
	b.TransmitGainDBi, b.ReceiveGainDBi = tx.GainDBi, rx.GainDBi
	switch a, _, _ := l.tumbling(); {
	case a != nil: // the tumbling gain has it already
	case l.TiltKnown:
		b.PolarisationDB = MismatchDB(tx.Polarisation, rx.Polarisation, l.TiltDeg+r.turnDeg)
	default:
		b.PolarisationDB = MeanMismatchDB(tx.Polarisation, rx.Polarisation)
	}

	b.EIRPdBW = decibels(l.Transmitter.PowerW) - l.Transmitter.LineLossDB + b.TransmitGainDBi
	b.IsotropicDBW = b.EIRPdBW - b.FreeSpaceDB - b.AirDB - b.IonosphereDB - b.PolarisationDB - l.OtherLossesDB
	b.ReceivedDBW = b.IsotropicDBW + b.ReceiveGainDBi
	// Only what absorbs makes noise: scintillation does not.
	absorbed := b.Air.GasDB + b.Air.RainDB + b.Air.CloudDB
	if b.AntennaK, err = l.Receiver.antennaK(l.FrequencyHz, absorbed); err != nil {
		return Budget{}, fmt.Errorf("link budget %s: %w", l.Name, err)
	}
	b.SystemK = SystemK(b.AntennaK, l.Receiver.LineLossDB, l.Receiver.NoiseFigureDB)
	b.GTdBK = b.ReceiveGainDBi - decibels(b.SystemK)
	b.CN0DBHz = b.IsotropicDBW + b.GTdBK + boltzmannDB
	b.EbN0DB = b.CN0DBHz - decibels(l.Signal.RateBps)
	b.RequiredEbN0DB = l.Signal.RequiredEbN0DB + l.Signal.ImplementationLossDB
	b.MarginDB = b.EbN0DB - b.RequiredEbN0DB
	b.Outage = r.outage(b)
	return b, nil
}

// ray is an antenna as it is held.
func (r ready) ray(a Antenna, p Pointing, path Path) Ray {
	if p.Aim == Tumbling {
		return Ray{GainDBi: r.tumbling.ExceededDBi(p.share())}
	}
	return a.Ray(p.offAxisDeg(path))
}

// outage is the share of attitudes in which the gain is less than what leaves no margin.
func (r ready) outage(b Budget) float64 {
	_, p, _ := r.link.tumbling()
	if r.tumbling.gains == nil {
		if b.MarginDB < 0 {
			return 1
		}
		return 0
	}
	return r.tumbling.Below(r.tumbling.ExceededDBi(p.share()) - b.MarginDB)
}

// Closes says whether there is margin.
func (b Budget) Closes() bool { return b.MarginDB >= 0 }

// Radios gives both ends as the radios of the simulated channel, on this budget's
// path: [channel.AssessAt] with them finds the same C/N0. What the channel does not
// know (rain, polarisation, the ionosphere, other losses) stands in the receiver's
// losses, the requirement in a modulation and a code is the caller's.
func (b Budget) Radios() (tx, rx channel.Radio) {
	extra := b.AirDB - b.Air.GasDB + b.IonosphereDB + b.PolarisationDB + b.Link.OtherLossesDB
	tx = channel.Radio{
		Name: b.Link.Name, EIRPdBW: b.EIRPdBW, GTdBK: math.Inf(-1), FrequencyHz: b.Link.FrequencyHz,
		RatesBps: []float64{b.Link.Signal.RateBps}, Medium: b.Link.Path.Medium,
	}
	rx = channel.Radio{
		Name: b.Link.Name, EIRPdBW: math.Inf(-1), GTdBK: b.GTdBK, FrequencyHz: b.Link.FrequencyHz,
		LossDB: extra, Medium: b.Link.Path.Medium,
	}
	return tx, rx
}
