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
			heading: "The login service’s token is not meant for Maia",
			cause:   err,
			link:    again,
			text: []string{
				"You are known to the login service, but the access token that it issued names another audience than the one that the portal is set up for. Maia would refuse it, so the portal does not use it.",
				"This is for your portal administrator: compare PORTAL_OIDC_AUDIENCE and PORTAL_OIDC_RESOURCE with what the login service puts into the aud claim for this client.",
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
	said := "The login service said: " + strangersWords(refused.Code) + "."
	if d := strangersWords(refused.Description); d != "" {
		said = "The login service said: " + d + " (" + strangersWords(refused.Code) + ")."
	}
	if refused.Stumbled() {
		again.Label = "Try again"
		return &pageError{
			status:     http.StatusServiceUnavailable,
			heading:    "The login service has a problem",
			cause:      refused,
			link:       again,
			retryAfter: 30 * time.Second,
			text:       []string{said, "This is usually over in a few minutes. Then try again."},
		}
	}
	e := &pageError{
		status:  http.StatusForbidden,
		heading: "The login service did not let you in",
		cause:   refused,
		link:    again,
		text:    []string{said, "If you stopped the login yourself, just sign in again. If not, ask whoever looks after the login service."},
	}
	if ofSettings[refused.Code] {
		e.text[1] = "This is about how the portal is set up at the login service. Signing in again will not help: give the request id below to your portal administrator."
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
			"The login service’s answer did not pass the portal’s checks, so it was not used.",
			"Try once more. If it happens again, give the request id below to your portal administrator.",
		},
	}
	var refusal *reason.Refusal
	if !errors.As(err, &refusal) {
		return e
	}
	const notByTrying = " Signing in again will not help: give the request id below to your portal administrator, who finds the reason in the log."
	switch refusal.Reason {
	case reason.ClientRefused:
		e.text = []string{"The login service does not accept the portal itself: its credentials there are wrong or have expired." + notByTrying}
	case reason.TokenMissing, reason.TokenError:
		e.text = []string{"The login service’s answer is not one that the portal can use." + notByTrying}
	case reason.JWTExpired, reason.JWTNotYet, reason.IDTokenFuture:
		e.text = []string{"By the portal’s clock the login service’s answer is too old or not valid yet. Probably one of the two clocks is wrong.", "Try again in a few minutes. If it happens again, give the request id below to your portal administrator."}
	case reason.IDTokenACR:
		e.text = []string{"The portal asks for a stronger kind of sign-in than the login service made, for example a second factor.", "Sign in again and choose the stronger way. If you were not offered one, give the request id below to your portal administrator."}
	case reason.IDTokenAuthTime:
		e.text = []string{"The portal asks for a recent sign-in, and the login service did not confirm one.", "Sign in again. If it happens again, give the request id below to your portal administrator."}
	case reason.JWTAlgorithm, reason.JWTIssuer, reason.JWTAudience, reason.JWTSubject, reason.JWTClaims,
		reason.JWTMalformed,
		reason.IDTokenAZP, reason.IDTokenAudiences, reason.CallbackIssuer, reason.UserinfoSubject:
		e.text = []string{"The login service’s answer is not one that the portal can trust, so it was not used." + notByTrying}
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
		heading: "This login is over",
		cause:   cause,
		link:    again,
		text:    []string{"The page that you came from has been used already, is older than ten minutes, or was begun in another browser. Nothing was changed."},
	}
	if s != nil {
		e.text = append(e.text, "You are signed in as "+s.Login.Name+".")
		e.link = parts.Link{Label: "Go on", Href: returnTo.String()}
	}
	return e
}
