package api

import "time"

// Satellite is one satellite as lists show it.
type Satellite struct {
	ID             NodeID  `json:"id" doc:"ipn node number, which is the NORAD id"`
	Name           string  `json:"name" doc:"Name from the catalogue"`
	LatDeg         float64 `json:"lat_deg" doc:"Geodetic latitude of the subsatellite point, degrees north"`
	LonDeg         float64 `json:"lon_deg" doc:"Longitude of the subsatellite point, degrees east"`
	AltKm          float64 `json:"alt_km" doc:"Height above the WGS-84 ellipsoid, km"`
	InclinationDeg float64 `json:"inclination_deg" doc:"Inclination of the mean elements, degrees"`
	PeriodMin      float64 `json:"period_min" doc:"Orbital period, minutes"`
	Sunlit         bool    `json:"sunlit" doc:"False in the Earth's umbra"`
	Mode           string  `json:"mode" doc:"Mode of the platform: launch, detumble, safe, nominal, payload or decommission"`
	Links          int     `json:"links" doc:"Links of this satellite that are up now"`
	Tenants        int     `json:"tenants" doc:"Tenants installed on it, as far as known"`
}

// SatelliteDetail is one satellite with what only its own page needs.
type SatelliteDetail struct {
	Satellite
	Epoch           time.Time    `json:"epoch" doc:"Element epoch, UTC"`
	SpeedKmS        float64      `json:"speed_km_s" doc:"Speed in the inertial frame, km/s"`
	BatteryFraction *float64     `json:"battery_fraction,omitempty" doc:"State of charge, 0 to 1, where known"`
	QueuedBytes     uint64       `json:"queued_bytes" doc:"Bytes of bundles waiting on board, as far as known"`
	Peers           []NodeID     `json:"peers" nullable:"false" doc:"Nodes it has a link with now"`
	Telemetry       *Telemetry   `json:"telemetry,omitempty" doc:"What it last said of itself; absent until a station has heard it"`
	Track           []TrackPoint `json:"track" nullable:"false" doc:"Subsatellite points of about one orbit, oldest first, now included"`
}

// TrackPoint is one point of a satellite's way.
type TrackPoint struct {
	Time   time.Time `json:"t" doc:"UTC"`
	LatDeg float64   `json:"lat" doc:"Geodetic latitude, degrees north"`
	LonDeg float64   `json:"lon" doc:"Longitude, degrees east"`
	AltKm  float64   `json:"alt" doc:"Height above the ellipsoid, km"`
}

// Positions is where every satellite is at one moment.
type Positions struct {
	Time       time.Time    // simulated, UTC
	Generation uint64       // changes when the catalogue or its order does
	IDs        []NodeID     // in the order of Backend.Satellites
	PosECEFKm  [][3]float64 // Earth-fixed, km, one for each id; all zero where the propagator failed
	Sunlit     []bool       // one for each id, or nil where not known
	Sun        Point        // subsolar point
}

// Station is a ground station.
type Station struct {
	ID              NodeID  `json:"id" doc:"ipn node number"`
	Name            string  `json:"name" doc:"Name of the place"`
	Operator        string  `json:"operator,omitempty" doc:"Who owns and answers for it"`
	LatDeg          float64 `json:"lat_deg" doc:"Geodetic latitude, degrees north"`
	LonDeg          float64 `json:"lon_deg" doc:"Longitude, degrees east"`
	AltKm           float64 `json:"alt_km" doc:"Height above the ellipsoid, km"`
	MinElevationDeg float64 `json:"min_elevation_deg" doc:"Lowest elevation at which it works, degrees"`
	Up              bool    `json:"up" doc:"False during an outage"`
	Links           int     `json:"links" doc:"Links that are up now"`
}

// PassFilter chooses passes. Zero fields do not restrict.
type PassFilter struct {
	Satellite NodeID
	Station   NodeID
	From      time.Time // zero: now
	To        time.Time // zero: From plus two hours
	Limit     int       // always set by the API
}

// Pass is a satellite above a station's horizon mask.
type Pass struct {
	Satellite       NodeID    `json:"satellite" doc:"Satellite's node number"`
	Station         NodeID    `json:"station" doc:"Station's node number"`
	Rise            time.Time `json:"rise" doc:"Acquisition of signal, UTC"`
	Culmination     time.Time `json:"culmination" doc:"Time of the highest elevation, UTC"`
	Set             time.Time `json:"set" doc:"Loss of signal, UTC"`
	MaxElevationDeg float64   `json:"max_elevation_deg" doc:"Highest elevation, degrees"`
}

// LinkKind says between what kinds of node a link runs.
type LinkKind string

// The kinds of link.
const (
	LinkInterSatellite LinkKind = "isl"    // satellite to satellite
	LinkGround         LinkKind = "ground" // satellite to station or terminal, by radio
	LinkWire           LinkKind = "wire"   // station to station or terminal, on the ground
)

// Link is a radio or cable hop that is up now.
type Link struct {
	A          NodeID    `json:"a" doc:"One end; the satellite on a ground link"`
	B          NodeID    `json:"b" doc:"The other end"`
	Kind       LinkKind  `json:"kind" enum:"isl,ground,wire" doc:"Inter-satellite, ground or wire"`
	Since      time.Time `json:"since" doc:"When it came up, UTC"`
	Until      time.Time `json:"until" doc:"When it is predicted to end, UTC"`
	RangeKm    float64   `json:"range_km" doc:"Distance, km"`
	DelayMs    float64   `json:"delay_ms" doc:"One-way light time, ms"`
	RateBps    float64   `json:"rate_bps" doc:"Data rate from a to b, bit/s"`
	DopplerHz  float64   `json:"doppler_hz" doc:"Doppler shift at the carrier, Hz"`
	HalfDuplex bool      `json:"half_duplex" doc:"True where the two ends take turns"`
	Active     bool      `json:"active" doc:"True if it carried a bundle within the last simulated minute"`
	AB         Wave      `json:"ab" doc:"What a sends to b by"`
	BA         Wave      `json:"ba" doc:"What b sends to a by"`
}

// Wave is what one direction of a link is sent by: modem, coding and frames.
type Wave struct {
	Modem     string  `json:"modem" doc:"Modulation with its symbol rate and pulses, or the medium of a cable"`
	Coding    string  `json:"coding" doc:"Forward error correction, or what else guards the bits"`
	Framing   string  `json:"framing" doc:"Protocol of its frames"`
	CarrierHz float64 `json:"carrier_hz,omitempty" doc:"Radio frequency, Hz; absent on a cable"`
	RateBps   float64 `json:"rate_bps" doc:"What bundles get of it, bit/s"`
}
