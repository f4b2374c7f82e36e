// Package sdk holds the files of the app SDKs, so that `spacechain app init` can
// write them beside a new app. It is data: nothing here runs on the ground.
package sdk

import "embed"

// FS has one folder for each language: js, go, c and rust.
//
//go:embed js go c rust
var FS embed.FS
