package provider

import (
	"net/http"
	"net/url"

	httphelper "github.com/zitadel/oidc/v3/pkg/http"
	"github.com/zitadel/oidc/v3/pkg/oidc"
	"github.com/zitadel/oidc/v3/pkg/op"

	"maiaportal/internal/sandbox/web"
)

// routes are made from the op package's parts rather than from its own router. That one announces
// grants and endpoints that do not exist here, answers every origin's scripts, and logs each
// refusal to slog's default logger, which is the demo's terminal.
func (p *Provider) routes() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET "+oidc.DiscoveryEndpoint, p.discovery)
	mux.HandleFunc("GET /keys", func(w http.ResponseWriter, r *http.Request) { op.Keys(w, r, p.storage) })
	mux.HandleFunc("GET /authorize", p.authorize)
	mux.HandleFunc("POST /authorize", p.authorize)
	mux.HandleFunc("GET /login", p.showLogin)
	mux.HandleFunc("POST /login", p.login)
	mux.HandleFunc("POST /oauth/token", p.token)
	mux.HandleFunc("GET /userinfo", p.userinfo)
	mux.HandleFunc("POST /userinfo", p.userinfo)
	mux.HandleFunc("POST /revoke", p.revoke)
	mux.HandleFunc("GET /end_session", p.endSession)
	mux.HandleFunc("POST /end_session", p.endSession)
	mux.HandleFunc("GET "+web.StylesPath, web.Styles)
	mux.HandleFunc("GET /{$}", func(w http.ResponseWriter, _ *http.Request) {
		web.Message(w, http.StatusOK, "Sandbox sign-in",
			"This is the sandbox's OpenID provider. The portal sends you here when you log in.")
	})
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Cache-Control", "no-store")
		mux.ServeHTTP(w, r.WithContext(op.ContextWithIssuer(r.Context(), p.Issuer())))
	})
}

func (p *Provider) discovery(w http.ResponseWriter, r *http.Request) {
	c := op.CreateDiscoveryConfig(r.Context(), p.op, p.storage)
	c.IntrospectionEndpoint = ""
	c.DeviceAuthorizationEndpoint = ""
	c.CheckSessionIframe = ""
	c.IntrospectionEndpointAuthMethodsSupported = nil
	c.IntrospectionEndpointAuthSigningAlgValuesSupported = nil
	c.TokenEndpointAuthSigningAlgValuesSupported = nil
	c.RevocationEndpointAuthSigningAlgValuesSupported = nil
	methods := []oidc.AuthMethod{oidc.AuthMethodBasic, oidc.AuthMethodPost}
	c.TokenEndpointAuthMethodsSupported = methods
	c.RevocationEndpointAuthMethodsSupported = methods
	c.ResponseTypesSupported = []string{string(oidc.ResponseTypeCode)}
	c.ResponseModesSupported = []string{string(oidc.ResponseModeQuery)}
	c.GrantTypesSupported = client{}.GrantTypes()
	c.ScopesSupported = []string{oidc.ScopeOpenID, oidc.ScopeProfile, oidc.ScopeEmail, oidc.ScopeOfflineAccess}
	c.ClaimsSupported = []string{
		"sub", "aud", "exp", "iat", "iss", "auth_time", "nonce", "acr", "amr", "azp", "sid",
		"name", "preferred_username", "email", "email_verified", "groups",
	}
	httphelper.MarshalJSON(w, struct {
		*oidc.DiscoveryConfiguration
		IssInResponse bool `json:"authorization_response_iss_parameter_supported"`
	}{c, true})
}

func (p *Provider) authorize(w http.ResponseWriter, r *http.Request) {
	asked, err := op.ParseAuthorizeRequest(r, p.op.Decoder())
	if err != nil {
		p.refusePage(w, err)
		return
	}
	c, err := p.storage.GetClientByClientID(r.Context(), asked.ClientID)
	if err != nil {
		p.refusePage(w, err)
		return
	}
	if asked.RequestParam != "" {
		err = oidc.ErrRequestNotSupported()
	}
	// Validated in any case: only then may an error go to the redirect URI.
	_, invalid := op.ValidateAuthRequestClient(r.Context(), asked, c, p.op.IDTokenHintVerifier(r.Context()))
	if invalid != nil {
		err = invalid
	}
	var request op.AuthRequest
	if err == nil {
		request, err = p.storage.CreateAuthRequest(r.Context(), asked, "")
	}
	if err != nil {
		p.refuseRedirect(w, r, asked, err)
		return
	}
	login := c.LoginURL(request.GetID())
	if asked.LoginHint != "" {
		login += "&hint=" + url.QueryEscape(asked.LoginHint)
	}
	http.Redirect(w, r, login, http.StatusFound)
}

