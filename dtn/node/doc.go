// Package node is a node of the mesh: it keeps bundles, finds routes for them,
// hands them to neighbours when links are up, and delivers those that are for it.
//
// A Node does no I/O and reads no clock. Its driver calls a method for everything
// that happens (Send, LinkUp, LinkDown, Frame, SetPlan, Consume, and Tick at
// NextWake), then drains Ready: frames to put on links, bundles for local services,
// events to log. The driver sends a link's frames in order at the link's rate; a
// node has no more frames out on a link than its window.
//
// # Custody
//
// A bundle that Send returned an id for, or that a neighbour got an acknowledgement
// for, is in the store. It leaves the store only when the next node has stored it,
// when Consume takes it, or when it expires. A bundle may travel twice when an
// acknowledgement was lost with the link; its destination delivers it once.
//
// # Routing
//
// Each bundle is routed when it comes and again when its contact passed unused, a
// link went down, a neighbour refused it or the plan changed (package contact). It
// waits where no contact leads on. The node that it came from is not asked first.
// Small bundles go before large ones on a link.
package node
