package auth

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"
)

// tokenAnswer is what a token endpoint gives (RFC 6749 section 5.1, RFC 8693 section 2.2.1).
type tokenAnswer struct {
	AccessToken  string
	RefreshToken string
	IDToken      string
	TokenType    string
	IssuedType   string
	Life         time.Duration // 0 where the answer does not say
}

// endpointError is a refusal of an endpoint. Its text has the status and the error code only: the
// description is a stranger's words, and some providers put tokens there.
type endpointError struct {
	status int
	code   string
}

func (e *endpointError) Error() string {
	return fmt.Sprintf("auth: the provider refused with %d %.60q", e.status, e.code)
}

// ask sends a form to one of the provider's endpoints with the client's own authentication. Every
// request to the token endpoint goes this way, so that all of them authenticate alike and no error
// quotes an answer. Errors: *endpointError for a refusal, ErrProviderAway for everything else.
func (p *Provider) ask(ctx context.Context, endpoint string, c credentials, form url.Values) ([]byte, error) {
	h := http.Header{"Content-Type": {"application/x-www-form-urlencoded"}, "Accept": {"application/json"}}
	if err := c.authenticate(form, h); err != nil {
		return nil, err
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, endpoint, strings.NewReader(form.Encode()))
	if err != nil {
		return nil, &awayError{what: "an endpoint's address is not valid", cause: err}
	}
	req.Header = h
	resp, err := p.http.Do(req)
	if err != nil {
		return nil, &awayError{what: "no answer", cause: err}
	}
	defer func() { _ = resp.Body.Close() }()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		return nil, &awayError{what: "an answer that breaks off or is too long", cause: err}
	}
	switch {
	case resp.StatusCode == http.StatusOK:
		return body, nil
	case resp.StatusCode >= 400 && resp.StatusCode < 500 && resp.StatusCode != http.StatusTooManyRequests && resp.StatusCode != http.StatusRequestTimeout:
		var refusal struct {
			Error string `json:"error"`
		}
		_ = json.Unmarshal(body, &refusal)
		return nil, &endpointError{resp.StatusCode, refusal.Error}
	}
	return nil, &awayError{what: "it answered " + strconv.Itoa(resp.StatusCode)}
}

// token asks a token endpoint.
func (p *Provider) token(ctx context.Context, endpoint string, c credentials, form url.Values) (tokenAnswer, error) {
	body, err := p.ask(ctx, endpoint, c, form)
	if err != nil {
		return tokenAnswer{}, err
	}
	var raw struct {
		AccessToken  string          `json:"access_token"`
		RefreshToken string          `json:"refresh_token"`
		IDToken      string          `json:"id_token"`
		TokenType    string          `json:"token_type"`
		IssuedType   string          `json:"issued_token_type"`
		ExpiresIn    json.RawMessage `json:"expires_in"`
	}
	if err := json.Unmarshal(body, &raw); err != nil || raw.AccessToken == "" {
		return tokenAnswer{}, &awayError{what: "an answer without a token", cause: errors.New("auth: not a token answer")}
	}
	// A token of another type cannot be sent as a bearer token (RFC 6749 section 7.1).
	if raw.TokenType != "" && !strings.EqualFold(raw.TokenType, "bearer") && !strings.EqualFold(raw.TokenType, "N_A") {
		return tokenAnswer{}, &awayError{what: "a token that is no bearer token"}
	}
	return tokenAnswer{raw.AccessToken, raw.RefreshToken, raw.IDToken, raw.TokenType, raw.IssuedType, life(raw.ExpiresIn)}, nil
}

// life reads expires_in, seconds; some providers send them as a string.
func life(raw json.RawMessage) time.Duration {
	secs, err := strconv.ParseFloat(strings.Trim(string(raw), `" `), 64)
	if err != nil || math.IsNaN(secs) || secs <= 0 {
		return 0
	}
	return time.Duration(min(secs, (365*24*time.Hour).Seconds()) * float64(time.Second))
}
