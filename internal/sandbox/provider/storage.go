package provider

import (
	"context"
	"crypto/rand"
	"crypto/subtle"
	"errors"
	"slices"
	"sync"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/google/uuid"
	"github.com/zitadel/oidc/v3/pkg/oidc"
	"github.com/zitadel/oidc/v3/pkg/op"
)

const (
	// loginLife is how long a login page may stay open.
	loginLife = time.Hour
	// codeLife is how long the client has to redeem a code.
	codeLife = 10 * time.Minute
)

// storage is the provider's memory, in the shape that the op package wants.
type storage struct {
	client client
	key    func() *signingKey

	mu            sync.Mutex
	accessLife    time.Duration
	requests      map[string]*authRequest
	codes         map[string]*authRequest
	accessTokens  map[string]*accessToken
	refreshTokens map[string]*refreshToken
}

// accessToken is known by the jti of its JWT.
type accessToken struct {
	session *session
	scopes  []string
	expires time.Time
	revoked bool
}

type refreshToken struct {
	session *session
	scopes  []string
	used    bool
}

var (
	_ op.Storage                        = (*storage)(nil)
	_ op.CanGetPrivateClaimsFromRequest = (*storage)(nil)
	_ op.CanSetUserinfoFromRequest      = (*storage)(nil)
)