// refuseRedirect tells the client by the redirect URI what is wrong, unless that is the redirect
// URI itself.
func (p *Provider) refuseRedirect(w http.ResponseWriter, r *http.Request, asked *oidc.AuthRequest, err error) {
	refusal := oidc.DefaultToServerError(err, "")
	if refusal.IsRedirectDisabled() {
		p.refusePage(w, err)
		return
	}
	p.log.Debug("authorization request refused", "error", err)
	refusal.State = asked.State
	to, err := op.AuthResponseURL(
		asked.RedirectURI, oidc.ResponseTypeCode, oidc.ResponseModeQuery, refusal, p.op.Encoder())
	if err != nil {
		p.refusePage(w, err)
		return
	}
	http.Redirect(w, r, p.withIssuer(to), http.StatusFound)
}

// withIssuer adds iss to an authorization response (RFC 9207).
func (p *Provider) withIssuer(response string) string {
	return response + "&iss=" + url.QueryEscape(p.Issuer())
}

func (p *Provider) refusePage(w http.ResponseWriter, err error) {
	p.log.Debug("request refused", "error", err)
	refusal := oidc.DefaultToServerError(err, "")
	text := refusal.Description
	if text == "" {
		text = string(refusal.ErrorType)
	}
	web.Message(w, http.StatusBadRequest, "This request cannot go on", text)
}

func (p *Provider) token(w http.ResponseWriter, r *http.Request) {
	p.grants.Add(1)
	r.Body = http.MaxBytesReader(w, r.Body, 64<<10)
	var (
		answer *oidc.AccessTokenResponse
		err    error
	)
	switch kind := oidc.GrantType(r.PostFormValue("grant_type")); kind {
	case oidc.GrantTypeCode:
		answer, err = p.redeemCode(r)
	case oidc.GrantTypeRefreshToken:
		p.refreshes.Add(1)
		answer, err = p.refresh(r)
	case "":
		err = oidc.ErrInvalidRequest().WithDescription("grant_type is missing")
	default:
		err = oidc.ErrUnsupportedGrantType()
	}
	if err != nil {
		p.refuseToken(w, err)
		return
	}
	httphelper.MarshalJSON(w, answer)
}

func (p *Provider) redeemCode(r *http.Request) (*oidc.AccessTokenResponse, error) {
	asked, err := op.ParseAccessTokenRequest(r, p.op.Decoder())
	if err != nil {
		return nil, err
	}
	request, c, err := op.ValidateAccessTokenRequest(r.Context(), asked, p.op)
	if err != nil {
		return nil, err
	}
	return op.CreateTokenResponse(r.Context(), request, c, p.op, true, asked.Code, "")
}

func (p *Provider) refresh(r *http.Request) (*oidc.AccessTokenResponse, error) {
	asked, err := op.ParseRefreshTokenRequest(r, p.op.Decoder())
	if err != nil {
		return nil, err
	}
	request, c, err := op.ValidateRefreshTokenRequest(r.Context(), asked, p.op)
	if err != nil {
		return nil, err
	}
	return op.CreateTokenResponse(r.Context(), request, c, p.op, true, "", asked.RefreshToken)
}

func (p *Provider) refuseToken(w http.ResponseWriter, err error) {
	p.log.Debug("token request refused", "error", err)
	refusal := oidc.DefaultToServerError(err, "")
	status := http.StatusBadRequest
	switch refusal.ErrorType {
	case oidc.InvalidClient:
		status = http.StatusUnauthorized
		w.Header().Set("WWW-Authenticate", `Basic realm="sandbox"`)
	case oidc.ServerError:
		status = http.StatusInternalServerError
	}
	httphelper.MarshalJSONWithStatus(w, refusal, status)
}

func (p *Provider) userinfo(w http.ResponseWriter, r *http.Request) { op.Userinfo(w, r, p.op) }

func (p *Provider) revoke(w http.ResponseWriter, r *http.Request) {
	p.revocations.Add(1)
	op.Revoke(w, r, p.op)
}

func (p *Provider) endSession(w http.ResponseWriter, r *http.Request) {
	asked, err := op.ParseEndSessionRequest(r, p.op.Decoder())
	if err != nil {
		p.refusePage(w, err)
		return
	}
	ending, err := op.ValidateEndSessionRequest(r.Context(), asked, p.op)
	if err != nil {
		p.refusePage(w, err)
		return
	}
	if claims := ending.IDTokenHintClaims; claims != nil {
		p.storage.endWhere(func(of *session) bool { return of.id == claims.SessionID })
	}
	if ending.ClientID == "" || asked.PostLogoutRedirectURI == "" {
		web.Message(w, http.StatusOK, "Signed out", "You are signed out of the sandbox's provider.")
		return
	}
	http.Redirect(w, r, ending.RedirectURI, http.StatusFound)
}
