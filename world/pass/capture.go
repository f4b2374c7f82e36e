package pass

import "spacechain/link/frame"

// TelemetryChannel is the managed parameters of the telemetry frames that [Config].Capture is
// given: they leave room for security, and their packets are in the clear. Telecommands are
// encrypted.
func TelemetryChannel() *frame.TMChannel { return (&flight{}).mission().TM() }