// CreateAuthRequest keeps an authorization request until somebody has signed in.
func (s *storage) CreateAuthRequest(_ context.Context, asked *oidc.AuthRequest, _ string) (op.AuthRequest, error) {
	// The op package checks a challenge that was sent and asks for none.
	switch {
	case asked.CodeChallenge == "":
		return nil, oidc.ErrInvalidRequest().WithDescription("PKCE is required: code_challenge is missing")
	case asked.CodeChallengeMethod != oidc.CodeChallengeMethodS256:
		return nil, oidc.ErrInvalidRequest().WithDescription("code_challenge_method must be S256")
	case asked.ResponseMode != "" && asked.ResponseMode != oidc.ResponseModeQuery:
		return nil, oidc.ErrInvalidRequest().WithDescription("response_mode must be query")
	case slices.Contains(asked.Prompt, oidc.PromptNone):
		// Nobody stays signed in at this provider, so nobody can sign in without the page.
		return nil, oidc.ErrLoginRequired()
	}
	request := &authRequest{
		id:    uuid.NewString(),
		asked: *asked,
		at:    time.Now(),
		grant: grant{scopes: slices.Clone(asked.Scopes)},
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for id, old := range s.requests {
		if time.Since(old.at) > loginLife {
			delete(s.requests, id)
		}
	}
	s.requests[request.id] = request
	return request.copy(), nil
}

// AuthRequestByID finds an authorization request whose login page is open.
func (s *storage) AuthRequestByID(_ context.Context, id string) (op.AuthRequest, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	request, ok := s.requests[id]
	if !ok {
		return nil, errors.New("sandbox: no such authorization request")
	}
	return request.copy(), nil
}

// signIn begins a session for the account and makes the code that stands for it. The login page
// stays good: a second click on its button, whose answer is the one that the browser shows, must
// lead back to the portal like the first.
func (s *storage) signIn(id string, account *Account) (*authRequest, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	request, ok := s.requests[id]
	if !ok {
		return nil, false
	}
	signedIn := request.copy()
	signedIn.at = time.Now()
	signedIn.session = &session{id: uuid.NewString(), account: account, authTime: signedIn.at}
	signedIn.code = rand.Text()
	s.codes[signedIn.code] = signedIn
	return signedIn.copy(), true
}

// SaveAuthCode refuses: signIn makes the codes.
func (s *storage) SaveAuthCode(context.Context, string, string) error {
	return errors.New("sandbox: codes are made by the login page")
}

// AuthRequestByCode finds what a code stands for.
func (s *storage) AuthRequestByCode(_ context.Context, code string) (op.AuthRequest, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	request, ok := s.codes[code]
	if !ok || time.Since(request.at) > codeLife {
		return nil, errors.New("sandbox: no such code")
	}
	return request.copy(), nil
}

// DeleteAuthRequest does nothing: a redeemed code is kept, so that its reuse is noticed.
func (s *storage) DeleteAuthRequest(context.Context, string) error { return nil }

// CreateAccessToken notes an access token that comes without a refresh token.
func (s *storage) CreateAccessToken(_ context.Context, request op.TokenRequest) (string, time.Time, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	g, err := s.redeem(request)
	if err != nil {
		return "", time.Time{}, err
	}
	id, expires := s.issueAccess(g)
	return id, expires, nil
}

// CreateAccessAndRefreshTokens notes an access token and the refresh token that follows the
// current one.
func (s *storage) CreateAccessAndRefreshTokens(
	_ context.Context, request op.TokenRequest, _ string,
) (access, refresh string, expires time.Time, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	g, err := s.redeem(request)
	if err != nil {
		return "", "", time.Time{}, err
	}
	access, expires = s.issueAccess(g)
	refresh = rand.Text()
	s.refreshTokens[refresh] = &refreshToken{session: g.session, scopes: slices.Clone(g.scopes)}
	return access, refresh, expires, nil
}

// redeem uses up a code or a refresh token, under the lock and so exactly once. Whoever comes
// second has a copy that was stolen, or lost the original to a thief: the session ends.
func (s *storage) redeem(request op.TokenRequest) (*grant, error) {
	var (
		g    *grant
		used *bool
	)
	switch request := request.(type) {
	case *authRequest:
		g = &request.grant
		if kept, ok := s.codes[request.code]; ok {
			used = &kept.redeemed
		}
	case *grant:
		g = request
		if kept, ok := s.refreshTokens[request.refreshToken]; ok {
			used = &kept.used
		}
	}
	switch {
	case used == nil || g.session.ended:
		return nil, oidc.ErrInvalidGrant()
	case *used:
		s.end(g.session)
		return nil, oidc.ErrInvalidGrant().WithDescription("used before; everything issued from it has been revoked")
	}
	*used = true
	return g, nil
}

func (s *storage) issueAccess(g *grant) (string, time.Time) {
	id := uuid.NewString()
	expires := time.Now().Add(s.accessLife)
	s.accessTokens[id] = &accessToken{session: g.session, scopes: slices.Clone(g.scopes), expires: expires}
	return id, expires
}

// end revokes all that was issued from a session. The lock is held.
func (s *storage) end(ended *session) { ended.ended = true }

// TokenRequestByRefreshToken finds what a refresh token stands for.
func (s *storage) TokenRequestByRefreshToken(_ context.Context, token string) (op.RefreshTokenRequest, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	kept, ok := s.refreshTokens[token]
	if !ok {
		return nil, op.ErrInvalidRefreshToken
	}
	if kept.used {
		s.end(kept.session)
		return nil, errors.New("sandbox: refresh token reused")
	}
	if kept.session.ended {
		return nil, op.ErrInvalidRefreshToken
	}
	return &grant{session: kept.session, scopes: slices.Clone(kept.scopes), refreshToken: token}, nil
}

// TerminateSession ends every session of a user.
func (s *storage) TerminateSession(_ context.Context, subject, _ string) error {
	s.endWhere(func(of *session) bool { return of.account.Subject == subject })
	return nil
}

func (s *storage) endWhere(match func(*session) bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, token := range s.accessTokens {
		if match(token.session) {
			s.end(token.session)
		}
	}
	for _, token := range s.refreshTokens {
		if match(token.session) {
			s.end(token.session)
		}
	}
}

// GetRefreshTokenInfo gives the token itself as its id, which RevokeToken then gets.
func (s *storage) GetRefreshTokenInfo(_ context.Context, _, token string) (string, string, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	kept, ok := s.refreshTokens[token]
	if !ok {
		return "", "", op.ErrInvalidRefreshToken
	}
	return kept.session.account.Subject, token, nil
}

// RevokeToken revokes one access token, or with a refresh token the whole session. A token that
// is not known is revoked already.
func (s *storage) RevokeToken(_ context.Context, token, _, _ string) *oidc.Error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if kept, ok := s.refreshTokens[token]; ok {
		s.end(kept.session)
	} else if kept, ok := s.accessTokens[token]; ok {
		kept.revoked = true
	}
	return nil
}

// alive finds an access token that this provider issued, that has not expired and was not revoked.
func (s *storage) alive(id string) (accessToken, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	kept, ok := s.accessTokens[id]
	if !ok || kept.revoked || kept.session.ended || !time.Now().Before(kept.expires) {
		return accessToken{}, false
	}
	return *kept, true
}

// SigningKey gives the provider's key.
func (s *storage) SigningKey(context.Context) (op.SigningKey, error) { return s.key(), nil }

