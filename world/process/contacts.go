package process

import (
	"encoding/json"
	"fmt"
	"os"
	"time"

	"spacechain/dtn/contact"
	"spacechain/world/topology"
)

// Window is one entry of a contacts file: a time in which two nodes can talk.
type Window struct {
	A      uint64        `json:"a"`
	B      uint64        `json:"b"`
	Start  time.Time     `json:"start"`
	End    time.Time     `json:"end"`
	RateAB float64       `json:"rate_ab_bps"`
	RateBA float64       `json:"rate_ba_bps"`
	OWLT   time.Duration `json:"owlt_ns"`
	MTU    int           `json:"mtu,omitempty"` // largest frame in bytes; 0 means 1024
}

// Contacts is a contacts file, as "spacechain contacts" writes it.
type Contacts struct {
	Windows []Window `json:"windows"`
}

// maxContacts bounds a contacts file, in bytes.
const maxContacts = 256 << 20

// defaultMTU fits a datagram on every path.
const defaultMTU = 1024

// ReadContacts reads a contacts file.
func ReadContacts(path string) (*Contacts, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, fmt.Errorf("%w: contacts: %w", ErrConfig, err)
	}
	if info.Size() > maxContacts {
		return nil, fmt.Errorf("%w: contacts %s: %d bytes, the limit is %d", ErrConfig, path, info.Size(), maxContacts)
	}
	b, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("%w: contacts: %w", ErrConfig, err)
	}
	var c Contacts
	if err := json.Unmarshal(b, &c); err != nil {
		return nil, fmt.Errorf("%w: contacts %s: %w", ErrConfig, path, err)
	}
	return &c, nil
}

// Plan gives the contact plan of the windows.
func (c *Contacts) Plan() (*contact.Plan, error) {
	var contacts []contact.Contact
	for _, w := range c.Windows {
		contacts = append(contacts,
			contact.Contact{From: w.A, To: w.B, Start: w.Start, End: w.End, RateBps: w.RateAB, OWLT: w.OWLT},
			contact.Contact{From: w.B, To: w.A, Start: w.Start, End: w.End, RateBps: w.RateBA, OWLT: w.OWLT})
	}
	p, err := contact.NewPlan(contacts, contact.Ends(func(node uint64) bool { return node >= topology.FirstTerminal }))
	if err != nil {
		return nil, fmt.Errorf("%w: contacts: %w", ErrConfig, err)
	}
	return p, nil
}

// FromWindows makes a contacts file of a topology's windows. Those that do not close
// in both directions are left out.
func FromWindows(windows []topology.Window) *Contacts {
	c := &Contacts{Windows: []Window{}}
	for _, w := range windows {
		if w.RateABBps <= 0 || w.RateBABps <= 0 {
			continue
		}
		c.Windows = append(c.Windows, Window{A: w.A, B: w.B, Start: w.Start, End: w.End,
			RateAB: w.RateABBps, RateBA: w.RateBABps, OWLT: w.OWLT})
	}
	return c
}
