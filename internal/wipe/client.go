package wipe

import (
	"crypto/tls"
	"encoding/binary"
	"io"
	"net"
	"sync"
)

// BufferSize is what http.Transport.WriteBufferSize and ReadBufferSize have to be, so that a Conn knows
// the transport's buffers when it sees them.
const BufferSize = 4 << 10

// record is how much of a body is written at once: what TLS puts into one record.
const record = 16 << 10

// recordRooms are for a record each. All of them are clear: whoever puts one back has cleared it.
var recordRooms = sync.Pool{New: func() any { return new([record]byte) }}

// Conn is a client's connection on which net/http leaves nothing behind. Around TLS it is made by TLS,
// because only outside of it are net/http's buffers seen.
type Conn struct {
	net.Conn
	records *records // inside of TLS; nil without it

	mu     sync.Mutex
	in     buffer // http.Transport's read buffer
	inRead bool
	over   bool // nobody reads from the buffers any more, but the transport, when it waits for an answer
	closed bool
}

// Plain wraps a connection without TLS.
func Plain(c net.Conn) *Conn { return &Conn{Conn: c} }

// TLS wraps a connection over which client speaks TLS, with the configuration. It shakes no hands.
func TLS(c net.Conn, config *tls.Config) (*Conn, *tls.Conn) {
	r := &records{Conn: c}
	t := tls.Client(r, config)
	return &Conn{Conn: t, records: r}, t
}

// Read clears what it is given, before anything is read into it: bufio asks for more only when it has
// moved what is unread to the front. The transport asks for more as soon as an answer has been read to
// its end, so that a connection that is kept alive is clean.
func (c *Conn) Read(p []byte) (int, error) {
	c.mu.Lock()
	if c.in == nil && cap(p) == BufferSize {
		c.in = whole(p) // the first to read is the transport's bufio, with all of its buffer
	}
	c.inRead, c.over = true, false
	c.mu.Unlock()
	if c.in.holds(p) {
		clear(whole(p))
	}
	n, err := c.Conn.Read(p)
	c.mu.Lock()
	defer c.mu.Unlock()
	c.inRead = false
	if err != nil && n == 0 {
		c.clear() // what is unread is no whole answer, and becomes none
	}
	return n, err
}

// Write sends p, and clears it where it is the transport's buffer: bufio forgets it then, whether or not
// it could be sent. Anything else is its owner's. A slice of this size is always the buffer, for bufio
// hands on what is not in its buffer only where it is larger.
func (c *Conn) Write(p []byte) (int, error) {
	if cap(p) == BufferSize {
		defer clear(whole(p))
	}
	return c.Conn.Write(p)
}

// ReadFrom sends a body that is longer than the transport's buffer. Without it io.Copy would make a
// buffer that nobody clears.
func (c *Conn) ReadFrom(r io.Reader) (int64, error) {
	room, _ := recordRooms.Get().(*[record]byte)
	b := room[:]
	defer func() {
		clear(b) // before anybody else gets it
		recordRooms.Put(room)
	}()
	total := int64(0)
	for {
		n, err := r.Read(b)
		if n > 0 {
			m, err := c.Conn.Write(b[:n])
			total += int64(m)
			if err != nil {
				return total, err
			}
		}
		if err == io.EOF { // a reader's end is io.EOF itself
			return total, nil
		} else if err != nil {
			return total, err
		}
	}
}

// Over is called when an answer has been read to its end, or its body been closed.
func (c *Conn) Over() {
	c.mu.Lock()
	defer c.mu.Unlock()
	// A read that is under way is the transport's, for the next answer, and has cleared everything.
	c.over = !c.inRead
	if c.over && c.closed {
		c.clear()
	}
}

// Close closes the connection. Where the exchange is not over, somebody may still look at what was
// read, so that it is cleared by the one who comes last.
func (c *Conn) Close() error {
	err := c.Conn.Close()
	c.mu.Lock()
	defer c.mu.Unlock()
	c.closed = true
	if c.over && !c.inRead {
		c.clear()
	}
	return err
}

func (c *Conn) clear() {
	clear(c.in)
	if c.records != nil {
		clear(c.records.in)
	}
}

// recordHeader is the length of a TLS record's header; its last two bytes are the length of the rest
// (RFC 8446 section 5.1).
const recordHeader = 5

// records is the connection inside of TLS. It sees the slices into which crypto/tls reads records, and
// in which it decrypts them. It hands out a header alone, then its record alone: crypto/tls would
// otherwise move what is left to another array when that gets too small, with plaintext in front.
type records struct {
	net.Conn
	in     buffer
	header []byte // as much as has come of it
	left   int    // of the record
}

// Read clears what crypto/tls has done with. It asks for more only when all that it decrypted has been
// read, so what is left in an array that it has moved on from is old.
func (r *records) Read(p []byte) (int, error) {
	if !r.in.holds(p) {
		clear(r.in)
		r.in = whole(p)
	} else if cap(p) > len(r.in) {
		r.in = whole(p) // it begins earlier in the same array
	}
	clear(whole(p))
	if r.left > 0 {
		n, err := r.Conn.Read(p[:min(len(p), r.left)])
		r.left -= n
		return n, err
	}
	n, err := r.Conn.Read(p[:min(len(p), recordHeader-len(r.header))])
	r.header = append(r.header, p[:n]...)
	if len(r.header) == recordHeader {
		r.left = int(binary.BigEndian.Uint16(r.header[3:]))
		r.header = r.header[:0]
	}
	return n, err
}
