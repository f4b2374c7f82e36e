package process

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"time"

	"spacechain/clock"
	"spacechain/dtn/node"
	"spacechain/link/channel"
	"spacechain/world/host"
)

// maxDatagram is the largest datagram read from a socket, in bytes.
const maxDatagram = 65535

// socket is a UDP socket whose datagrams enter a loop.
type socket struct {
	conn *net.UDPConn
}

// open listens on an address, such as "127.0.0.1:7001".
func open(what, address string) (*socket, error) {
	addr, err := net.ResolveUDPAddr("udp", address)
	if err != nil {
		return nil, fmt.Errorf("%w: %s %q: %w", ErrConfig, what, address, err)
	}
	conn, err := net.ListenUDP("udp", addr)
	if err != nil {
		return nil, fmt.Errorf("%s %s: %w", what, address, err)
	}
	return &socket{conn}, nil
}

// read gives every datagram to take, until ctx ends.
func (s *socket) read(ctx context.Context, take func(from netip.AddrPort, data []byte)) error {
	stop := context.AfterFunc(ctx, func() { s.conn.Close() })
	defer stop()
	buf := make([]byte, maxDatagram)
	for {
		n, from, err := s.conn.ReadFromUDPAddrPort(buf)
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if errors.Is(err, net.ErrClosed) {
			return err
		}
		if err != nil {
			continue // an earlier datagram bounced: the peer is not there now
		}
		take(netip.AddrPortFrom(from.Addr().Unmap(), from.Port()), append([]byte(nil), buf[:n]...))
	}
}

// send puts a datagram out. What the network loses, the link layer sends again.
func (s *socket) send(to netip.AddrPort, data []byte) {
	_, _ = s.conn.WriteToUDPAddrPort(data, to) //nolint:errcheck // a link may lose frames
}

// wires are a node's links to other processes: a socket, the peers behind it, and
// when each can be heard.
type wires struct {
	loop  *clock.Loop
	sock  *socket
	peers map[uint64]netip.AddrPort
	names map[netip.AddrPort]uint64
	lines map[uint64]*line // links that are up
	node  uint64
	host  *host.Host
	slack time.Duration // what the machines add to a link's light time, in simulated time
	fail  func(error)
}

// machineDelay is how long a datagram may take from the loop of one process to that
// of another beyond its light time. At a fast pace that is seconds of simulated time,
// which the link layer must know of, lest it send everything twice.
const machineDelay = 5 * time.Millisecond

// line is a link that is up: its sender is busy until a time.
type line struct {
	rate  float64
	owlt  time.Duration
	until time.Time
}

// newWires opens the socket and resolves the peers.
func newWires(c *Config, loop *clock.Loop, pace clock.Pace, fail func(error)) (*wires, error) {
	w := &wires{loop: loop, node: c.Node, fail: fail, slack: time.Duration(float64(machineDelay) * pace.Factor), peers: map[uint64]netip.AddrPort{},
		names: map[netip.AddrPort]uint64{}, lines: map[uint64]*line{}}
	for id, address := range c.Peers {
		addr, err := net.ResolveUDPAddr("udp", address)
		if err != nil {
			return nil, fmt.Errorf("%w: peer %d at %q: %w", ErrConfig, id, address, err)
		}
		ap := addr.AddrPort()
		ap = netip.AddrPortFrom(ap.Addr().Unmap(), ap.Port())
		w.peers[id], w.names[ap] = ap, id
	}
	var err error
	w.sock, err = open("listen", c.Listen)
	return w, err
}

// Carry implements host.Carrier: a frame leaves when the line is free and arrives
// after its airtime and the light time.
func (w *wires) Carry(now time.Time, f node.OutFrame) {
	l := w.lines[f.Peer]
	if l == nil {
		return
	}
	if l.until.Before(now) {
		l.until = now
	}
	l.until = l.until.Add(channel.Airtime(len(f.Data), l.rate))
	to := w.peers[f.Peer]
	w.loop.At(l.until.Add(l.owlt), func() {
		if w.lines[f.Peer] == l { // what is in the air when a link ends is lost
			w.sock.send(to, f.Data)
		}
	})
}

// receive takes a datagram from the socket's goroutine.
func (w *wires) receive(from netip.AddrPort, data []byte) {
	peer, ok := w.names[from]
	if !ok {
		return // not one of ours
	}
	w.loop.Post(func() {
		if w.lines[peer] != nil {
			w.host.Do(func(now time.Time) { w.host.Core().Frame(now, peer, data) })
		}
	})
}

// schedule brings links up and down as the contacts say.
func (w *wires) schedule(c *Contacts) {
	now := w.loop.Now()
	for _, win := range c.Windows {
		peer, rate := win.B, win.RateAB
		switch w.node {
		case win.A:
		case win.B:
			peer, rate = win.A, win.RateBA
		default:
			continue
		}
		if _, ok := w.peers[peer]; !ok || !win.End.After(now) {
			continue
		}
		w.loop.At(win.Start, func() { w.up(peer, rate, win) })
	}
}

func (w *wires) up(peer uint64, rate float64, win Window) {
	l := &line{rate: rate, owlt: win.OWLT}
	w.lines[peer] = l
	mtu := win.MTU
	if mtu == 0 {
		mtu = defaultMTU
	}
	info := node.LinkInfo{Peer: peer, RateBps: rate, OWLT: win.OWLT + w.slack, MTU: mtu, Until: win.End}
	w.host.Do(func(now time.Time) {
		if err := w.host.Core().LinkUp(now, info); err != nil {
			w.fail(err)
		}
	})
	w.loop.At(win.End, func() {
		if w.lines[peer] == l {
			delete(w.lines, peer)
			w.host.Do(func(now time.Time) { w.host.Core().LinkDown(now, peer) })
		}
	})
}
