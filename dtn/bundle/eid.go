package bundle

import (
	"cmp"
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"

	"spacechain/internal/cbor"
)

// ErrEID is wrapped by every error about an endpoint id.
var ErrEID = errors.New("endpoint id")

// Scheme numbers of endpoint ids (RFC 9171 §9.6).
const (
	schemeDTN = 1
	schemeIPN = 2
)

// LocalNode is the node number that means "this node" and is written ipn:!.service
// (RFC 9758 §3.4.2).
const LocalNode = math.MaxUint32

// EID is an endpoint id: who a bundle is from or for. It is of the scheme ipn
// (node and service numbers) or dtn (names). EIDs are compared with ==: however an
// ipn id was encoded, in two elements or three, the same endpoint gives the same
// EID. The zero value is dtn:none.
type EID struct {
	ipn     bool
	node    uint64 // fully qualified: allocator<<32 | node
	service uint64
	name    string // dtn scheme: what follows "dtn:", such as "//gs1/mail"
}

// None is dtn:none, the null endpoint.
var None = EID{}

// IPN is the endpoint ipn:node.service. A node above 2^32-1 is fully qualified:
// its upper half is the allocator (RFC 9758 §3.2).
func IPN(node, service uint64) EID { return EID{ipn: true, node: node, service: service} }

// IPN3 is the endpoint ipn:allocator.node.service (RFC 9758).
func IPN3(allocator, node uint32, service uint64) EID {
	return IPN(uint64(allocator)<<32|uint64(node), service)
}

// IsIPN tells whether the id is of the ipn scheme.
func (e EID) IsIPN() bool { return e.ipn }

// IsNull tells whether the id names no endpoint: dtn:none, or ipn with allocator
// and node 0, whatever the service.
func (e EID) IsNull() bool {
	if e.ipn {
		return e.node == 0
	}
	return e.name == ""
}

// Node is the fully qualified node number of an ipn id, 0 of a dtn id.
func (e EID) Node() uint64 { return e.node }

// Allocator is the upper half of an ipn id's fully qualified node number.
func (e EID) Allocator() uint32 { return uint32(e.node >> 32) }

// Service is the service number of an ipn id, 0 of a dtn id.
func (e EID) Service() uint64 { return e.service }

// Compare orders ids: dtn ids by name first, then ipn ids by node and service.
func (e EID) Compare(o EID) int {
	switch {
	case e.ipn != o.ipn && e.ipn:
		return 1
	case e.ipn != o.ipn:
		return -1
	}
	return cmp.Or(cmp.Compare(e.node, o.node), cmp.Compare(e.service, o.service),
		cmp.Compare(e.name, o.name))
}

// String writes the id as a URI: "ipn:90001.1", "ipn:977000.5.1", "dtn://gs1/mail".
func (e EID) String() string {
	switch {
	case !e.ipn && e.name == "":
		return "dtn:none"
	case !e.ipn:
		return "dtn:" + e.name
	case e.node == LocalNode:
		return "ipn:!." + strconv.FormatUint(e.service, 10)
	case e.node > math.MaxUint32:
		return fmt.Sprintf("ipn:%d.%d.%d", e.node>>32, e.node&math.MaxUint32, e.service)
	}
	return "ipn:" + strconv.FormatUint(e.node, 10) + "." + strconv.FormatUint(e.service, 10)
}

// ParseEID reads a URI such as "ipn:90001.1", "ipn:977000.5.1", "ipn:!.7",
// "dtn:none" or "dtn://gs1/mail".
func ParseEID(s string) (EID, error) {
	scheme, rest, ok := strings.Cut(s, ":")
	switch {
	case ok && scheme == "dtn" && rest == "none":
		return None, nil
	case ok && scheme == "dtn":
		if err := checkDTNName(rest); err != nil {
			return None, err
		}
		return EID{name: rest}, nil
	case ok && scheme == "ipn":
		return parseIPN(s, rest)
	}
	return None, fmt.Errorf("%w %q: want ipn:node.service or dtn://node/name", ErrEID, s)
}

func parseIPN(whole, rest string) (EID, error) {
	parts := strings.Split(rest, ".")
	if len(parts) != 2 && len(parts) != 3 {
		return None, fmt.Errorf("%w %q: want ipn:node.service or ipn:allocator.node.service", ErrEID, whole)
	}
	if len(parts) == 2 && parts[0] == "!" {
		parts[0] = strconv.FormatUint(LocalNode, 10)
	}
	var n [3]uint64
	at := 3 - len(parts)
	for i, p := range parts {
		v, err := strconv.ParseUint(p, 10, 64)
		if err != nil || (len(p) > 1 && p[0] == '0') || p[0] == '+' {
			return None, fmt.Errorf("%w %q: %q is not a number", ErrEID, whole, p)
		}
		n[at+i] = v
	}
	if n[0] > math.MaxUint32 || n[1] > math.MaxUint32 {
		return None, fmt.Errorf("%w %q: allocator and node are below 2^32; write ipn:allocator.node.service",
			ErrEID, whole)
	}
	return IPN3(uint32(n[0]), uint32(n[1]), n[2]), nil
}

