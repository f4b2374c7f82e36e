// Package elements holds mean orbital elements and reads and writes them: TLE
// (two and three lines, Alpha-5 numbers, checksum policy), OMM (CCSDS 502.0 in
// JSON, KVN and XML), and Walker constellations.
//
// A Set is what the SGP4 theory of package sgp4 takes: Brouwer mean elements
// in the TEME frame with a UTC epoch. Parsers take any bytes and answer with
// sets or with a *ParseError that names the line and the field; they never
// guess a number.
package elements
