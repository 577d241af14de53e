package handlers

import (
	"net/http"

	"maiaportal/internal/secret/form"
)

// maxLogoutToken bounds the body of a back-channel logout: one JWT.
const maxLogoutToken = 64 << 10

// logoutToken reads the body of a back-channel logout, which anybody can send.
func (h *Handlers) logoutToken(r *http.Request) (string, error) {
	return form.ReadOne(r, "logout_token", maxLogoutToken, &h.logouts)
}
