// Package apps holds the sources of the apps that ship with SpaceChain. Each is
// useful and is also an example; "spacechain app init --example NAME" copies one.
package apps

import "embed"

// FS has one folder for each app, with its spacechain.yaml and its sources.
//
//go:embed */spacechain.yaml */*.js */src/*.ts */*.go */*.c
var FS embed.FS
