package channel

import "time"

// Radio is one end of a hop: what it sends with, hears with, and how fast it
// can go. One value describes both directions of one terminal; the budget of a
// direction takes the sender's EIRP, frequency and rates and the receiver's G/T.
type Radio struct {
	Name        string
	EIRPdBW     float64       // effective isotropic radiated power towards the peer, dBW
	GTdBK       float64       // receive gain over system noise temperature, dB/K
	FrequencyHz float64       // carrier it sends on, Hz
	RatesBps    []float64     // information bit rates it can send at, ascending, bit/s
	Modulation  Modulation    // what it sends
	Code        Code          // what protects it
	LossDB      float64       // pointing, polarisation and implementation losses when it receives, dB
	MarginDB    float64       // margin that a rate must leave before it is chosen, dB
	HalfDuplex  bool          // it cannot send while it receives
	Turnaround  time.Duration // from the end of one to the start of the other, if HalfDuplex
	MTUBytes    int           // largest frame, bytes
	Medium      Medium        // what lies between its antennas and the peer's
}

// Medium is what a signal travels through.
type Medium int

// The media of hops.
const (
	Atmosphere Medium = iota // between the ground and space: vacuum and gas losses by elevation
	Vacuum                   // between spacecraft
	Fibre                    // a terrestrial line: no budget, the light is slower and the way longer
)

// String names the medium.
func (m Medium) String() string {
	switch m {
	case Atmosphere:
		return "atmosphere"
	case Vacuum:
		return "vacuum"
	case Fibre:
		return "fibre"
	}
	return "unknown medium"
}

// SBandSatellite gives the space end of the S-band ground link: 2.5 W into a patch
// antenna, 2,245 MHz down, full duplex, 64 kbit/s to 4 Mbit/s by range.
func SBandSatellite() Radio {
	return Radio{
		Name: "S-band satellite", EIRPdBW: 7, GTdBK: -24, FrequencyHz: 2245e6,
		RatesBps:   []float64{64e3, 128e3, 256e3, 512e3, 1e6, 2e6, 4e6},
		Modulation: QPSK, Code: Convolutional, LossDB: 3, MarginDB: 3, MTUBytes: 1024,
	}
}

// SBandStation gives the ground end of the S-band link: a dish of 3.7 m,
// 2,067 MHz up, full duplex, up to 1 Mbit/s.
func SBandStation() Radio {
	return Radio{
		Name: "S-band station", EIRPdBW: 45, GTdBK: 13.5, FrequencyHz: 2067e6,
		RatesBps:   []float64{16e3, 64e3, 256e3, 1e6},
		Modulation: BPSK, Code: Convolutional, LossDB: 2, MarginDB: 3, MTUBytes: 1024,
	}
}

// UHFSatellite gives the space end of a UHF link: 1 W into a turnstile,
// 437 MHz, half duplex, 1.2 to 19.2 kbit/s.
func UHFSatellite() Radio {
	return Radio{
		Name: "UHF satellite", EIRPdBW: -1, GTdBK: -27, FrequencyHz: 437e6,
		RatesBps:   []float64{1200, 2400, 4800, 9600, 19200},
		Modulation: GMSK, Code: Uncoded, LossDB: 3, MarginDB: 3,
		HalfDuplex: true, Turnaround: 20 * time.Millisecond, MTUBytes: 256,
	}
}

// UHFStation gives the ground end of a UHF link: 50 W into crossed Yagis,
// half duplex on the satellite's frequency.
func UHFStation() Radio {
	return Radio{
		Name: "UHF station", EIRPdBW: 30, GTdBK: -13, FrequencyHz: 437e6,
		RatesBps:   []float64{1200, 2400, 4800, 9600, 19200},
		Modulation: GMSK, Code: Uncoded, LossDB: 3, MarginDB: 3,
		HalfDuplex: true, Turnaround: 10 * time.Millisecond, MTUBytes: 256,
	}
}

// UHFTerminal gives a person's or a machine's terminal under the open sky: 5 W
// into a fixed quadrifilar helix, half duplex.
func UHFTerminal() Radio {
	return Radio{
		Name: "UHF terminal", EIRPdBW: 8, GTdBK: -26, FrequencyHz: 437e6,
		RatesBps:   []float64{1200, 2400, 4800, 9600},
		Modulation: GMSK, Code: Convolutional, LossDB: 3, MarginDB: 3,
		HalfDuplex: true, Turnaround: 20 * time.Millisecond, MTUBytes: 256,
	}
}

// InterSatellite gives one end of an inter-satellite link: Ka band, 23.28 GHz,
// a steered dish, full duplex, 25 Mbit/s out to about 4,400 km and slower beyond.
func InterSatellite() Radio {
	return Radio{
		Name: "inter-satellite", EIRPdBW: 38.5, GTdBK: 8, FrequencyHz: 23.28e9,
		RatesBps:   []float64{100e3, 500e3, 1e6, 5e6, 10e6, 25e6},
		Modulation: QPSK, Code: Concatenated, LossDB: 2, MarginDB: 3, MTUBytes: 2048,
		Medium: Vacuum,
	}
}

// Cable gives one end of a terrestrial line between stations and the core
// network: 100 Mbit/s, no loss.
func Cable() Radio {
	return Radio{Name: "cable", RatesBps: []float64{100e6}, MTUBytes: 8192, Medium: Fibre}
}
