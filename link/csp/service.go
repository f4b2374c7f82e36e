package csp

import (
	"bytes"
	"encoding/binary"
	"fmt"
)

// The ports of the services that every node offers.
const (
	PortCMP     uint8 = 0 // management: ident
	PortPing    uint8 = 1
	PortTasks   uint8 = 2 // list of processes, as text
	PortMemFree uint8 = 3
	PortReboot  uint8 = 4
	PortBuffers uint8 = 5
	PortUptime  uint8 = 6
)

// Words that a request to PortReboot carries, so that no stray packet reboots a node.
const (
	rebootWord   = 0x80078007
	shutdownWord = 0xd1e5529a
)

// Types and the code of management messages.
const (
	cmpRequest = 0x00
	cmpReply   = 0xff
	cmpIdent   = 1
)

// Sizes of the text fields of an ident reply, each ended by a zero.
const (
	identHost     = 20
	identModel    = 30
	identRevision = 20
	identDate     = 12
	identTime     = 9
	identSize     = 2 + identHost + identModel + identRevision + identDate + identTime
)

// Ident is what a node says it is.
type Ident struct {
	Hostname, Model, Revision string
	Date, Time                string // of the build, as a C compiler writes them
}

// Node is what the services tell about a node at the instant of a request.
type Node struct {
	Ident       Ident
	Tasks       string
	MemFree     uint32 // octets
	BuffersFree uint32
	Uptime      uint32 // seconds
}

// Action is what a request asks a node to do beyond replying.
type Action int

// The actions.
const (
	NoAction Action = iota
	Reboot
	Shutdown
)

// String names the action.
func (a Action) String() string { return [...]string{"none", "reboot", "shutdown"}[a] }

// Serve answers a request to a service port: the reply, whether there is one, and what else is to be
// done. Who may ask for that is for the caller to decide. Request and reply are as Guard.Open gives
// and Guard.Seal takes them.
func Serve(n Node, request Packet) (reply Packet, ok bool, do Action, err error) {
	reply.Header = request.Header.Reply()
	switch request.DestinationPort {
	case PortCMP:
		if len(request.Data) < 2 || request.Data[0] != cmpRequest {
			return Packet{}, false, NoAction, fmt.Errorf("csp: %d octets are no management request", len(request.Data))
		}
		if code := request.Data[1]; code != cmpIdent {
			return Packet{}, false, NoAction, fmt.Errorf("csp: management request %d is not served", code)
		}
		reply.Data = n.Ident.append([]byte{cmpReply, cmpIdent})
	case PortPing:
		reply.Data = bytes.Clone(request.Data)
	case PortTasks:
		reply.Data = []byte(n.Tasks)
	case PortMemFree:
		reply.Data = binary.BigEndian.AppendUint32(nil, n.MemFree)
	case PortReboot:
		if len(request.Data) != 4 {
			return Packet{}, false, NoAction, fmt.Errorf("csp: reboot request of %d octets, not 4", len(request.Data))
		}
		switch word := binary.BigEndian.Uint32(request.Data); word {
		case rebootWord:
			return Packet{}, false, Reboot, nil
		case shutdownWord:
			return Packet{}, false, Shutdown, nil
		default:
			return Packet{}, false, NoAction, fmt.Errorf("csp: reboot request with word %#08x", word)
		}
	case PortBuffers:
		reply.Data = binary.BigEndian.AppendUint32(nil, n.BuffersFree)
	case PortUptime:
		reply.Data = binary.BigEndian.AppendUint32(nil, n.Uptime)
	default:
		return Packet{}, false, NoAction, fmt.Errorf("csp: no service on port %d", request.DestinationPort)
	}
	return reply, true, NoAction, nil
}

// PingRequest gives the data of a ping of a size as libcsp sends it: octets that count up.
func PingRequest(size int) []byte {
	data := make([]byte, size)
	for i := range data {
		data[i] = byte(i)
	}
	return data
}

// IdentRequest gives the data of a request to PortCMP for a node's identification. Like libcsp's it
// has room for the reply, which older nodes write in place.
func IdentRequest() []byte {
	data := make([]byte, identSize)
	data[0], data[1] = cmpRequest, cmpIdent
	return data
}

// RebootRequest gives the data of a request to PortReboot for an action; nil for NoAction.
func RebootRequest(a Action) []byte {
	switch a {
	case Reboot:
		return binary.BigEndian.AppendUint32(nil, rebootWord)
	case Shutdown:
		return binary.BigEndian.AppendUint32(nil, shutdownWord)
	}
	return nil
}

// append adds the fields to dst, each cut to leave room for its zero.
func (id Ident) append(dst []byte) []byte {
	for _, f := range []struct {
		text string
		size int
	}{{id.Hostname, identHost}, {id.Model, identModel}, {id.Revision, identRevision}, {id.Date, identDate}, {id.Time, identTime}} {
		field := make([]byte, f.size)
		copy(field[:f.size-1], f.text)
		dst = append(dst, field...)
	}
	return dst
}

// ParseIdent reads the data of a reply to IdentRequest.
func ParseIdent(data []byte) (Ident, error) {
	if len(data) < identSize || data[0] != cmpReply || data[1] != cmpIdent {
		return Ident{}, fmt.Errorf("csp: %d octets are no ident reply", len(data))
	}
	data = data[2:]
	next := func(size int) string {
		text, _, _ := bytes.Cut(data[:size], []byte{0})
		data = data[size:]
		return string(text)
	}
	return Ident{next(identHost), next(identModel), next(identRevision), next(identDate), next(identTime)}, nil
}

// ParseCount reads the data of a reply from PortMemFree, PortBuffers or PortUptime.
func ParseCount(data []byte) (uint32, error) {
	if len(data) != 4 {
		return 0, fmt.Errorf("csp: count of %d octets, not 4", len(data))
	}
	return binary.BigEndian.Uint32(data), nil
}
