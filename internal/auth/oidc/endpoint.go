package oidc

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"math"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"maiaportal/internal/auth/reason"
	"maiaportal/internal/secret"
)

// Answer is what a token endpoint gives (RFC 6749 section 5.1, RFC 8693 section 2.2.1).
type Answer struct {
	AccessToken  secret.Text
	RefreshToken secret.Text
	IDToken      secret.Text
	IssuedType   string
	Life         time.Duration // 0 where the answer does not say
}

// endpointError is an answer of an endpoint that is no success. Its text has the status and the error code
// only: the description is a stranger's words, and some providers put tokens there.
type endpointError struct {
	status int
	code   string // of RFC 6749 section 5.2; empty where the answer has none, as that of a proxy between
	method string // how the portal authenticated
}

func (e *endpointError) Error() string {
	return fmt.Sprintf("auth: the provider answered %d %.60q", e.status, e.code)
}

func (e *endpointError) facts() []slog.Attr {
	facts := []slog.Attr{slog.Int("status", e.status), slog.String("error_code", reason.Clip(e.code))}
	if e.ofClient() {
		facts = append(facts, slog.String("auth_method", e.method))
	}
	return facts
}

// away makes of it a provider that stumbles: nothing is used up, and the next try may work.
func (e *endpointError) away() *reason.Refusal {
	return reason.Refuse(reason.ErrProviderAway, reason.ProviderStatus, e.facts()...).Because(e)
}

// ofClient says whether it is about the portal's own credentials.
func (e *endpointError) ofClient() bool {
	return e.code == "invalid_client" || e.code == "unauthorized_client" || e.code == "" && e.status == http.StatusUnauthorized
}

// ofGrant says whether it is a definite word about the code or the refresh token that was sent: only that
// ends it (S-60). Dex says invalid_request of a refresh token that is used up.
func (e *endpointError) ofGrant() bool {
	return e.code == "invalid_grant" || e.code == "invalid_request" && e.status == http.StatusBadRequest
}

// stumbles says whether the provider means that it has trouble itself, or too much to do.
func (e *endpointError) stumbles() bool {
	return e.code == "temporarily_unavailable" || e.code == "server_error" || e.code == "slow_down"
}

// ofExchange says whether it is a definite word about the exchange (RFC 8693 section 2.2.2).
func (e *endpointError) ofExchange() bool {
	switch e.code {
	case "invalid_target", "invalid_scope", "unauthorized_client", "unsupported_grant_type", "access_denied", "unsupported_token_type":
		return true
	}
	return e.ofGrant()
}

// ask sends a form to one of the provider's endpoints with the client's own authentication. Every
// request to the token endpoint goes this way, so that all of them authenticate alike and no error
// quotes an answer. Errors: *endpointError for an answer that is no success, else a *Refusal of
// ErrProviderAway.
//
// Providers differ in whom a client assertion has to be meant for: the token endpoint, or the issuer. Where the one is
// refused, the other is tried, once, and remembered where it worked. Only a definite word about the client leads to
// that: a code or a refresh token that may have been redeemed is not sent again.
func (p *Provider) ask(ctx context.Context, endpoint string, c credentials,
	form url.Values) (status int, body []byte, err error) {
	c.toIssuer = p.toIssuer.Load()
	status, body, err = p.askOnce(ctx, endpoint, c, form)
	if c.signer == nil || !invalidClient(err) {
		return status, body, err
	}
	c.toIssuer = !c.toIssuer
	status, body, err = p.askOnce(ctx, endpoint, c, form)
	if knownClient(err) {
		p.toIssuer.Store(c.toIssuer)
		p.log.LogAttrs(ctx, slog.LevelInfo, "the provider wants another audience of client assertions", slog.Bool("issuer", c.toIssuer))
	}
	return status, body, err
}

// askOnce sends one request.
func (p *Provider) askOnce(ctx context.Context, endpoint string, c credentials,
	form url.Values) (status int, body []byte, err error) {
	h := http.Header{"Content-Type": {"application/x-www-form-urlencoded"}, "Accept": {"application/json"}}
	if err := c.authenticate(form, h); err != nil {
		return 0, nil, err
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, endpoint, strings.NewReader(form.Encode()))
	if err != nil {
		return 0, nil, unreachable(err)
	}
	req.Header = h
	resp, err := p.HTTP.Do(req)
	if err != nil {
		return 0, nil, unreachable(err)
	}
	defer func() { _ = resp.Body.Close() }()
	body, err = io.ReadAll(resp.Body)
	if err != nil {
		return 0, nil, unreachable(err)
	}
	if resp.StatusCode < 200 || resp.StatusCode > 299 {
		return 0, nil, &endpointError{resp.StatusCode, errorCode(body), c.method()}
	}
	return resp.StatusCode, body, nil
}

// errorCode is the error code of an answer, or nothing.
func errorCode(body []byte) string {
	var refusal struct {
		Error string `json:"error"`
	}
	_ = json.Unmarshal(body, &refusal) // a page of a proxy has none
	return refusal.Error
}

// token asks a token endpoint. Errors as for ask; a success without a token that can be used is a *Refusal
// of ErrProviderAway, too.
func (p *Provider) token(ctx context.Context, endpoint string, c credentials, form url.Values) (Answer, error) {
	status, body, err := p.ask(ctx, endpoint, c, form)
	if err != nil {
		return Answer{}, err
	}
	if code := errorCode(body); code != "" {
		return Answer{}, &endpointError{status, code, c.method()} // some say no with 200
	}
	var raw struct {
		AccessToken  string          `json:"access_token"`
		RefreshToken string          `json:"refresh_token"`
		IDToken      string          `json:"id_token"`
		TokenType    string          `json:"token_type"`
		IssuedType   string          `json:"issued_token_type"`
		ExpiresIn    json.RawMessage `json:"expires_in"`
	}
	if err := json.Unmarshal(body, &raw); err != nil || raw.AccessToken == "" || status != http.StatusOK {
		return Answer{}, reason.Refuse(reason.ErrProviderAway, reason.TokenAnswer, slog.Int("status", status), slog.Bool("json", err == nil))
	}
	// A token of another type cannot be sent as a bearer token (RFC 6749 section 7.1).
	if raw.TokenType != "" && !strings.EqualFold(raw.TokenType, "bearer") && !strings.EqualFold(raw.TokenType, "N_A") {
		return Answer{}, reason.Refuse(reason.ErrProviderAway, reason.TokenType, slog.String("token_type", reason.Clip(raw.TokenType)))
	}
	return Answer{
		AccessToken:  secret.Hide(raw.AccessToken),
		RefreshToken: secret.Hide(raw.RefreshToken),
		IDToken:      secret.Hide(raw.IDToken),
		IssuedType:   raw.IssuedType,
		Life:         life(raw.ExpiresIn),
	}, nil
}

// life reads expires_in, seconds; some providers send them as a string.
func life(raw json.RawMessage) time.Duration {
	secs, err := strconv.ParseFloat(strings.Trim(string(raw), `" `), 64)
	if err != nil || math.IsNaN(secs) || secs <= 0 {
		return 0
	}
	return time.Duration(min(secs, (365*24*time.Hour).Seconds()) * float64(time.Second))
}
