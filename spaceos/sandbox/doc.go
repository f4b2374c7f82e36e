// Package sandbox runs strangers' code: WebAssembly modules and JavaScript
// bundles, metered, bounded in memory and stack, and with no way out but the
// Host given to each activation.
package sandbox
