package maiaclient

import (
	"bytes"
	"io"
	"net/http"
	"sync"
	"time"
)

// letGo is how long the transport may hold a request's body after the call is over. It is cancelled
// by then, so it lets go at once; the limit is for the case that it does not.
const letGo = 5 * time.Second

// outgoing is a request's body that can be wiped. http.Transport may still read a body after Do has
// returned, and may open it again for another connection, so the bytes are cleared only when every
// reader that it was given has been closed.
type outgoing struct {
	b    []byte
	open sync.WaitGroup
}

func newOutgoing(b []byte) *outgoing { return &outgoing{b: b} }

// attach makes o the body of req.
func (o *outgoing) attach(req *http.Request) {
	req.ContentLength = int64(len(o.b))
	req.Body = o.reader()
	req.GetBody = func() (io.ReadCloser, error) { return o.reader(), nil }
}

func (o *outgoing) reader() io.ReadCloser {
	o.open.Add(1)
	return &outgoingReader{Reader: bytes.NewReader(o.b), done: sync.OnceFunc(o.open.Done)}
}

// wipe waits for the readers and clears the bytes.
func (o *outgoing) wipe() {
	if o.b == nil {
		return
	}
	closed := make(chan struct{})
	go func() { o.open.Wait(); close(closed) }()
	select {
	case <-closed:
	case <-time.After(letGo):
	}
	clear(o.b)
}

type outgoingReader struct {
	*bytes.Reader
	done func()
}

func (r *outgoingReader) Close() error { r.done(); return nil }
