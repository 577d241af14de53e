package config

import (
	"crypto"
	"encoding/base64"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"net"
	"net/netip"
	"net/url"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"maiaportal/internal/secret"
)

// Config are the settings, checked.
type Config struct {
	BaseURL              *url.URL
	Listen, AdminListen  string
	OIDC                 OIDC
	AllowedGroups        []string
	AuditorGroups        []string
	MaiaURL              *url.URL
	MaiaRegion           string // "EU1"; empty where another address is configured
	MaiaAccount          string // sent with every call; may be empty
	MaiaTimeout          time.Duration
	DatabaseURL          secret.Text // it may hold a password
	Migrate              bool
	SessionKeys          []secret.Value // the first seals, all of them open
	SessionIdle          time.Duration
	SessionMax           time.Duration
	AuditKeys            []secret.Value // the first seals, the others did before; none: a chain without a key
	ActivityRetention    time.Duration  // 0: for ever
	LogLevel             slog.Level
	LogFormat            string
	SubmissionsPerMinute int // 0: no limit
	ShutdownTimeout      time.Duration
	ShutdownDelay        time.Duration
	TrustedProxies       []netip.Prefix
	NameRule             NameRule // zero: none
	Catalog              string   // path; empty: none
	TimeZone             *time.Location
	Title                string
	SupportURL           string
	Notice               string
	Accent               string            // #rrggbb; empty: the portal's own
	Shown                map[string]string // settings that are not secret, by variable, for the log
	SecurityContact      string            // mailto: or https: address; empty: none
	Logo                 []byte            // of an SVG or PNG; empty: the portal's own sign
	Traces               Traces
}

// OIDC are the settings of the relying party.
type OIDC struct {
	Issuer, ClientID              string
	ClientSecret                  secret.Text
	Scopes                        []string
	Audience, Resource            string
	GroupsClaim                   string
	GroupsSeparator, GroupsMember string                   // empty: none
	ClientKey                     secret.Of[crypto.Signer] // empty: none
	ClientKeyID, ClientKeyAlg     string                   // empty: as the key says
	TokenAuthMethod               string                   // empty: as the provider announces
	MaxAge                        time.Duration            // negative: not asked for
	ACRValues                     []string
	Prompt                        string
	Exchange                      *Exchange // nil: the login's token goes to Maia
}

// Exchange are the settings of RFC 8693 token exchange.
type Exchange struct {
	URL                       string // empty: the provider's token endpoint
	Audience, Resource, Scope string
	ClientID                  string // empty: the login's own, at the login's own origin only
	ClientSecret              secret.Text
	SubjectIDToken            bool // exchange the ID token in place of the access token
}

// NameRule is the company's own rule for names: an expression, and the sentence that says it to people.
type NameRule struct {
	Expression *regexp.Regexp // nil: every name
	Sentence   string
}

// Checks are those that only the rooms which use a setting can make. They are handed in: settings know no other room.
type Checks struct {
	// Secure says whether an address is fit for credentials.
	Secure func(*url.URL) bool
	// Database says what is wrong with an address of a database, without quoting it.
	Database func(address string) error
	// ClientKey reads a private key in PEM. Its error quotes nothing of the file.
	ClientKey func(pem []byte) (crypto.Signer, error)
	// KeyAlgorithms are what a key can sign with; none where it is of no use.
	KeyAlgorithms func(crypto.Signer) []string
	// Accent says what is wrong with a colour.
	Accent func(colour string) error
	// Logo says what is wrong with a picture.
	Logo func(content []byte) error
}

// servers are the published ones.
var servers = map[string]string{
	"eu1": "https://eu1.api.matillion.com/dpc",
	"us1": "https://us1.api.matillion.com/dpc",
	"au1": "https://au1.api.matillion.com/dpc",
}

// Load reads all settings: flags (by their names) go before variables. environ is what os.Environ
// gives. Its error joins all faults, one line each.
func Load(flags map[string]string, environ []string, checks Checks) (Config, error) {
	r := read(flags, environ, checks)
	r.checkUnknown(environ)
	c := r.parse()
	return c, errors.Join(r.faults...)
}

// LoadOnly reads the named settings and ignores the faults of all others: for commands that need just
// a few. Names are variables without their prefix.
func LoadOnly(flags map[string]string, environ []string, checks Checks, variables ...string) (Config, error) {
	r := read(flags, environ, checks)
	c := r.parse()
	var mine []error
	for _, err := range r.faults {
		var f *fault
		if errors.As(err, &f) && slices.Contains(variables, strings.TrimPrefix(f.variable, prefix)) {
			mine = append(mine, err)
		}
	}
	return c, errors.Join(mine...)
}

