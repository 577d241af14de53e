package maiaclient

import (
	"io"
	"net/http"
	"sync"
	"time"

	"maiaportal/internal/secret"
	"maiaportal/internal/secret/plainjson"
)

// letGo is how long the transport may hold a request's body after the call is over. It is cancelled
// by then, so it lets go at once; the limit is for the case that it does not.
const letGo = 5 * time.Second

// around is a document between two pieces of JSON.
func around(head []byte, of plainjson.Document, tail string) plainjson.Document {
	d := make(plainjson.Document, 0, len(of)+2)
	d = append(d, plainjson.Raw(secret.New(head)))
	d = append(d, of...)
	return append(d, plainjson.Raw(secret.New([]byte(tail))))
}

// outgoing is a request's body whose owner is told when nobody reads it any more. http.Transport may still read
// a body after it has answered, and may open it again for another connection, so the owner of a secret may clear
// it only when every reader that the transport was given has been closed.
type outgoing struct {
	body plainjson.Document // nil: the request has none
	open sync.WaitGroup
}

// attach makes o the body of req.
func (o *outgoing) attach(req *http.Request) {
	req.ContentLength = o.body.Size()
	req.Body = o.reader()
	req.GetBody = func() (io.ReadCloser, error) { return o.reader(), nil }
}

func (o *outgoing) reader() io.ReadCloser {
	o.open.Add(1)
	return &outgoingReader{Reader: o.body.Reader(), done: sync.OnceFunc(o.open.Done)}
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

// outgoingReader has no WriteTo: io.Copy hands it to the connection, which clears what it copies.
type outgoingReader struct {
	io.Reader
	done func()
}

func (r *outgoingReader) Close() error { r.done(); return nil }
