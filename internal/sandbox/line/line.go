// Package line is a wire between the portal and whoever it talks to, which a test can make bad: Maia, the provider or
// the database behind it. It knows no protocol. What it does to bytes and connections is all that a network, a firewall
// or a balancer can do; how a peer itself goes wrong is package fault's business.
package line

import (
	"fmt"
	"net"
	"sync"
	"time"
)

// State is what becomes of what is sent over a line.
type State int

const (
	// Whole lets everything pass. What another state has lost stays lost.
	Whole State = iota
	// Slow lets everything pass, each piece a moment later.
	Slow
	// Drip lets requests pass, and answers byte by byte.
	Drip
	// Mute lets requests pass, and loses the answers. Nobody is told.
	Mute
	// BlackHole takes connections and loses everything, in both directions. Nobody is told.
	BlackHole
	// HalfOpen is what is left when a peer has vanished: its end of each connection that there is has closed, and the
	// portal's is never told. New connections are whole.
	HalfOpen
	// Cut ends all connections in order, and new ones as soon as they are made.
	Cut
	// Reset does the same the hard way.
	Reset
)

// String names a state in the names of tests.
func (s State) String() string {
	return [...]string{"whole", "slow", "drip", "mute", "black hole", "half-open", "cut", "reset"}[s]
}

// moment is how much later a piece, or the next byte of a drip, comes.
const moment = 50 * time.Millisecond

// Line is a wire on a port of loopback. It is whole at first.
type Line struct {
	listener net.Listener
	running  sync.WaitGroup

	to string

	mu      sync.Mutex
	state   State
	changed chan struct{} // closed by the next Set
	open    map[*link]struct{}
}

// Listen takes a free port. Nothing is taken on before To.
func Listen() (*Line, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, fmt.Errorf("line: %w", err)
	}
	return &Line{
		listener: l,
		changed:  make(chan struct{}),
		open:     map[*link]struct{}{},
	}, nil
}

// Addr is the end that is for the portal, as host:port.
func (l *Line) Addr() string { return l.listener.Addr().String() }

// To puts the other end to an address, and begins to take connections.
func (l *Line) To(address string) {
	l.to = address
	l.running.Go(func() {
		for {
			near, err := l.listener.Accept()
			if err != nil {
				return
			}
			l.running.Go(func() { l.connect(near.(*net.TCPConn)) })
		}
	})
}

// Set changes what becomes of what is sent from now on, and of the connections that there are.
func (l *Line) Set(s State) {
	l.mu.Lock()
	l.state = s
	close(l.changed)
	l.changed = make(chan struct{})
	var all []*link
	for c := range l.open {
		all = append(all, c)
	}
	l.mu.Unlock()
	for _, c := range all {
		switch s {
		case Cut, Reset:
			c.end(s == Reset)
		case HalfOpen:
			c.lose()
			_ = c.far.Close()
		case Whole, Slow, Drip, Mute, BlackHole:
		}
	}
}

// Lost counts the connections on which nothing passes any more, and which the portal has not given up.
func (l *Line) Lost() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	n := 0
	for c := range l.open {
		if c.isLost() {
			n++
		}
	}
	return n
}

// Close ends the line with all connections.
func (l *Line) Close() error {
	err := l.listener.Close()
	l.Set(Cut)
	l.running.Wait()
	return err
}

// now is the state, and what is closed when it changes.
func (l *Line) now() (State, <-chan struct{}) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.state, l.changed
}

// link is one connection: near is the portal's end.
type link struct {
	line      *Line
	near, far *net.TCPConn

	mu   sync.Mutex
	lost bool // something is missing in the middle, so nothing passes any more
}

func (l *Line) connect(near *net.TCPConn) {
	conn, err := net.Dial("tcp", l.to)
	if err != nil {
		_ = near.Close()
		return
	}
	c := &link{
		line: l,
		near: near,
		far:  conn.(*net.TCPConn),
	}
	l.mu.Lock()
	state := l.state
	l.open[c] = struct{}{}
	l.mu.Unlock()
	if state == Cut || state == Reset {
		c.end(state == Reset)
	}
	var both sync.WaitGroup
	both.Go(func() {
		c.pump(c.near, c.far, false)
		// The portal has closed its end. A peer behind a hole learns it when there is a way again.
		l.mu.Lock()
		delete(l.open, c)
		l.mu.Unlock()
		for c.isLost() {
			state, changed := l.now()
			if state != BlackHole && state != Mute {
				break
			}
			<-changed
		}
		_ = c.near.Close()
		_ = c.far.Close()
	})
	both.Go(func() {
		c.pump(c.far, c.near, true)
		if !c.isLost() {
			_ = c.near.CloseWrite()
		}
	})
	both.Wait()
}

// pump passes on what comes, until one of the two ends is closed.
func (c *link) pump(from, to *net.TCPConn, answers bool) {
	b := make([]byte, 32<<10)
	for {
		n, err := from.Read(b)
		if n > 0 && !c.pass(to, b[:n], answers) {
			c.lose()
		}
		if err != nil {
			return
		}
	}
}

// pass says whether a piece arrived.
func (c *link) pass(to *net.TCPConn, piece []byte, answers bool) bool {
	for len(piece) > 0 {
		if c.isLost() {
			return false
		}
		state, changed := c.line.now()
		n := len(piece)
		switch {
		case state == BlackHole, state == Mute && answers:
			return false
		case state == Drip && answers:
			n = 1
			wait(changed)
		case state == Slow:
			wait(nil)
		}
		if _, err := to.Write(piece[:n]); err != nil {
			return false
		}
		piece = piece[n:]
	}
	return true
}

// wait waits for a moment, or for another state.
func wait(changed <-chan struct{}) {
	t := time.NewTimer(moment)
	defer t.Stop()
	select {
	case <-t.C:
	case <-changed:
	}
}

func (c *link) lose() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.lost = true
}

func (c *link) isLost() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.lost
}

// end closes both ends.
func (c *link) end(hard bool) {
	if hard {
		_ = c.near.SetLinger(0)
		_ = c.far.SetLinger(0)
	}
	_ = c.near.Close()
	_ = c.far.Close()
}
