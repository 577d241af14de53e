package form

import (
	"errors"
	"fmt"
	"net/http"
)

// ReadOne reads the one field that is of interest in an urlencoded body which anybody can send, such as a message of
// another program. The body may have so many bytes. Errors: ErrMediaType, ErrMalformed (a body that is too long, or has
// not exactly one such field, too) or ErrNoRoom.
func ReadOne(r *http.Request, name string, limit int64, room *Room) (string, error) {
	media, _, err := mediaType(r)
	if err != nil || media != urlEncoded {
		return "", ErrMediaType
	}
	rd := &reader{body: &Body{room: room}, stranger: true}
	defer rd.body.Wipe()
	switch err := rd.fill(r, limit); {
	case errors.Is(err, ErrTooLarge):
		return "", fmt.Errorf("%w: too long for one %s", ErrMalformed, name)
	case err != nil:
		return "", err
	}
	var found [][]byte
	err = eachPair(rd.buf, func(field, value []byte) error {
		if string(field) == name {
			found = append(found, value)
		}
		return nil
	})
	if err != nil {
		return "", err
	}
	if len(found) != 1 {
		return "", fmt.Errorf("%w: want one %s", ErrMalformed, name)
	}
	return string(found[0]), nil
}
