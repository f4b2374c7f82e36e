package scenario

import (
	"fmt"
	"strconv"
	"strings"
)

// Cast is who is there to be struck.
type Cast struct {
	Satellites []Actor
	Stations   []Actor
	Terminals  []Actor
	Links      [][2]uint64 // the links that "any link" draws from; others may still be named
}

// Actor is one node.
type Actor struct {
	Node uint64
	Name string
}

// find gives the node that a file means by its number or name.
func (c Cast) find(text string) (uint64, error) {
	number, err := strconv.ParseUint(text, 10, 64)
	isNumber := err == nil
	var found []uint64
	for _, a := range c.class(Node) {
		if isNumber && a.Node == number {
			return number, nil
		}
		if strings.EqualFold(a.Name, text) {
			found = append(found, a.Node)
		}
	}
	switch len(found) {
	case 0:
		return 0, fmt.Errorf("there is no node %q in this world", text)
	case 1:
		return found[0], nil
	}
	return 0, fmt.Errorf("%d nodes are called %q; use the number", len(found), text)
}

// class gives the actors of a class.
func (c Cast) class(class Class) []Actor {
	switch class {
	case Satellite:
		return c.Satellites
	case Station:
		return c.Stations
	case Terminal:
		return c.Terminals
	}
	all := make([]Actor, 0, len(c.Satellites)+len(c.Stations)+len(c.Terminals))
	return append(append(append(all, c.Satellites...), c.Stations...), c.Terminals...)
}

// isStation says whether a node is one of the stations.
func (c Cast) isStation(node uint64) bool {
	for _, a := range c.Stations {
		if a.Node == node {
			return true
		}
	}
	return false
}
