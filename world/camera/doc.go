// Package camera renders what a satellite sees of the Earth: land and sea under
// the light of the Sun, dusk, night, and the thin line of air at the limb.
//
// It is a simulator's camera, not a picture of any day: land is one tone, sea
// another, ice a third; there are no clouds. What is right is the geometry (the
// WGS-84 ellipsoid in perspective), the coastlines (0.1 degree cells) and where it
// is day. The land mask is made at build time by `make landmask`; where it is
// missing, the Earth is drawn as a plain ball with a graticule every ten degrees.
//
// Rendering is a pure function of the [View]: the same picture for the same place,
// attitude and time.
package camera