// fault is what is wrong with one setting, and what to do. It never has the value.
type fault struct{ variable, remedy string }

func (f *fault) Error() string { return f.variable + ": " + f.remedy }

// reader holds what was given while it is checked.
type reader struct {
	given  Settings
	env    map[string]string
	set    map[string]bool // variables that were given a value
	faults []error
	checks Checks
}

func (r *reader) fault(variable, remedy string) {
	r.faults = append(r.faults, &fault{variable, remedy})
}

// faulty says whether a fault of a secret setting has been found, be it of its variable or of its file.
func (r *reader) faulty(variable string) bool {
	return slices.ContainsFunc(r.faults, func(err error) bool {
		var f *fault
		return errors.As(err, &f) && strings.TrimSuffix(f.variable, "_FILE") == variable
	})
}

// read takes every setting from its flag, its variable, its file or its default, in this order.
func read(flags map[string]string, environ []string, checks Checks) *reader {
	env := map[string]string{}
	r := &reader{
		env:    env,
		set:    map[string]bool{},
		checks: checks,
	}
	for _, line := range environ {
		k, v, _ := strings.Cut(line, "=")
		env[k] = v
	}
	for _, s := range All() {
		value, set := flags[s.Flag]
		if s.Secret() {
			value, set = r.secret(s, env)
		} else if !set {
			value, set = env[s.Variable]
			// An empty variable is how compose files leave something out. For the operator's
			// listener it means off.
			set = set && (value != "" || s.Variable == prefix+"ADMIN_LISTEN")
		}
		if r.set[s.Variable] = set; !set {
			value = s.Standard
		}
		s.set(&r.given, value)
	}
	return r
}

// secret reads X or the file that X_FILE names; both at once is a fault.
func (r *reader) secret(s Setting, env map[string]string) (string, bool) {
	value, path := env[s.Variable], env[s.Variable+"_FILE"]
	switch {
	case value != "" && path != "":
		r.fault(s.Variable, "set it or "+s.Variable+"_FILE, not both")
	case path != "":
		b, err := os.ReadFile(path)
		if err != nil {
			r.fault(s.Variable+"_FILE", "the file cannot be read; check the path and its permissions")
			return "", false
		}
		text := strings.TrimSuffix(strings.TrimSuffix(string(b), "\n"), "\r")
		return text, text != ""
	}
	return value, value != ""
}

// checkUnknown finds variables that look like settings and are none: a slip in a name must not leave a
// default in force. What Kubernetes makes for Services is no slip.
func (r *reader) checkUnknown(environ []string) {
	known := map[string]bool{}
	for _, s := range All() {
		known[s.Variable] = true
		if s.Secret() {
			known[s.Variable+"_FILE"] = true
		}
	}
	unknown := map[string]bool{}
	for _, line := range environ {
		k, v, _ := strings.Cut(line, "=")
		if strings.HasPrefix(k, prefix) && !known[k] && !ofKubernetes(k, v) {
			unknown[k] = true
		}
	}
	for _, k := range slices.Sorted(maps.Keys(unknown)) {
		r.fault(k, "there is no such setting; see portal serve --help")
	}
}

// The names of the variables that Kubernetes gives to each container for a Service in its namespace:
// "portal", or one whose name begins with "portal-".
var (
	serviceVariable = pattern(`\APORTAL_(?:[0-9A-Z_]+_)?(?:` +
		`SERVICE_HOST|SERVICE_PORT(?:_[0-9A-Z_]+)?|PORT_[0-9]+_(?:TCP|UDP|SCTP)(?:_(?:PROTO|PORT|ADDR))?)\z`)
	servicePort = pattern(`\APORTAL_(?:[0-9A-Z_]+_)?PORT\z`)
)

// pattern is a regular expression that is compiled at its first use: most starts need none of them.
func pattern(text string) func() *regexp.Regexp {
	return sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(text) })
}

// ofKubernetes says whether a variable is there for a Service and not as a setting. In "…_PORT"
// Kubernetes writes an address such as tcp://10.0.0.1:80; a bare number there was typed by somebody who
// means a setting, such as the port to listen on.
func ofKubernetes(k, v string) bool {
	if serviceVariable().MatchString(k) {
		return true
	}
	_, err := strconv.Atoi(v)
	return servicePort().MatchString(k) && err != nil
}

