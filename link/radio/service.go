package radio

import "fmt"

// Service is what a unit on a [Trunk] is.
type Service uint8

// The services of a trunk, each with packets and a virtual channel of its own.
const (
	Mesh    Service = iota + 1 // frames of dtn/cla's convergence layer; encapsulation packets of the private protocol 7
	Bundles                    // whole BPv7 bundles; encapsulation packets of protocol 4
	Files                      // CFDP protocol data units; encapsulation packets of protocol 3
)

// String names the service.
func (s Service) String() string {
	switch s {
	case Mesh:
		return "mesh"
	case Bundles:
		return "bundles"
	case Files:
		return "files"
	}
	return fmt.Sprintf("service %d", uint8(s))
}
