// Package terminal is the user terminal: it sends an owner's signed commands to
// satellites and keeps what comes home.
//
// It is a core around a mesh node: input and time in, frames and records out. What
// it has accepted is stored before it says so, and what it has received is stored
// before the bundle is let go, so a restart at any moment loses neither. Records
// are read with Desk, from any goroutine.
package terminal