func (r *reader) parse() Config {
	g := r.given
	c := Config{
		BaseURL:     r.baseURL(g.BaseURL),
		Listen:      r.address("LISTEN", g.Listen, true),
		AdminListen: r.address("ADMIN_LISTEN", g.AdminListen, false),
		OIDC: OIDC{
			Issuer:          r.issuer(g.OIDCIssuer),
			ClientID:        g.OIDCClientID,
			ClientSecret:    g.OIDCClientSecret,
			Scopes:          strings.Fields(g.OIDCScopes),
			Audience:        g.OIDCAudience,
			Resource:        g.OIDCResource,
			GroupsClaim:     g.OIDCGroupsClaim,
			GroupsSeparator: g.OIDCGroupsSeparator,
			GroupsMember:    g.OIDCGroupsMember,
			ClientKey:       r.clientKey(g),
			ClientKeyID:     g.OIDCClientKeyID,
			ClientKeyAlg:    g.OIDCClientKeyAlg,
			TokenAuthMethod: r.tokenAuth(g),
			MaxAge:          r.maxAge(g.OIDCMaxAge),
			ACRValues:       strings.Fields(g.OIDCACRValues),
			Prompt:          g.OIDCPrompt,
			Exchange:        r.exchange(g),
		},
		AllowedGroups:        r.groups("ALLOWED_GROUPS", g.AllowedGroups),
		AuditorGroups:        r.groups("AUDITOR_GROUPS", g.AuditorGroups),
		MaiaAccount:          r.maiaAccount(g.MaiaAccount),
		MaiaTimeout:          r.duration("MAIA_TIMEOUT", g.MaiaTimeout),
		DatabaseURL:          g.DatabaseURL,
		SessionKeys:          r.keys(g.SessionKeys),
		SessionMax:           r.duration("SESSION_MAX", g.SessionMax),
		AuditKeys:            r.auditKeys(g.AuditKeys),
		ActivityRetention:    r.retention(g.ActivityRetention),
		LogFormat:            g.LogFormat,
		ShutdownTimeout:      r.duration("SHUTDOWN_TIMEOUT", g.ShutdownTimeout),
		ShutdownDelay:        r.delay("SHUTDOWN_DELAY", g.ShutdownDelay),
		TrustedProxies:       r.networks(g.TrustedProxies),
		NameRule:             r.nameRule(g.NameRule),
		Catalog:              r.catalog(g.Catalog),
		TimeZone:             r.timeZone(g.TimeZone),
		Title:                g.Title,
		SupportURL:           g.SupportURL,
		Notice:               g.Notice,
		Accent:               r.accent(g.Accent),
		Shown:                r.shown(),
		SecurityContact:      r.contact(g.SecurityContact),
		Logo:                 r.logo(g.Logo),
		SubmissionsPerMinute: r.perMinute(g.SubmissionsPerMinute),
		Traces:               r.traces(),
	}
	c.MaiaURL, c.MaiaRegion = r.maia(g)
	c.SessionIdle = r.sessionIdle(g.SessionIdle, c.SessionMax)
	if g.OIDCClientID == "" {
		r.fault(prefix+"OIDC_CLIENT_ID", "is required: the client id that the provider gave to the portal")
	}
	if !slices.Contains(c.OIDC.Scopes, "openid") {
		r.fault(prefix+"OIDC_SCOPES", "must contain openid")
	}
	if err := r.checks.Database(g.DatabaseURL.Reveal()); err != nil {
		r.fault(prefix+"DATABASE_URL", err.Error())
	}
	var err error
	if c.Migrate, err = strconv.ParseBool(g.Migrate); err != nil {
		r.fault(prefix+"MIGRATE", "want true or false")
	}
	if err := c.LogLevel.UnmarshalText([]byte(g.LogLevel)); err != nil || strings.ContainsAny(g.LogLevel, "+-") {
		r.fault(prefix+"LOG_LEVEL", "want debug, info, warn or error")
	}
	if g.LogFormat != "json" && g.LogFormat != "text" {
		r.fault(prefix+"LOG_FORMAT", "want json or text")
	}
	if g.SupportURL != "" {
		if u, err := url.Parse(g.SupportURL); err != nil || u.Scheme != "https" && u.Scheme != "http" && u.Scheme != "mailto" {
			r.fault(prefix+"SUPPORT_URL", "want an address that begins with https://, http:// or mailto:")
		}
	}
	if strings.ContainsAny(g.Notice, "\r\n") {
		r.fault(prefix+"NOTICE", "want one line")
	}
	if c.ShutdownTimeout > 0 && c.MaiaTimeout > 0 && c.ShutdownTimeout < 2*c.MaiaTimeout {
		r.fault(prefix+"SHUTDOWN_TIMEOUT", "must be at least twice PORTAL_MAIA_TIMEOUT, or a submission could be cut")
	}
	return c
}

