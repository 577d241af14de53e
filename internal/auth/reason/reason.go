package reason

import "log/slog"

// Reason names the check that an answer, a token or metadata of the provider did not pass. The log has it,
// and docs/login.md says for each what it means and what to do.
type Reason string

// The reasons, in the order in which a login can meet them.
const (
	// Discovery.
	DiscoveryIssuerIsMetadata Reason = "discovery_issuer_is_metadata"
	DiscoveryIssuerSlash      Reason = "discovery_issuer_slash"
	DiscoveryIssuerTemplate   Reason = "discovery_issuer_template"
	DiscoveryIssuerOther      Reason = "discovery_issuer_other"
	DiscoveryNotFound         Reason = "discovery_not_found"
	DiscoveryRedirect         Reason = "discovery_redirect"
	DiscoveryForbidden        Reason = "discovery_forbidden"
	DiscoveryStatus           Reason = "discovery_status"
	DiscoveryNotJSON          Reason = "discovery_not_json"
	DiscoveryIncomplete       Reason = "discovery_incomplete"
	DiscoveryEndpoint         Reason = "discovery_endpoint"
	AuthMethodsUnsupported    Reason = "client_auth_unsupported"
	AuthMethodOther           Reason = "client_auth_method"
	AuthAlgorithm             Reason = "client_auth_algorithm"

	// The connection to the provider.
	ProviderName        Reason = "provider_unknown_name"
	ProviderCertificate Reason = "provider_certificate"
	ProviderProxy       Reason = "provider_proxy"
	ProviderConnection  Reason = "provider_connection"
	ProviderTimeout     Reason = "provider_timeout"
	ProviderAnswer      Reason = "provider_answer"
	ProviderStatus      Reason = "provider_status"
	ProviderKeys        Reason = "provider_keys"

	// The call-back.
	CallbackState   Reason = "callback_state"
	CallbackIssuer  Reason = "callback_issuer"
	CallbackError   Reason = "callback_error"
	CallbackNoCode  Reason = "callback_no_code"
	CodeRefused     Reason = "code_refused"
	ClientRefused   Reason = "client_refused"
	TokenAnswer     Reason = "token_answer"
	TokenError      Reason = "token_error"
	TokenType       Reason = "token_type"
	TokenAudience   Reason = "token_audience"
	RefreshRefused  Reason = "refresh_refused"
	ExchangeRefused Reason = "exchange_refused"
	ExchangeType    Reason = "exchange_type"
	ExchangeOrigin  Reason = "exchange_origin"

	// ID tokens and logout tokens.
	TokenMissing        Reason = "id_token_missing"
	JWTMalformed        Reason = "jwt_malformed"
	JWTAlgorithm        Reason = "jwt_algorithm"
	JWTKey              Reason = "jwt_key"
	JWTSignature        Reason = "jwt_signature"
	JWTClaims           Reason = "jwt_claims"
	JWTIssuer           Reason = "jwt_issuer"
	JWTAudience         Reason = "jwt_audience"
	JWTExpired          Reason = "jwt_expired"
	JWTNotYet           Reason = "jwt_not_yet"
	JWTSubject          Reason = "jwt_subject"
	IDTokenNonce        Reason = "id_token_nonce"
	IDTokenAZP          Reason = "id_token_azp"
	IDTokenAudiences    Reason = "id_token_audiences"
	IDTokenFuture       Reason = "id_token_future"
	IDTokenACR          Reason = "id_token_acr"
	IDTokenAuthTime     Reason = "id_token_auth_time"
	RefreshedUser       Reason = "refreshed_user"
	LogoutTokenEvent    Reason = "logout_token_event"
	LogoutTokenNonce    Reason = "logout_token_nonce"
	LogoutTokenID       Reason = "logout_token_jti"
	LogoutTokenNobody   Reason = "logout_token_nobody"
	LogoutTokenAge      Reason = "logout_token_age"
	LogoutTokenReplayed Reason = "logout_token_replayed"

	// Who may come in.
	NotAllowed       Reason = "not_allowed"
	GroupsMissing    Reason = "groups_missing"
	GroupsEmpty      Reason = "groups_empty"
	GroupsOverage    Reason = "groups_overage"
	GroupsOtherShape Reason = "groups_other_shape"
	UserinfoAway     Reason = "userinfo_away"
	UserinfoRefused  Reason = "userinfo_refused"
	UserinfoSubject  Reason = "userinfo_subject"
)

// Refusal is an answer, a token or metadata that is not accepted. Its text and its facts may be logged: they
// quote no token, no code, no state and no description of the provider.
type Refusal struct {
	Reason Reason
	Facts  []slog.Attr // what the provider's operator needs: algorithm, issuer seen, seconds off, error code

	class error // one of the package's errors
	cause error // for errors.Is; never part of the text
}

// Refuse makes a refusal of one of the package's errors.
func Refuse(class error, r Reason, facts ...slog.Attr) *Refusal {
	return &Refusal{Reason: r, Facts: facts, class: class}
}

// Because adds what errors.Is and errors.As find.
func (r *Refusal) Because(cause error) *Refusal {
	r.cause = cause
	return r
}

func (r *Refusal) Error() string { return "auth: refused: " + string(r.Reason) }

// Unwrap gives the class and the cause.
func (r *Refusal) Unwrap() []error {
	if r.cause == nil {
		return []error{r.class}
	}
	return []error{r.class, r.cause}
}

// Cause is what Because added, or nil.
func (r *Refusal) Cause() error { return r.cause }

// Attrs are what a log line about it has: the reason, what it means and what to do, and the facts.
func (r *Refusal) Attrs() []slog.Attr {
	e := Explanations[r.Reason]
	return append([]slog.Attr{slog.String("reason", string(r.Reason)), slog.String("hint", e.Means+" "+e.Do)}, r.Facts...)
}
