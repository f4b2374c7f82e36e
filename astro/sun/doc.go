// Package sun says where the Sun stands and how much of it a satellite sees
// past the Earth.
//
// The position is the Astronomical Almanac's low-precision series (page C5),
// good to 0.01 degrees between 1950 and 2050. Illumination compares the
// apparent discs of Sun and Earth, which gives the conical umbra and penumbra
// and the fraction between; the Earth is the WGS-84 ellipsoid without air.
//
// All functions are pure and allocate nothing.
package sun