// webAddress parses an absolute http or https URL without user, query and fragment; http only for a
// loopback host.
func (r *reader) webAddress(name, raw string) *url.URL {
	u, err := url.Parse(raw)
	switch {
	case err != nil || u.Host == "" || u.Hostname() == "" || u.Scheme != "https" && u.Scheme != "http":
		r.fault(prefix+name, "want an absolute address, such as https://host.example.com")
	case u.User != nil || u.RawQuery != "" || u.Fragment != "" || u.ForceQuery:
		r.fault(prefix+name, "must have no user, query or fragment")
	case !r.checks.Secure(u):
		r.fault(prefix+name, "must begin with https://; http is for loopback hosts only")
	default:
		return u
	}
	return nil
}

func (r *reader) baseURL(raw string) *url.URL {
	if raw == "" {
		r.fault(prefix+"BASE_URL", "is required: the address that users open, such as https://secrets.example.com")
		return nil
	}
	u := r.webAddress("BASE_URL", raw)
	if u != nil && u.Path != "" && u.Path != "/" {
		r.fault(prefix+"BASE_URL", "must have no path: the portal wants a host name of its own")
		return nil
	}
	if u != nil {
		u.Path = ""
	}
	return u
}

func (r *reader) issuer(raw string) string {
	if raw == "" {
		r.fault(prefix+"OIDC_ISSUER", "is required: the provider's issuer URL, exactly as the provider spells it")
		return ""
	}
	r.webAddress("OIDC_ISSUER", raw)
	return raw
}

func (r *reader) maia(g Settings) (*url.URL, string) {
	if g.MaiaURL != "" {
		return r.webAddress("MAIA_URL", g.MaiaURL), ""
	}
	server, ok := servers[g.MaiaRegion]
	if !ok {
		r.fault(prefix+"MAIA_REGION", "want eu1, us1 or au1")
		return nil, ""
	}
	u, _ := url.Parse(server)
	return u, strings.ToUpper(g.MaiaRegion)
}

func (r *reader) address(name, raw string, required bool) string {
	if raw == "" && !required {
		return ""
	}
	host, port, err := net.SplitHostPort(raw)
	n, perr := strconv.Atoi(port)
	if err != nil || perr != nil || n < 0 || n > 65535 || strings.ContainsAny(host, "/ ") {
		r.fault(prefix+name, "want HOST:PORT, such as 127.0.0.1:8080")
	}
	return raw
}

func (r *reader) duration(name, raw string) time.Duration {
	d, err := time.ParseDuration(raw)
	if err != nil || d <= 0 {
		r.fault(prefix+name, "want a length of time greater than 0, such as 20s, 30m or 8h")
		return 0
	}
	return d
}

// delay is a duration that may be nothing.
func (r *reader) delay(name, raw string) time.Duration {
	d, err := time.ParseDuration(raw)
	if err != nil || d < 0 {
		r.fault(prefix+name, "want a length of time, such as 5s, or 0s for none")
		return 0
	}
	return d
}

// timeZone finds a zone by its name in the program's own data, so that the same names work on every machine.
func (r *reader) timeZone(name string) *time.Location {
	zone, err := time.LoadLocation(name)
	if err != nil || strings.EqualFold(name, "local") {
		r.fault(prefix+"TIME_ZONE", "want the IANA name of a time zone, such as UTC or Europe/Berlin")
		return time.UTC
	}
	return zone
}

// shortestRetention is how long what happened is kept at least: shorter, and a month's review would find holes.
const shortestRetention = 720 * time.Hour

// retention is how long records and events are kept; 0: for ever.
func (r *reader) retention(raw string) time.Duration {
	if raw == "" {
		return 0
	}
	d, err := time.ParseDuration(raw)
	if err != nil || d < shortestRetention {
		r.fault(prefix+"ACTIVITY_RETENTION", "want a length of time of at least 720h (30 days), such as 8760h for a year; leave it empty to keep everything")
		return 0
	}
	return d
}

// sessionIdle is never longer than the absolute life. Somebody who shortened that alone has not asked for two lives
// that contradict each other; somebody who set both has.
func (r *reader) sessionIdle(raw string, longest time.Duration) time.Duration {
	idle := r.duration("SESSION_IDLE", raw)
	if longest <= 0 || idle <= longest {
		return idle
	}
	if r.set[prefix+"SESSION_IDLE"] {
		r.fault(prefix+"SESSION_IDLE", "must not be longer than PORTAL_SESSION_MAX")
	}
	return longest
}

