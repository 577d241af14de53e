package form

import (
	"errors"
	"net/http"
	"slices"

	"maiaportal/internal/secret"
)

// The ways in which a body can be no form.
var (
	// ErrTooLarge is a body over the limit.
	ErrTooLarge = errors.New("form: body over the limit")
	// ErrMediaType is a body of another type.
	ErrMediaType = errors.New("form: not a form")
	// ErrMalformed is a form that is damaged, or has more than a form may have.
	ErrMalformed = errors.New("form: malformed form")
	// ErrNoRoom is for strangers who come when too many others send something.
	ErrNoRoom = errors.New("form: no room for another stranger's body")
)

// Body is a body that was read once, into one buffer. The values of secret fields are slices of that buffer.
type Body struct {
	whole   secret.Value // the buffer, all of it
	text    map[string][]string
	secrets map[string][]secret.Value
	// lineEnds names the secret fields whose line ends became LF.
	lineEnds map[string]bool
	room     *Room // where the buffer is counted; may be nil
}

// Wipe clears the whole buffer: fields that do not count are in it too. It may be called more than once.
func (b *Body) Wipe() {
	b.whole.Wipe()
	b.room.Release(len(b.whole.Bytes()))
	b.whole = secret.Value{}
}

// Get gives a field that is not secret.
func (b *Body) Get(name string) string {
	if v := b.text[name]; len(v) > 0 {
		return v[0]
	}
	return ""
}

// Set puts other values in the place of a field that is not secret.
func (b *Body) Set(name string, values ...string) {
	if b.text == nil {
		b.text = map[string][]string{}
	}
	b.text[name] = slices.Clone(values)
}

// All gives what came of a field that is not secret, in its order.
func (b *Body) All(name string) []string { return b.text[name] }

// Secret gives a secret field.
func (b *Body) Secret(name string) secret.Value {
	if v := b.secrets[name]; len(v) > 0 {
		return v[0]
	}
	return secret.Value{}
}

// AllSecrets gives what came of a secret field, in its order.
func (b *Body) AllSecrets(name string) []secret.Value { return b.secrets[name] }

// LineEnds says whether line ends of a secret field became LF.
func (b *Body) LineEnds(name string) bool { return b.lineEnds[name] }

// HasSecret says whether any secret was entered.
func (b *Body) HasSecret() bool {
	for _, list := range b.secrets {
		for _, v := range list {
			if !v.Empty() {
				return true
			}
		}
	}
	return false
}

// Read reads and parses the body of somebody who is signed in. The caller wipes the result, also when there is an
// error: ErrTooLarge, ErrMediaType or ErrMalformed.
func (t Table) Read(r *http.Request) (*Body, error) {
	return t.read(r, &reader{table: t, body: &Body{}})
}

// ReadStrangers is Read for somebody without a session. Of the fields that are not secret only those are kept that
// return and fit into the way back from the login. There is one more error: ErrNoRoom.
func (t Table) ReadStrangers(r *http.Request, room *Room) (*Body, error) {
	return t.read(r, &reader{table: t, body: &Body{room: room}, stranger: true})
}

func (t Table) read(r *http.Request, rd *reader) (*Body, error) {
	b := rd.body
	b.text = map[string][]string{}
	b.secrets = map[string][]secret.Value{}
	b.lineEnds = map[string]bool{}
	media, params, err := mediaType(r)
	multipart := media == "multipart/form-data"
	if err != nil || !multipart && media != urlEncoded {
		return b, ErrMediaType
	}
	if r.Header.Get("Content-Encoding") != "" {
		return b, ErrMediaType
	}
	if err := rd.fill(r, MaxBody); err != nil {
		return b, err
	}
	if multipart {
		err = eachPart(rd.buf, params["boundary"], rd.add)
	} else {
		err = eachPair(rd.buf, func(name, value []byte) error { return rd.add(name, value, false) })
	}
	if err != nil {
		return b, err
	}
	rd.settle()
	return b, nil
}
