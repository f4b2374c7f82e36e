package manifest

import (
	"fmt"
	"math"
	"strconv"
	"strings"
)

// PeerOwner is the name by which every app may send to its owner.
const PeerOwner = "owner"

// Peer is a pattern of ipn endpoint ids. A nil number matches any.
type Peer struct{ Node, Service *uint64 }

// ParsePeer reads "ipn:NODE.SERVICE", where either number may be "*".
func ParsePeer(s string) (Peer, error) {
	var p Peer
	rest, ok := strings.CutPrefix(s, "ipn:")
	node, service, ok2 := strings.Cut(rest, ".")
	if ok && ok2 {
		var err1, err2 error
		p.Node, err1 = wildNumber(node)
		p.Service, err2 = wildNumber(service)
		if err1 == nil && err2 == nil && (p.Node == nil || *p.Node <= math.MaxUint32) { // RFC 9758: two parts
			return p, nil
		}
	}
	return Peer{}, fmt.Errorf("peer %q: want ipn:NODE.SERVICE, such as ipn:3000001.2, with * for any number", s)
}

func wildNumber(s string) (*uint64, error) {
	if s == "*" {
		return nil, nil
	}
	n, err := strconv.ParseUint(s, 10, 64)
	if err == nil && strconv.FormatUint(n, 10) != s {
		err = strconv.ErrSyntax
	}
	return &n, err
}

// Match reports whether an endpoint id is one of the pattern's.
func (p Peer) Match(node, service uint64) bool {
	return (p.Node == nil || *p.Node == node) && (p.Service == nil || *p.Service == service)
}

// Within reports whether every endpoint of p is one of q's too.
func (p Peer) Within(q Peer) bool {
	part := func(a, b *uint64) bool { return b == nil || (a != nil && *a == *b) }
	return part(p.Node, q.Node) && part(p.Service, q.Service)
}

// ParseEndpoint reads a concrete endpoint id "ipn:NODE.SERVICE".
func ParseEndpoint(s string) (node, service uint64, err error) {
	p, err := ParsePeer(s)
	if err == nil && p.Node != nil && p.Service != nil {
		return *p.Node, *p.Service, nil
	}
	return 0, 0, fmt.Errorf("endpoint %q: want ipn:NODE.SERVICE, such as ipn:3000001.2", s)
}
