package handlers

import (
	"errors"
	"fmt"
	"net/http"
)

// maxLogoutToken bounds the body of a back-channel logout: one JWT.
const maxLogoutToken = 64 << 10

// logoutToken reads the body of a back-channel logout, which anybody can send.
func (h *Handlers) logoutToken(r *http.Request) (string, error) {
	media, _, err := mediaType(r)
	if err != nil || media != urlEncoded {
		return "", errMediaType
	}
	b := &formBody{stranger: true, room: &h.logouts}
	defer b.wipe()
	switch err := b.read(r, maxLogoutToken); {
	case errors.Is(err, errTooLarge):
		return "", fmt.Errorf("%w: too long for a logout token", errMalformed)
	case err != nil:
		return "", err
	}
	var tokens [][]byte
	err = eachPair(b.buf, func(name, value []byte) error {
		if string(name) == "logout_token" {
			tokens = append(tokens, value)
		}
		return nil
	})
	if err != nil {
		return "", err
	}
	if len(tokens) != 1 {
		return "", fmt.Errorf("%w: want one logout_token", errMalformed)
	}
	return string(tokens[0]), nil
}
