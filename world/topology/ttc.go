package topology

import (
	"time"

	"spacechain/link/channel"
)

// TTC is the antennas of telemetry, tracking and command: VHF up, UHF down, whatever the
// payload's radio does. What they send is agreed by each satellite and its station.
type TTC struct {
	StationUp, SatelliteUp     channel.Radio // telecommands, 145.9 MHz
	SatelliteDown, StationDown channel.Radio // telemetry and beacons, 437 MHz
}

// DefaultTTC gives the station 50 W into crossed Yagis of 12 dBi for VHF and others of 15
// dBi that follow the satellite for UHF, and the satellite a turnstile with 1 W. Its VHF
// receiver hears the whole Earth's noise, some 1,000 K.
func DefaultTTC() TTC {
	up := func(name string) channel.Radio {
		return channel.Radio{Name: name, FrequencyHz: 145.9e6, LossDB: 3}
	}
	station, satellite := up("VHF station"), up("VHF satellite")
	station.EIRPdBW, satellite.GTdBK = 27, -30
	return TTC{StationUp: station, SatelliteUp: satellite, SatelliteDown: channel.UHFSatellite(), StationDown: channel.UHFStation()}
}

// Up gives C/N0 at the satellite, dBHz, and the light time.
func (r *TTC) Up(path channel.Path) (cn0DBHz float64, light time.Duration) {
	return hears(r.StationUp, r.SatelliteUp, path)
}

// Down gives C/N0 at the station, dBHz, and the light time.
func (r *TTC) Down(path channel.Path) (cn0DBHz float64, light time.Duration) {
	return hears(r.SatelliteDown, r.StationDown, path)
}

func hears(tx, rx channel.Radio, path channel.Path) (float64, time.Duration) {
	b := channel.AssessAt(tx, rx, path, 1)
	return b.CN0DBHz, b.LightTime
}