// SignatureAlgorithms are those of the one key.
func (s *storage) SignatureAlgorithms(context.Context) ([]jose.SignatureAlgorithm, error) {
	return []jose.SignatureAlgorithm{jose.RS256}, nil
}

// KeySet publishes the one key.
func (s *storage) KeySet(context.Context) ([]op.Key, error) { return []op.Key{publicKey{s.key()}}, nil }

// GetClientByClientID knows the portal only.
func (s *storage) GetClientByClientID(_ context.Context, id string) (op.Client, error) {
	if id != clientID {
		return nil, oidc.ErrInvalidClient().WithDescription("unknown client")
	}
	return s.client, nil
}

// AuthorizeClientIDSecret checks the portal's secret.
func (s *storage) AuthorizeClientIDSecret(_ context.Context, id, secret string) error {
	if id != clientID || subtle.ConstantTimeCompare([]byte(secret), []byte(clientSecret)) != 1 {
		return errors.New("sandbox: wrong client credentials")
	}
	return nil
}

// SetUserinfoFromScopes is empty, as the op package wants it.
func (s *storage) SetUserinfoFromScopes(context.Context, *oidc.UserInfo, string, string, []string) error {
	return nil
}

// SetUserinfoFromRequest fills an ID token.
func (s *storage) SetUserinfoFromRequest(
	_ context.Context, info *oidc.UserInfo, request op.IDTokenRequest, scopes []string,
) error {
	of := sessionOf(request)
	if of == nil {
		return errors.New("sandbox: a token request of an unknown kind")
	}
	setClaims(info, of.account, scopes)
	info.AppendClaims("sid", of.id)
	return nil
}

// SetUserinfoFromToken fills the answer of the userinfo endpoint.
func (s *storage) SetUserinfoFromToken(_ context.Context, info *oidc.UserInfo, tokenID, _, _ string) error {
	token, ok := s.alive(tokenID)
	if !ok {
		return &oidc.Error{ErrorType: "invalid_token"}
	}
	setClaims(info, token.session.account, token.scopes)
	return nil
}

func setClaims(info *oidc.UserInfo, account *Account, scopes []string) {
	info.Subject = account.Subject
	info.AppendClaims("groups", account.Groups)
	if slices.Contains(scopes, oidc.ScopeProfile) {
		info.Name = account.Name
		info.PreferredUsername = account.Username
	}
	if slices.Contains(scopes, oidc.ScopeEmail) {
		info.Email = account.Email
		info.EmailVerified = true
	}
}

// GetPrivateClaimsFromRequest adds what an access token says beyond the registered claims.
func (s *storage) GetPrivateClaimsFromRequest(
	_ context.Context, request op.TokenRequest, _ []string,
) (map[string]any, error) {
	of := sessionOf(request)
	if of == nil {
		return nil, errors.New("sandbox: a token request of an unknown kind")
	}
	switch request := request.(type) {
	case *authRequest:
		request.forID = true
	case *grant:
		request.forID = true
	}
	return map[string]any{"sid": of.id, "token_use": "access"}, nil
}

func sessionOf(request any) *session {
	switch request := request.(type) {
	case *authRequest:
		return request.session
	case *grant:
		return request.session
	}
	return nil
}

// GetPrivateClaimsFromScopes is not reached: GetPrivateClaimsFromRequest is asked instead.
func (s *storage) GetPrivateClaimsFromScopes(context.Context, string, string, []string) (map[string]any, error) {
	return nil, nil
}

// GetKeyByIDAndClientID refuses: the portal has a secret, not a key.
func (s *storage) GetKeyByIDAndClientID(context.Context, string, string) (*jose.JSONWebKey, error) {
	return nil, errors.New("sandbox: the client has no key")
}

// SetIntrospectionFromToken refuses: there is no introspection endpoint.
func (s *storage) SetIntrospectionFromToken(
	context.Context, *oidc.IntrospectionResponse, string, string, string,
) error {
	return errors.New("sandbox: no introspection")
}

// ValidateJWTProfileScopes refuses: there is no JWT profile grant.
func (s *storage) ValidateJWTProfileScopes(context.Context, string, []string) ([]string, error) {
	return nil, errors.New("sandbox: no JWT profile grant")
}

// Health is always well.
func (s *storage) Health(context.Context) error { return nil }
