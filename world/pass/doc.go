// Package pass flies one pass of a satellite over a ground station with all its radios, at
// two depths.
//
// Aboard are the platform's end of TT&C (platform/ttc) and the payload computer (satellite,
// with its operating system, gate and sandbox); on the ground the control of that satellite
// (station/control), the station with its files, and its owner's terminal. One clock.Loop
// drives them all. Between the two antennas are:
//
//	ttc-up        telecommands on VHF: AFSK, CLTU, TC frames with COP-1 and SDLS
//	ttc-down      telemetry on UHF: BPSK, concatenated code, TM frames with a control word
//	beacon        AX.25 on the same frequency
//	payload-up    S band: AOS frames with CFDP and the mesh on virtual channels
//	payload-down  S band: USLP frames with the same
//
// Range, light time, Doppler and the ratio of carrier to noise follow from an orbit by SGP4,
// a link budget and fades. At the depth [Frames] a frame is late by its time on the air and
// lost with the probability that its waveform has there. At the depth [Samples] it is
// modulated, goes through the noise sample by sample, and is found again or not. Everything
// above the frames is the same code, and one seed gives one history at either depth.
package pass
