// Package build is the author's workbench: it lays out a new app with the SDK
// beside it, and turns an app's source folder into the module and the manifest
// that a package is made of.
//
// JavaScript and TypeScript are bundled in-process; Go, C and Rust go through
// the toolchains of the author's machine. Everything that can be wrong with a
// source file is reported as a Diagnostic with file and line.
//
// It runs on the ground only: it starts compilers and reads and writes files.
package build
