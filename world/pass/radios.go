package pass

import "spacechain/link/channel"

// The antennas and amplifiers, after small satellites and their stations as they are.
var (
	// 25 W into a crossed Yagi.
	vhfStation = channel.Radio{Name: "VHF station", EIRPdBW: 24, GTdBK: -15, LossDB: 3}
	// A monopole and a warm sky full of the Earth's transmitters.
	vhfSatellite = channel.Radio{Name: "VHF satellite", EIRPdBW: -3, GTdBK: -31, LossDB: 3}
	uhfStation   = channel.UHFStation()
	uhfSatellite = channel.UHFSatellite()
	// 2 W into a dish of 1.8 m up, 0.5 W into a patch down.
	sStation   = channel.Radio{Name: "S-band station", EIRPdBW: 30, GTdBK: 8, LossDB: 2}
	sSatellite = channel.Radio{Name: "S-band satellite", EIRPdBW: -1, GTdBK: -26, LossDB: 3}
)
