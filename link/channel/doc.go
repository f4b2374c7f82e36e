// Package channel is the physics of one hop between two nodes: how far, how
// long, how strong, how fast, and what happens to a frame under way.
//
// Layers stand on each other, each usable alone:
//
//   - pure functions: [FreeSpaceLossDB], [LightTime], [DopplerHz], [Assess], which
//     turns two radios and a path into a [Budget] with the rate they can keep;
//   - [Channel], which takes a frame and a seeded source of chance and says what
//     arrives: nothing, the frame, damaged copies, copies late or twice;
//   - [Slots], which share a pair of frequencies by the clock;
//   - [Samples], the same physics for modulated samples, where the modems of
//     link/modem run: noise by C/N0, Doppler along a [Profile], clocks, [Fading].
//
// Nothing here reads a clock or draws chance of its own: the same arguments give
// the same result. Decibels are named in the field (DB, DBW, DBK, DBHz), other
// quantities carry their unit in the name.
//
// # The link equation
//
// As in CCSDS 401.0-B and every text book:
//
//	C/N0 = EIRP - FSL - atmosphere - other losses + G/T + 228.599   [dBHz]
//	Eb/N0 = C/N0 - 10 log10(information bit rate)                   [dB]
//	margin = Eb/N0 - required Eb/N0                                 [dB]
//
// Free-space loss is ITU-R P.525-4 (4); the atmosphere is a clear sky, the gases of
// link/propagation (ITU-R P.676-13 annex 1). Rain, clouds, pointing and
// polarisation are the business of link/budget, which makes a [Radio] out of a
// whole budget. The required Eb/N0 is that of a bit error rate of
// 1e-6 after decoding; a code is its published gain at 1e-5 and the steepness of
// its curve there, so that bit errors grow as steeply below the threshold as they
// do in life.
package channel