// checkDTNName checks what follows "dtn:" (RFC 9171 §4.2.5.1.1): "//", a node name,
// "/", a demultiplexing name that may be empty, all of visible ASCII.
func checkDTNName(name string) error {
	node, _, ok := strings.Cut(strings.TrimPrefix(name, "//"), "/")
	if !strings.HasPrefix(name, "//") || !ok || node == "" {
		return fmt.Errorf("%w %q: want dtn:none or dtn://node/name", ErrEID, "dtn:"+name)
	}
	for i := range len(name) {
		if name[i] <= ' ' || name[i] > '~' {
			return fmt.Errorf("%w %q: only visible ASCII may be in it", ErrEID, "dtn:"+name)
		}
	}
	return nil
}

// AppendEID appends the id in CBOR, an ipn id in two elements, which every node
// understands (RFC 9758 §6.1.1).
func AppendEID(dst []byte, e EID) []byte { return appendEID(dst, e, false) }

// AppendEID3 appends the id in CBOR, an ipn id in three elements (RFC 9758 §6.1.2).
func AppendEID3(dst []byte, e EID) []byte { return appendEID(dst, e, true) }

func appendEID(dst []byte, e EID, three bool) []byte {
	dst = cbor.AppendArray(dst, 2)
	switch {
	case !e.ipn && e.name == "":
		return cbor.AppendUint(cbor.AppendUint(dst, schemeDTN), 0)
	case !e.ipn:
		return cbor.AppendText(cbor.AppendUint(dst, schemeDTN), e.name)
	case three:
		dst = cbor.AppendArray(cbor.AppendUint(dst, schemeIPN), 3)
		dst = cbor.AppendUint(cbor.AppendUint(dst, e.node>>32), e.node&math.MaxUint32)
	default:
		dst = cbor.AppendArray(cbor.AppendUint(dst, schemeIPN), 2)
		dst = cbor.AppendUint(dst, e.node)
	}
	return cbor.AppendUint(dst, e.service)
}

// DecodeEID reads an id in either encoding.
func DecodeEID(d *cbor.Decoder) (EID, error) {
	if err := arrayOf(d, 2, "endpoint id"); err != nil {
		return None, err
	}
	scheme, err := d.Uint()
	if err != nil {
		return None, err
	}
	switch scheme {
	case schemeDTN:
		return decodeDTN(d)
	case schemeIPN:
		return decodeIPN(d)
	}
	return None, fmt.Errorf("%w: scheme number %d is neither dtn (1) nor ipn (2)", ErrEID, scheme)
}

func decodeDTN(d *cbor.Decoder) (EID, error) {
	if m, err := d.Peek(); err != nil {
		return None, err
	} else if m == cbor.MajorUint {
		n, err := d.Uint()
		if err == nil && n != 0 {
			err = fmt.Errorf("%w: dtn with the number %d; only 0 (none) is one", ErrEID, n)
		}
		return None, err
	}
	name, err := d.Text()
	if err != nil {
		return None, err
	}
	if err := checkDTNName(name); err != nil {
		return None, err
	}
	return EID{name: name}, nil
}

func decodeIPN(d *cbor.Decoder) (EID, error) {
	n, err := d.Array()
	if err != nil {
		return None, err
	}
	if n != 2 && n != 3 {
		return None, fmt.Errorf("%w: ipn of %d elements, want 2 or 3", ErrEID, n)
	}
	e := EID{ipn: true}
	if n == 3 {
		allocator, err := d.Uint()
		if err != nil {
			return None, err
		}
		if allocator > math.MaxUint32 {
			return None, fmt.Errorf("%w: ipn allocator %d is above 2^32-1", ErrEID, allocator)
		}
		e.node = allocator << 32
	}
	node, err := d.Uint()
	if err != nil {
		return None, err
	}
	if n == 3 && node > math.MaxUint32 {
		return None, fmt.Errorf("%w: ipn node %d is above 2^32-1", ErrEID, node)
	}
	e.node |= node
	e.service, err = d.Uint()
	return e, err
}

func arrayOf(d *cbor.Decoder, want int, what string) error {
	n, err := d.Array()
	if err == nil && n != want {
		err = fmt.Errorf("%w: %s is an array of %d, want %d", ErrMalformed, what, n, want)
	}
	return err
}
