// Package store keeps a node's bundles through power cuts.
//
// All changes go through a Batch: on return of Commit they are on disk, all or
// none. What is kept beside bundles is small: which bundles were consumed here (so
// that a late copy is not delivered again), which transfers were completed (so that
// a repeated one is only acknowledged again), and what has come of transfers that
// broke off (so that they resume).
//
// # When it is full
//
// A bundle that was acknowledged is never thrown away to make room: Put refuses new
// ones with ErrFull, and the node before keeps its copy. What goes first are parts
// of broken transfers, which nobody was promised.
//
// A Store is not safe for concurrent use.
package store