// accountID is what can stand in a header as it is: visible characters of ASCII, and spaces between them.
var accountID = pattern(`^[!-~]([ -~]{0,254}[!-~])?$`)

func (r *reader) maiaAccount(raw string) string {
	if raw != "" && !accountID().MatchString(raw) {
		r.fault(prefix+"MAIA_ACCOUNT_ID", "want the id of your Maia account: it is sent in a header, so it has ASCII letters, digits and signs only")
		return ""
	}
	return raw
}

func (r *reader) perMinute(raw string) int {
	n, err := strconv.Atoi(raw)
	if err != nil || n < 0 || n > 1000 {
		r.fault(prefix+"SUBMISSIONS_PER_MINUTE", "want a whole number up to 1000, or 0 for no limit")
		return 0
	}
	return n
}

// nameRule reads a regular expression and, behind its first blank, the sentence that says it to people.
// No name has a blank, so no expression needs one.
func (r *reader) nameRule(raw string) NameRule {
	if raw == "" {
		return NameRule{}
	}
	expression, sentence, _ := strings.Cut(strings.TrimSpace(raw), " ")
	rule, err := regexp.Compile(expression)
	if err != nil {
		r.fault(prefix+"NAME_RULE", "want a regular expression (RE2), a space, and a sentence that explains the rule to people")
		return NameRule{}
	}
	sentence = strings.TrimSpace(sentence)
	if sentence == "" {
		sentence = "It has to match " + expression + "."
	}
	return NameRule{Expression: rule, Sentence: sentence}
}

// catalog is the path of a file that can be read. What is in it is none of the settings' business.
func (r *reader) catalog(path string) string {
	if path == "" {
		return ""
	}
	if info, err := os.Stat(path); err != nil || info.IsDir() {
		r.fault(prefix+"CATALOG", "the file cannot be read; check the path and its permissions")
	}
	return path
}

func (r *reader) keys(given secret.Text) []secret.Value {
	if given.Empty() {
		r.fault(prefix+"SESSION_KEYS", "is required: base64 of 32 bytes; see portal keygen")
		return nil
	}
	return r.someKeys("SESSION_KEYS", given)
}

// auditKeys may be none: the chain of the audit trail then has plain hashes.
func (r *reader) auditKeys(given secret.Text) []secret.Value {
	if given.Empty() {
		return nil
	}
	return r.someKeys("AUDIT_KEYS", given)
}

func (r *reader) someKeys(name string, given secret.Text) []secret.Value {
	var keys []secret.Value
	for _, k := range strings.Split(given.Reveal(), ",") {
		b, err := base64.StdEncoding.DecodeString(strings.TrimSpace(k))
		if err != nil || len(b) != 32 {
			r.fault(prefix+name, "want base64 of 32 bytes each, comma-separated; see portal keygen")
			return nil
		}
		if weak(b) {
			r.fault(prefix+name, "a key is not random; make one with portal keygen")
			return nil
		}
		keys = append(keys, secret.New(b))
	}
	return keys
}

// weak finds keys that somebody typed: 32 random bytes have fewer than 16 different ones once in very
// many lifetimes.
func weak(key []byte) bool {
	different := map[byte]bool{}
	for _, b := range key {
		different[b] = true
	}
	return len(different) < 16
}

func (r *reader) networks(raw string) []netip.Prefix {
	var nets []netip.Prefix
	for _, s := range list(raw) {
		p, err := netip.ParsePrefix(s)
		if err != nil {
			r.fault(prefix+"TRUSTED_PROXIES", "want networks such as 10.0.0.0/8, comma-separated")
			return nil
		}
		nets = append(nets, p)
	}
	return nets
}

// list splits at commas and drops what is empty.
func list(raw string) []string {
	var out []string
	for _, s := range strings.Split(raw, ",") {
		if s = strings.TrimSpace(s); s != "" {
			out = append(out, s)
		}
	}
	return out
}

// String keeps a Config that is printed by accident short. Its secrets hide themselves.
func (c Config) String() string { return fmt.Sprintf("config for %v", c.BaseURL) }

// GoString is String for %#v.
func (c Config) GoString() string { return c.String() }

// MarshalText is String for encoders.
func (c Config) MarshalText() ([]byte, error) { return []byte(c.String()), nil }

// LogValue is String for slog.
func (c Config) LogValue() slog.Value { return slog.StringValue(c.String()) }
