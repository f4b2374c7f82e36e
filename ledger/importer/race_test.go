//go:build race

package importer

// raceEnabled: the race detector multiplies memory.
const raceEnabled = true
