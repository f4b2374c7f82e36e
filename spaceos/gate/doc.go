// Package gate is the one place that admits packages to a satellite, whether
// they come as a first install or as an update, from a stranger or from the house.
//
// Examine goes through the checks in a fixed order and stops at the first that
// fails: keys and both signatures, the module's digest, the publisher, the security
// counter, the runtime, permissions, quotas against policy and against what is free,
// the lease, and the module itself. What it refuses, it refuses with a *Refusal whose code
// is stable and reaches the owner. What it admits comes as an *Admission, which nothing
// else can make; the system installs nothing without one, and stores the admission's
// Record in the same batch as the tenant, so that a counter once admitted is
// remembered for good, after the tenant is removed too.
package gate
