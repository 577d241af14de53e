package maiaclient

import (
	"io"
	"net/http"
	"sync"
	"time"

	"maiaportal/internal/secret"
)

// letGo is how long the transport may hold a request's body after the call is over. It is cancelled
// by then, so it lets go at once; the limit is for the case that it does not.
const letGo = 5 * time.Second

// body is what a request sends, in segments one after the other, so that a secret in it is read from where it
// is and never copied into another slice.
type body [][]byte

// around is a body with a secret between two pieces of JSON.
func around(head []byte, value secret.Value, tail string) body {
	return body{head, value.Bytes(), []byte(tail)}
}

func (b body) size() int64 {
	n := int64(0)
	for _, segment := range b {
		n += int64(len(segment))
	}
	return n
}

// outgoing is a request's body whose owner is told when nobody reads it any more. http.Transport may still read
// a body after it has answered, and may open it again for another connection, so the owner of a secret may clear
// it only when every reader that the transport was given has been closed.
type outgoing struct {
	body body
	open sync.WaitGroup
}

// attach makes o the body of req.
func (o *outgoing) attach(req *http.Request) {
	req.ContentLength = o.body.size()
	req.Body = o.reader()
	req.GetBody = func() (io.ReadCloser, error) { return o.reader(), nil }
}

func (o *outgoing) reader() io.ReadCloser {
	o.open.Add(1)
	return &outgoingReader{segments: o.body, done: sync.OnceFunc(o.open.Done)}
}

// wait returns when no reader is open.
func (o *outgoing) wait() {
	if o.body == nil {
		return
	}
	closed := make(chan struct{})
	go func() { o.open.Wait(); close(closed) }()
	select {
	case <-closed:
	case <-time.After(letGo):
	}
}

// outgoingReader reads the segments, as many at once as there is room for. It has no WriteTo: io.Copy hands it
// to the connection, which clears what it copies.
type outgoingReader struct {
	segments [][]byte
	at       int // in the first segment
	done     func()
}

func (r *outgoingReader) Read(p []byte) (int, error) {
	n := 0
	for len(r.segments) > 0 && n < len(p) {
		k := copy(p[n:], r.segments[0][r.at:])
		n += k
		r.at += k
		if r.at == len(r.segments[0]) {
			r.segments = r.segments[1:]
			r.at = 0
		}
	}
	if n == 0 && len(p) > 0 {
		return 0, io.EOF
	}
	return n, nil
}

func (r *outgoingReader) Close() error { r.done(); return nil }
