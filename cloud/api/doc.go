// Package api is the HTTP face of a running SpaceChain: it answers what the
// command line and the console ask, accepts signed owner commands, and streams
// what happens as it happens.
//
// The package declares the interface that it consumes, [Backend], with its own
// types; whoever owns a universe or a terminal implements it. [New] puts HTTP
// around one Backend:
//
//	GET  /api/v1/universe                 simulated time, speed, seed, counts
//	GET  /api/v1/satellites[/{id}]        satellites; one with its ground track
//	GET  /api/v1/stations                 ground stations
//	GET  /api/v1/passes                   passes by satellite, station and time
//	GET  /api/v1/links                    live links
//	GET  /api/v1/positions                where every satellite is, as plain arrays
//	GET  /api/v1/tenants[/{id}]           apps known to the terminal
//	GET  /api/v1/tenants/{id}/results     their results, oldest first, by sequence
//	GET  /api/v1/tenants/{id}/logs        their log lines
//	POST /api/v1/commands                 a signed command (application/cbor)
//	GET  /api/v1/requests[/{id}]          how far a command has come
//	POST /api/v1/models/magnetic-field    IGRF-14 along a track, to show beside a measured one
//	GET  /api/v1/events                   server-sent events (see [EventKind])
//	GET  /openapi.json                    OpenAPI 3.1, generated from these types
//	GET  /metrics, /healthz               for operations
//
// Errors are application/problem+json (RFC 9457). Times are RFC 3339 in UTC and
// are simulated time unless a field says otherwise. Node numbers are ipn node
// numbers: a satellite's is its NORAD id, stations start at 2000001, terminals
// at 3000001.
//
// Commands carry their owner's signatures, so the API itself asks for no login.
// It binds to loopback by default, answers only for host names that it was told
// (DNS rebinding), refuses cross-site writes and sends no CORS headers.
//
// A [Server] is safe for concurrent use; a Backend must be too.
package api
