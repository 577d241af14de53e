package handlers

import (
	"errors"
	"net/http"
	"time"

	"github.com/labstack/echo/v4"

	"maiaportal/internal/auth"
	"maiaportal/internal/auth/reason"
	"maiaportal/web/templates/parts"
)

// loginFailed tells why a login did not succeed, and how to try again where that may help.
func (h *Handlers) loginFailed(c echo.Context, login auth.Login, returnTo auth.ReturnPath, err error) error {
	again := parts.Link{Label: "Sign in", Href: loginLink(returnTo.String(), "")}
	var refused *auth.RefusedError
	switch {
	case errors.Is(err, reason.ErrState):
		return h.staleLogin(c, returnTo, again, err)
	case errors.As(err, &refused):
		return refusedLogin(refused, again)
	case errors.Is(err, reason.ErrNotAllowed):
		return h.notAllowed(login, returnTo, err)
	case errors.Is(err, reason.ErrAudience):
		return &pageError{
			status:  http.StatusForbidden,
			heading: "Your sign-in’s token is not meant for Maia",
			cause:   err,
			link:    again,
			text: []string{
				"Your company’s sign-in knows you, but its access token names another audience than the portal is set up for. Maia would refuse it.",
				"For your portal administrator: compare PORTAL_OIDC_AUDIENCE and PORTAL_OIDC_RESOURCE with the aud claim that the provider sets for this client.",
			},
		}
	case errors.Is(err, reason.ErrBadAnswer), errors.Is(err, reason.ErrClient):
		return badAnswer(err, again)
	case errors.Is(err, reason.ErrLoginRequired):
		return tokenNotTaken(err, again)
	case errors.Is(err, reason.ErrProviderAway):
		e := asPageError(err)
		e.link = parts.Link{Label: "Try again", Href: again.Href}
		return e
	}
	return databaseAway(err)
}

// refusedLogin is the provider's own refusal.
func refusedLogin(refused *auth.RefusedError, again parts.Link) error {
	said := "It said: " + strangersWords(refused.Code) + "."
	if d := strangersWords(refused.Description); d != "" {
		said = "It said: " + d + " (" + strangersWords(refused.Code) + ")."
	}
	if refused.Stumbled() {
		again.Label = "Try again"
		return &pageError{
			status:     http.StatusServiceUnavailable,
			heading:    "Your company’s sign-in has a problem",
			cause:      refused,
			link:       again,
			retryAfter: 30 * time.Second,
			text:       []string{said, "Try again in a few minutes."},
		}
	}
	e := &pageError{
		status:  http.StatusForbidden,
		heading: "Your company’s sign-in refused you",
		cause:   refused,
		link:    again,
		text:    []string{said, "If you stopped the login yourself, sign in again. If not, ask your IT service desk."},
	}
	if ofSettings[refused.Code] {
		e.text[1] = "The portal is not set up correctly at your company’s sign-in. Signing in again will not help: give your portal administrator the request id below."
	}
	return e
}

// ofSettings are the error codes that say that the portal's request is not as the provider wants it (RFC 6749
// section 4.1.2.1, OpenID Connect Core section 3.1.2.6, RFC 8707 section 2).
var ofSettings = map[string]bool{
	"invalid_request":            true,
	"invalid_scope":              true,
	"invalid_target":             true,
	"unauthorized_client":        true,
	"unsupported_response_type":  true,
	"invalid_client":             true,
	"request_not_supported":      true,
	"registration_not_supported": true,
}

// badAnswer is an answer of the provider that did not pass a check. What to do depends on which one.
func badAnswer(err error, again parts.Link) error {
	e := &pageError{
		status:  http.StatusBadRequest,
		heading: "The login could not be completed",
		cause:   err,
		link:    again,
		text: []string{
			"The answer of your company’s sign-in did not pass the portal’s checks, so it was not used.",
			"Try again. If it happens again, give your portal administrator the request id below.",
		},
	}
	var refusal *reason.Refusal
	if !errors.As(err, &refusal) {
		return e
	}
	const notByTrying = " Signing in again will not help: give your portal administrator the request id below. The log has the reason."
	switch refusal.Reason {
	case reason.ClientRefused:
		e.text = []string{"Your company’s sign-in does not accept the portal itself: its credentials there are wrong or have expired." + notByTrying}
	case reason.TokenMissing, reason.TokenError:
		e.text = []string{"The portal cannot use the answer of your company’s sign-in." + notByTrying}
	case reason.JWTExpired, reason.JWTNotYet, reason.IDTokenFuture:
		e.text = []string{"By the portal’s clock, the answer of your company’s sign-in is too old or not valid yet. Probably one of the two clocks is wrong.", "Try again in a few minutes. If it happens again, give your portal administrator the request id below."}
	case reason.IDTokenACR:
		e.text = []string{"The portal asks for a stronger kind of sign-in, for example with a second factor.", "Sign in again and choose the stronger way. If you were not offered one, give your portal administrator the request id below."}
	case reason.IDTokenAuthTime:
		e.text = []string{"The portal asks for a recent sign-in, and your company’s sign-in did not confirm one.", "Sign in again. If it happens again, give your portal administrator the request id below."}
	case reason.JWTAlgorithm, reason.JWTIssuer, reason.JWTAudience, reason.JWTSubject, reason.JWTClaims,
		reason.JWTMalformed,
		reason.IDTokenAZP, reason.IDTokenAudiences, reason.CallbackIssuer, reason.UserinfoSubject:
		e.text = []string{"The portal cannot trust the answer of your company’s sign-in, so it was not used." + notByTrying}
	default: // another try may work
	}
	return e
}

// staleLogin is the answer to a reloaded or old call-back. It ends nobody's session.
func (h *Handlers) staleLogin(c echo.Context, returnTo auth.ReturnPath, again parts.Link, cause error) error {
	s, err := h.current(c)
	if err != nil {
		return databaseAway(err)
	}
	e := &pageError{
		status:  http.StatusBadRequest,
		heading: "This login link has expired",
		cause:   cause,
		link:    again,
		text:    []string{"It was already used, is older than ten minutes, or was opened in another browser. Nothing was changed."},
	}
	if s != nil {
		e.text = append(e.text, "You are signed in as "+s.Login.Name+".")
		e.link = parts.Link{Label: "Go on", Href: returnTo.String()}
	}
	return e
}
