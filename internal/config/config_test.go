package config

import (
	"encoding/base64"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"maiaportal/internal/auth/oidc"
	"maiaportal/internal/store"
	"maiaportal/internal/weburl"
)

// checks are what the portal hands in.
var checks = Checks{
	Secure: weburl.Secure,
	Database: func(address string) error {
		_, err := store.ParseURL(address)
		return err
	},
	ClientKey:     oidc.ClientKey,
	KeyAlgorithms: oidc.KeyAlgorithms,
}

func load(flags map[string]string, environ []string) (Config, error) {
	return Load(flags, environ, checks)
}

func key(b string) string { return base64.StdEncoding.EncodeToString([]byte(b)) }

var strong = key("\x00\x11\x22\x33\x44\x55\x66\x77\x88\x99\xaa\xbb\xcc\xdd\xee\xff\x01\x12\x23\x34\x45\x56\x67\x78\x89\x9a\xab\xbc\xcd\xde\xef\xf0")

// least is what has to be set.
func least(more ...string) []string {
	return append([]string{
		"PATH=/bin", "HOME=/root", "PORTAL", "PORTALX=1",
		"PORTAL_BASE_URL=https://secrets.example.com", "PORTAL_OIDC_ISSUER=https://login.example.com/realm", "PORTAL_OIDC_CLIENT_ID=portal", "PORTAL_SESSION_KEYS=" + strong,
	}, more...)
}

// lines are the faults, one each.
func lines(err error) []string {
	if err == nil {
		return nil
	}
	return strings.Split(err.Error(), "\n")
}

// S-49: what holds where nothing else is said.
func TestDefaults(t *testing.T) {
	c, err := load(nil, least())
	if err != nil {
		t.Fatal(err)
	}
	for what, pair := range map[string][2]any{
		"base URL":        {c.BaseURL.String(), "https://secrets.example.com"},
		"listen":          {c.Listen, "127.0.0.1:8080"},
		"admin listen":    {c.AdminListen, "127.0.0.1:9090"},
		"issuer":          {c.OIDC.Issuer, "https://login.example.com/realm"},
		"client":          {c.OIDC.ClientID + "," + c.OIDC.ClientSecret.Reveal(), "portal,"},
		"scopes":          {strings.Join(c.OIDC.Scopes, ","), "openid,profile,email,offline_access"},
		"groups claim":    {c.OIDC.GroupsClaim, "groups"},
		"max age":         {c.OIDC.MaxAge < 0, true},
		"exchange":        {c.OIDC.Exchange == nil, true},
		"groups":          {len(c.AllowedGroups) + len(c.AuditorGroups), 0},
		"Maia":            {c.MaiaURL.String() + " " + c.MaiaRegion, "https://eu1.api.matillion.com/dpc EU1"},
		"Maia's time":     {c.MaiaTimeout, 20 * time.Second},
		"database":        {c.DatabaseURL.Reveal(), "sqlite:portal.db"},
		"migrate":         {c.Migrate, true},
		"keys":            {len(c.SessionKeys), 1},
		"audit keys":      {len(c.AuditKeys), 0},
		"idle":            {c.SessionIdle, 30 * time.Minute},
		"max":             {c.SessionMax, 8 * time.Hour},
		"log level":       {c.LogLevel, slog.LevelInfo},
		"log format":      {c.LogFormat, "json"},
		"submissions":     {c.SubmissionsPerMinute, 30},
		"shutdown":        {c.ShutdownTimeout, 45 * time.Second},
		"shutdown delay":  {c.ShutdownDelay, time.Duration(0)},
		"trusted proxies": {len(c.TrustedProxies), 0},
		"title":           {c.Title, "Maia secrets"},
		"name rule":       {c.NameRule.Expression == nil, true},
		"catalogue":       {c.Catalog, ""},
		"support, notice": {c.SupportURL + c.Notice, ""},
	} {
		if pair[0] != pair[1] {
			t.Errorf("%s: %v, want %v", what, pair[0], pair[1])
		}
	}
}

func TestEverySettingIsRead(t *testing.T) {
	c, err := load(nil, least(
		"PORTAL_BASE_URL=http://localhost:8080/", "PORTAL_LISTEN=:80", "PORTAL_ADMIN_LISTEN=[::1]:0", "PORTAL_OIDC_ISSUER=http://127.0.0.1:9000", "PORTAL_OIDC_CLIENT_SECRET=s3cret",
		"PORTAL_OIDC_SCOPES=openid  groups", "PORTAL_OIDC_AUDIENCE=aud", "PORTAL_OIDC_RESOURCE=res", "PORTAL_OIDC_GROUPS_CLAIM=realm.roles", "PORTAL_OIDC_GROUPS_SEPARATOR= ", "PORTAL_OIDC_GROUPS_MEMBER=name", "PORTAL_ALLOWED_GROUPS=a, b,,c ", "PORTAL_AUDITOR_GROUPS=d",
		"PORTAL_MAIA_REGION=us1", "PORTAL_MAIA_TIMEOUT=5s", "PORTAL_DATABASE_URL=sqlite:/var/lib/portal.db", "PORTAL_MIGRATE=false", "PORTAL_SESSION_KEYS="+strong+", "+goodOther(),
		"PORTAL_SESSION_IDLE=1h", "PORTAL_SESSION_MAX=1h", "PORTAL_LOG_LEVEL=debug", "PORTAL_LOG_FORMAT=text", "PORTAL_SUBMISSIONS_PER_MINUTE=1", "PORTAL_SHUTDOWN_TIMEOUT=10s", "PORTAL_SHUTDOWN_DELAY=3s",
		"PORTAL_TRUSTED_PROXIES=10.0.0.0/8,fd00::/8", "PORTAL_TIME_ZONE=Europe/Berlin", "PORTAL_TITLE=T", "PORTAL_SUPPORT_URL=mailto:help@example.com", "PORTAL_NOTICE=N = 1", "PORTAL_NAME_RULE=^[A-Z]+$ Use capitals, all the way.",
	))
	if err != nil {
		t.Fatal(err)
	}
	got := fmt.Sprintln(c.BaseURL, c.Listen, c.AdminListen, c.OIDC.Issuer, c.OIDC.ClientSecret.Reveal(), c.OIDC.Scopes, c.OIDC.Audience, c.OIDC.Resource, c.OIDC.GroupsClaim, c.OIDC.GroupsSeparator+c.OIDC.GroupsMember, c.AllowedGroups, c.AuditorGroups,
		c.MaiaURL, c.MaiaRegion, c.MaiaTimeout, c.DatabaseURL.Reveal(), c.Migrate, len(c.SessionKeys), c.SessionIdle, c.SessionMax, c.LogLevel, c.LogFormat, c.SubmissionsPerMinute, c.ShutdownTimeout, c.ShutdownDelay, c.TrustedProxies, c.TimeZone, c.Title, c.SupportURL, c.Notice, c.NameRule.Expression, c.NameRule.Sentence)
	want := fmt.Sprintln("http://localhost:8080", ":80", "[::1]:0", "http://127.0.0.1:9000", "s3cret", []string{"openid", "groups"}, "aud", "res", "realm.roles", " name", []string{"a", "b", "c"}, []string{"d"},
		"https://us1.api.matillion.com/dpc", "US1", 5*time.Second, "sqlite:/var/lib/portal.db", false, 2, time.Hour, time.Hour, slog.LevelDebug, "text", 1, 10*time.Second, 3*time.Second, "[10.0.0.0/8 fd00::/8]", "Europe/Berlin", "T", "mailto:help@example.com", "N = 1", "^[A-Z]+$", "Use capitals, all the way.")
	if got != want {
		t.Errorf("\n got %s\nwant %s", got, want)
	}
	if string(c.SessionKeys[0].Bytes()) != decode(strong) || string(c.SessionKeys[1].Bytes()) != decode(goodOther()) {
		t.Error("the first key has to seal: their order is lost")
	}
}

// What is in the catalogue is no matter of the settings.
func TestCatalogue(t *testing.T) {
	path := filepath.Join(t.TempDir(), "catalogue.yaml")
	if err := os.WriteFile(path, []byte("nonsense"), 0o600); err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]Config{
		"variable": must(load(nil, least("PORTAL_CATALOG="+path))),
		"flag":     must(load(map[string]string{"catalog": path}, least())),
	} {
		if c.Catalog != path {
			t.Errorf("%s: %q", name, c.Catalog)
		}
	}
}

// The keys of the audit trail keep their order, too: the first one seals.
func TestAuditKeys(t *testing.T) {
	c, err := load(nil, least("PORTAL_AUDIT_KEYS="+goodOther()+" , "+strong))
	if err != nil || len(c.AuditKeys) != 2 {
		t.Fatalf("%d keys, %v", len(c.AuditKeys), err)
	}
	if string(c.AuditKeys[0].Bytes()) != decode(goodOther()) || string(c.AuditKeys[1].Bytes()) != decode(strong) {
		t.Error("the first key has to seal: their order is lost")
	}
}

func decode(s string) string { b, _ := base64.StdEncoding.DecodeString(s); return string(b) }

func goodOther() string { return key("0123456789abcdefghijklmnopqrstuv") }

// S-49: each fault is one line that names the variable and what to do, and never the value.
func TestFaults(t *testing.T) {
	const mark = "canary77"
	for why, tc := range map[string]struct{ set, variable string }{
		"base URL is no address":               {"PORTAL_BASE_URL=" + mark, "PORTAL_BASE_URL"},
		"base URL of another scheme":           {"PORTAL_BASE_URL=ftp://" + mark + ".example.com", "PORTAL_BASE_URL"},
		"base URL by http":                     {"PORTAL_BASE_URL=http://" + mark + ".example.com", "PORTAL_BASE_URL"},
		"base URL with a path":                 {"PORTAL_BASE_URL=https://h.example.com/" + mark, "PORTAL_BASE_URL"},
		"base URL with a user":                 {"PORTAL_BASE_URL=https://u:" + mark + "@h.example.com", "PORTAL_BASE_URL"},
		"base URL with a query":                {"PORTAL_BASE_URL=https://h.example.com?" + mark, "PORTAL_BASE_URL"},
		"base URL with an empty query":         {"PORTAL_BASE_URL=https://h.example.com?", "PORTAL_BASE_URL"},
		"base URL with a fragment":             {"PORTAL_BASE_URL=https://h.example.com#" + mark, "PORTAL_BASE_URL"},
		"base URL with a port alone":           {"PORTAL_BASE_URL=https://:8080", "PORTAL_BASE_URL"},
		"base URL with a port that is none":    {"PORTAL_BASE_URL=https://h:" + mark, "PORTAL_BASE_URL"},
		"base URL that looks like loopback":    {"PORTAL_BASE_URL=http://127.0.0.1." + mark + ".example.com", "PORTAL_BASE_URL"},
		"base URL with localhost in front":     {"PORTAL_BASE_URL=http://localhost." + mark + ".com", "PORTAL_BASE_URL"},
		"base URL with a private address":      {"PORTAL_BASE_URL=http://10.0.0.1", "PORTAL_BASE_URL"},
		"base URL with the wildcard":           {"PORTAL_BASE_URL=http://0.0.0.0", "PORTAL_BASE_URL"},
		"listen without a port":                {"PORTAL_LISTEN=" + mark, "PORTAL_LISTEN"},
		"listen on a port that is none":        {"PORTAL_LISTEN=127.0.0.1:" + mark, "PORTAL_LISTEN"},
		"listen on a port that is too high":    {"PORTAL_LISTEN=:65536", "PORTAL_LISTEN"},
		"listen on an address":                 {"PORTAL_LISTEN=http://127.0.0.1:80", "PORTAL_LISTEN"},
		"admin listen":                         {"PORTAL_ADMIN_LISTEN=" + mark, "PORTAL_ADMIN_LISTEN"},
		"issuer by http":                       {"PORTAL_OIDC_ISSUER=http://" + mark + ".example.com", "PORTAL_OIDC_ISSUER"},
		"issuer is no address":                 {"PORTAL_OIDC_ISSUER=" + mark, "PORTAL_OIDC_ISSUER"},
		"scopes without openid":                {"PORTAL_OIDC_SCOPES=profile " + mark, "PORTAL_OIDC_SCOPES"},
		"max age is no number":                 {"PORTAL_OIDC_MAX_AGE=" + mark, "PORTAL_OIDC_MAX_AGE"},
		"max age is negative":                  {"PORTAL_OIDC_MAX_AGE=-1", "PORTAL_OIDC_MAX_AGE"},
		"prompt none":                          {"PORTAL_OIDC_PROMPT=login none", "PORTAL_OIDC_PROMPT"},
		"a client key that is not there":       {"PORTAL_OIDC_CLIENT_KEY_FILE=/no/" + mark, "PORTAL_OIDC_CLIENT_KEY_FILE"},
		"token mode":                           {"PORTAL_TOKEN_MODE=" + mark, "PORTAL_TOKEN_MODE"},
		"an exchange that is not chosen":       {"PORTAL_TOKEN_EXCHANGE_AUDIENCE=" + mark, "PORTAL_TOKEN_EXCHANGE_AUDIENCE"},
		"region":                               {"PORTAL_MAIA_REGION=" + mark, "PORTAL_MAIA_REGION"},
		"region in capitals":                   {"PORTAL_MAIA_REGION=EU1", "PORTAL_MAIA_REGION"},
		"Maia by http":                         {"PORTAL_MAIA_URL=http://" + mark + ".example.com", "PORTAL_MAIA_URL"},
		"Maia with a user":                     {"PORTAL_MAIA_URL=https://" + mark + "@h.example.com", "PORTAL_MAIA_URL"},
		"Maia's time":                          {"PORTAL_MAIA_TIMEOUT=" + mark, "PORTAL_MAIA_TIMEOUT"},
		"Maia's time without a unit":           {"PORTAL_MAIA_TIMEOUT=20", "PORTAL_MAIA_TIMEOUT"},
		"Maia's time is nothing":               {"PORTAL_MAIA_TIMEOUT=0s", "PORTAL_MAIA_TIMEOUT"},
		"Maia's time is negative":              {"PORTAL_MAIA_TIMEOUT=-5s", "PORTAL_MAIA_TIMEOUT"},
		"database":                             {"PORTAL_DATABASE_URL=mysql://u:" + mark + "@h/db", "PORTAL_DATABASE_URL"},
		"database without a path":              {"PORTAL_DATABASE_URL=sqlite:", "PORTAL_DATABASE_URL"},
		"migrate":                              {"PORTAL_MIGRATE=" + mark, "PORTAL_MIGRATE"},
		"a key that is no base64":              {"PORTAL_SESSION_KEYS=" + mark + "!", "PORTAL_SESSION_KEYS"},
		"a key that is short":                  {"PORTAL_SESSION_KEYS=" + key(mark+mark), "PORTAL_SESSION_KEYS"},
		"a key that is long":                   {"PORTAL_SESSION_KEYS=" + key(decode(strong)+"x"), "PORTAL_SESSION_KEYS"},
		"a key of one letter":                  {"PORTAL_SESSION_KEYS=" + key(strings.Repeat("x", 32)), "PORTAL_SESSION_KEYS"},
		"a key of one word":                    {"PORTAL_SESSION_KEYS=" + key(strings.Repeat(mark, 4)), "PORTAL_SESSION_KEYS"},
		"a key of zeros":                       {"PORTAL_SESSION_KEYS=" + key(strings.Repeat("\x00", 32)), "PORTAL_SESSION_KEYS"},
		"a second key that is bad":             {"PORTAL_SESSION_KEYS=" + strong + "," + mark, "PORTAL_SESSION_KEYS"},
		"a comma behind the last key":          {"PORTAL_SESSION_KEYS=" + strong + ",", "PORTAL_SESSION_KEYS"},
		"an audit key that is no base64":       {"PORTAL_AUDIT_KEYS=" + mark + "!", "PORTAL_AUDIT_KEYS"},
		"an audit key that is short":           {"PORTAL_AUDIT_KEYS=" + key(mark+mark), "PORTAL_AUDIT_KEYS"},
		"an audit key of one word":             {"PORTAL_AUDIT_KEYS=" + key(strings.Repeat(mark, 4)), "PORTAL_AUDIT_KEYS"},
		"a second audit key that is bad":       {"PORTAL_AUDIT_KEYS=" + strong + "," + mark, "PORTAL_AUDIT_KEYS"},
		"an audit key file that is not there":  {"PORTAL_AUDIT_KEYS_FILE=/no/" + mark, "PORTAL_AUDIT_KEYS_FILE"},
		"idle":                                 {"PORTAL_SESSION_IDLE=" + mark, "PORTAL_SESSION_IDLE"},
		"idle longer than max":                 {"PORTAL_SESSION_IDLE=9h", "PORTAL_SESSION_IDLE"},
		"max":                                  {"PORTAL_SESSION_MAX=" + mark, "PORTAL_SESSION_MAX"},
		"log level":                            {"PORTAL_LOG_LEVEL=" + mark, "PORTAL_LOG_LEVEL"},
		"log level with a sum":                 {"PORTAL_LOG_LEVEL=info+2", "PORTAL_LOG_LEVEL"},
		"log format":                           {"PORTAL_LOG_FORMAT=" + mark, "PORTAL_LOG_FORMAT"},
		"submissions":                          {"PORTAL_SUBMISSIONS_PER_MINUTE=" + mark, "PORTAL_SUBMISSIONS_PER_MINUTE"},
		"fewer than no submissions":            {"PORTAL_SUBMISSIONS_PER_MINUTE=-1", "PORTAL_SUBMISSIONS_PER_MINUTE"},
		"far too many submissions":             {"PORTAL_SUBMISSIONS_PER_MINUTE=1001", "PORTAL_SUBMISSIONS_PER_MINUTE"},
		"shutdown":                             {"PORTAL_SHUTDOWN_TIMEOUT=" + mark, "PORTAL_SHUTDOWN_TIMEOUT"},
		"shutdown shorter than a submission":   {"PORTAL_SHUTDOWN_TIMEOUT=39s", "PORTAL_SHUTDOWN_TIMEOUT"},
		"shutdown delay":                       {"PORTAL_SHUTDOWN_DELAY=" + mark, "PORTAL_SHUTDOWN_DELAY"},
		"shutdown delay without a unit":        {"PORTAL_SHUTDOWN_DELAY=20", "PORTAL_SHUTDOWN_DELAY"},
		"shutdown delay that is negative":      {"PORTAL_SHUTDOWN_DELAY=-5s", "PORTAL_SHUTDOWN_DELAY"},
		"trusted proxies":                      {"PORTAL_TRUSTED_PROXIES=10.0.0.0/8," + mark, "PORTAL_TRUSTED_PROXIES"},
		"a trusted proxy without its width":    {"PORTAL_TRUSTED_PROXIES=10.0.0.1", "PORTAL_TRUSTED_PROXIES"},
		"a rule that is no expression":         {"PORTAL_NAME_RULE=(" + mark + " A sentence.", "PORTAL_NAME_RULE"},
		"a catalogue that is not there":        {"PORTAL_CATALOG=/no/" + mark, "PORTAL_CATALOG"},
		"a catalogue that is a folder":         {"PORTAL_CATALOG=/", "PORTAL_CATALOG"},
		"a zone that nobody has":               {"PORTAL_TIME_ZONE=Europe/" + mark, "PORTAL_TIME_ZONE"},
		"the machine's own zone":               {"PORTAL_TIME_ZONE=Local", "PORTAL_TIME_ZONE"},
		"a zone that is a path":                {"PORTAL_TIME_ZONE=../" + mark, "PORTAL_TIME_ZONE"},
		"support by a script":                  {"PORTAL_SUPPORT_URL=javascript:" + mark, "PORTAL_SUPPORT_URL"},
		"support by a path":                    {"PORTAL_SUPPORT_URL=/" + mark, "PORTAL_SUPPORT_URL"},
		"a notice of two lines":                {"PORTAL_NOTICE=" + mark + "\nb", "PORTAL_NOTICE"},
		"no base URL":                          {"PORTAL_BASE_URL=", "PORTAL_BASE_URL"},
		"no issuer":                            {"PORTAL_OIDC_ISSUER=", "PORTAL_OIDC_ISSUER"},
		"no client id":                         {"PORTAL_OIDC_CLIENT_ID=", "PORTAL_OIDC_CLIENT_ID"},
		"no session keys":                      {"PORTAL_SESSION_KEYS=", "PORTAL_SESSION_KEYS"},
		"a slip in a name":                     {"PORTAL_BASEURL=" + mark, "PORTAL_BASEURL"},
		"a name in small letters":              {"PORTAL_base_url=" + mark, "PORTAL_base_url"},
		"a file for what is no secret":         {"PORTAL_TITLE_FILE=/" + mark, "PORTAL_TITLE_FILE"},
		"a secret in a file that is not there": {"PORTAL_OIDC_CLIENT_SECRET_FILE=/no/" + mark, "PORTAL_OIDC_CLIENT_SECRET_FILE"},
		"a secret in a folder":                 {"PORTAL_OIDC_CLIENT_SECRET_FILE=/", "PORTAL_OIDC_CLIENT_SECRET_FILE"},
	} {
		t.Run(why, func(t *testing.T) {
			_, err := load(nil, least(tc.set))
			got := lines(err)
			if len(got) != 1 || !strings.HasPrefix(got[0], tc.variable+": ") || len(got[0]) < len(tc.variable)+10 {
				t.Errorf("%q, want one line about %s", got, tc.variable)
			}
			if strings.Contains(fmt.Sprint(err), mark) || strings.Contains(fmt.Sprintf("%+v", err), mark) {
				t.Errorf("the value is printed: %v", err)
			}
			_, value, _ := strings.Cut(tc.set, "=")
			if len(value) > 12 && strings.Contains(fmt.Sprint(err), value) {
				t.Errorf("the value is printed: %v", err)
			}
		})
	}
}

// S-49: all faults at once, in one go.
func TestAllFaultsAtOnce(t *testing.T) {
	_, err := load(map[string]string{"title": "t", "log-level": "loud"}, []string{
		"PORTAL_BASE_URL=http://a.example.com", "PORTAL_SESSION_KEYS=x", "PORTAL_SESSION_KEYS_FILE=/x", "PORTAL_TYPO=1", "PORTAL_ANOTHER=2", "PORTAL_MAIA_TIMEOUT=x", "PORTAL_NOTICE=",
	})
	var got []string
	for _, l := range lines(err) {
		name, _, _ := strings.Cut(l, ":")
		got = append(got, name)
	}
	for _, want := range []string{"PORTAL_BASE_URL", "PORTAL_SESSION_KEYS", "PORTAL_TYPO", "PORTAL_ANOTHER", "PORTAL_MAIA_TIMEOUT", "PORTAL_OIDC_ISSUER", "PORTAL_OIDC_CLIENT_ID", "PORTAL_LOG_LEVEL"} {
		if !slices.Contains(got, want) {
			t.Errorf("%s is not named in %q", want, got)
		}
	}
	_, err = load(nil, nil)
	if got := lines(err); len(got) != 4 {
		t.Errorf("with nothing set, the four that are required: %q", got)
	}
}

// Secrets from files, as secrets of containers come.
func TestSecretFiles(t *testing.T) {
	dir := t.TempDir()
	write := func(text string) string {
		f, err := os.CreateTemp(dir, "")
		if err != nil {
			t.Fatal(err)
		}
		_, _ = f.WriteString(text)
		_ = f.Close()
		return f.Name()
	}
	for why, tc := range map[string]struct{ text, want string }{
		"one line end goes":        {"s3cret\n", "s3cret"},
		"one of Windows too":       {"s3cret\r\n", "s3cret"},
		"none is fine":             {"s3cret", "s3cret"},
		"a second one stays":       {"s3cret\n\n", "s3cret\n"},
		"blanks stay":              {" s3cret ", " s3cret "},
		"an empty file is not set": {"", ""},
		"a line end alone neither": {"\n", ""},
	} {
		c, err := load(nil, least("PORTAL_OIDC_CLIENT_SECRET_FILE="+write(tc.text)))
		if err != nil || c.OIDC.ClientSecret.Reveal() != tc.want {
			t.Errorf("%s: %q, %v", why, c.OIDC.ClientSecret.Reveal(), err)
		}
	}
	for _, s := range All() {
		if !s.Secret() {
			continue
		}
		value := map[string]string{"PORTAL_SESSION_KEYS": strong, "PORTAL_AUDIT_KEYS": strong, "PORTAL_DATABASE_URL": "sqlite:x.db"}[s.Variable]
		if value == "" {
			value = "canary77"
		}
		more := []string{}
		if strings.HasPrefix(s.Variable, "PORTAL_TOKEN_EXCHANGE") {
			more = []string{"PORTAL_TOKEN_MODE=exchange", "PORTAL_TOKEN_EXCHANGE_CLIENT_ID=x"}
		}
		environ := slices.DeleteFunc(least(), func(l string) bool { return strings.HasPrefix(l, s.Variable+"=") })
		environ = append(environ, more...)
		if _, err := load(nil, append(environ, s.Variable+"_FILE="+write(value+"\n"))); err != nil {
			t.Errorf("%s from a file: %v", s.Variable, err)
		}
		_, err := load(nil, append(environ, s.Variable+"="+value, s.Variable+"_FILE="+write(value)))
		if got := lines(err); len(got) < 1 || !strings.HasPrefix(got[0], s.Variable+": ") || !strings.Contains(got[0], "not both") || strings.Contains(err.Error(), value) {
			t.Errorf("%s twice: %q", s.Variable, got)
		}
		if _, err := load(nil, append(environ, s.Variable+"="+value, s.Variable+"_FILE=")); err != nil {
			t.Errorf("%s beside an empty file name: %v", s.Variable, err)
		}
	}
	_, err := load(nil, least("PORTAL_OIDC_CLIENT_KEY_FILE="+write("-----BEGIN canary77-----"), "PORTAL_OIDC_CLIENT_SECRET=x"))
	if got := lines(err); len(got) != 2 || strings.Contains(fmt.Sprint(err), "canary77") || strings.Contains(fmt.Sprint(err), filepath.Base(dir)) {
		t.Errorf("a client key that is none, beside a secret: %q", got)
	}
}

// serviceLinks is what Kubernetes makes of a Service for the containers in its namespace
// (enableServiceLinks): https://kubernetes.io/docs/concepts/services-networking/service/#environment-variables
func serviceLinks(service, port, number, protocol string) []string {
	name := strings.ToUpper(strings.ReplaceAll(service, "-", "_"))
	address := strings.ToLower(protocol) + "://10.0.0.1:" + number
	one := name + "_PORT_" + number + "_" + protocol
	links := []string{
		name + "_SERVICE_HOST=10.0.0.1",
		name + "_SERVICE_PORT=" + number,
		name + "_PORT=" + address,
		one + "=" + address,
		one + "_PROTO=" + strings.ToLower(protocol),
		one + "_PORT=" + number,
		one + "_ADDR=10.0.0.1",
	}
	if port != "" {
		links = append(links, name+"_SERVICE_PORT_"+strings.ToUpper(strings.ReplaceAll(port, "-", "_"))+"="+number)
	}
	return links
}

// What Kubernetes makes for Services, and shells leave in the environment, is no slip.
func TestVariablesOfKubernetesServices(t *testing.T) {
	for _, service := range []string{"portal", "portal-db", "portal-x-y", "portal-2", "portal-port", "portal-service", "portal-database-url", "portal-admin"} {
		for _, protocol := range []string{"TCP", "UDP", "SCTP"} {
			for _, port := range []string{"", "http", "http-metrics", "web2"} {
				for _, link := range serviceLinks(service, port, "5432", protocol) {
					if _, err := load(nil, least(link)); err != nil {
						t.Errorf("%s, a Service's: %v", link, err)
					}
				}
			}
		}
	}
	if _, err := load(nil, least("OTEL_SERVICE_NAME=x", "portal_base_url=x", "PORTALS_URL=x")); err != nil {
		t.Error(err)
	}
}

// S-49: a slip in the name of a setting is a fault, also where it looks a little like what Kubernetes
// makes.
func TestSlipsThatLookLikeKubernetes(t *testing.T) {
	slips := []string{
		"PORTAL_PORTS=1", "PORTAL_SERVICE=1", "PORTAL_=1", "PORTAL_DB_HOST=x", "PORTAL_SERVICES_HOST=x", "PORTAL_DB_SERVICE_HOSTS=x",
		"PORTAL_PORT=8080", "PORTAL_LISTEN_PORT=8080", "PORTAL_ADMIN_PORT=9090", "PORTAL_SERVICE_NAME=x", "PORTAL_PORT_HTTP=80",
		"PORTAL_DB_PORT_5432=x", "PORTAL_DB_PORT_5432_TLS=x", "PORTAL_DB_PORT_5432_TCP_HOST=x", "PORTAL_DB_PORT_TCP=x", "PORTAL_SERVICE_PORT_=x", "PORTAL_db_SERVICE_HOST=x",
		"PORTAL_SUPPORT_URI=x",
	}
	for _, s := range All() {
		slips = append(slips, s.Variable+"S=x", s.Variable[:len(s.Variable)-1]+"=x", strings.Replace(s.Variable, "_", "__", 1)+"=x")
		if !s.Secret() {
			slips = append(slips, s.Variable+"_FILE=x")
		}
		if ofKubernetes(s.Variable, "tcp://10.0.0.1:80") {
			t.Errorf("the setting %s has the name of a Service's variable", s.Variable)
		}
	}
	for _, slip := range slips {
		name, _, _ := strings.Cut(slip, "=")
		if _, err := load(nil, least(slip)); err == nil || !strings.Contains(err.Error(), name+": there is no such setting") {
			t.Errorf("%s is taken: %v", slip, err)
		}
	}
}

// An empty variable is how compose files leave something out.
func TestEmptyVariables(t *testing.T) {
	environ := least()
	for _, s := range All() {
		if !slices.ContainsFunc(environ, func(l string) bool { return strings.HasPrefix(l, s.Variable+"=") }) {
			environ = append(environ, s.Variable+"=")
			if s.Secret() {
				environ = append(environ, s.Variable+"_FILE=")
			}
		}
	}
	c, err := load(nil, environ)
	if err != nil {
		t.Fatal(err)
	}
	if c.Listen != "127.0.0.1:8080" || c.MaiaTimeout != 20*time.Second || c.Title != "Maia secrets" || c.DatabaseURL.Reveal() != "sqlite:portal.db" {
		t.Errorf("%+v", c.Title)
	}
	if c.AdminListen != "" {
		t.Error("an empty PORTAL_ADMIN_LISTEN has to switch the operator's listener off")
	}
}

// A rule without a sentence says itself.
func TestNameRuleWithoutSentence(t *testing.T) {
	c, err := load(nil, least("PORTAL_NAME_RULE= ^x-  "))
	if err != nil || c.NameRule.Expression.String() != "^x-" || c.NameRule.Sentence != "It has to match ^x-." {
		t.Errorf("%v %q %v", c.NameRule.Expression, c.NameRule.Sentence, err)
	}
}

func TestFlagsGoFirst(t *testing.T) {
	c, err := load(map[string]string{"title": "flag", "base-url": "https://flag.example.com", "admin-listen": "", "maia-timeout": "1s"},
		least("PORTAL_TITLE=variable", "PORTAL_MAIA_TIMEOUT=nonsense", "PORTAL_NOTICE=variable"))
	if err != nil {
		t.Fatal(err)
	}
	if c.Title != "flag" || c.BaseURL.Host != "flag.example.com" || c.AdminListen != "" || c.MaiaTimeout != time.Second || c.Notice != "variable" {
		t.Errorf("%s %s %q %v %s", c.Title, c.BaseURL, c.AdminListen, c.MaiaTimeout, c.Notice)
	}
	// ps shows flags to everybody: a secret has none, and one that is passed all the same is not read.
	for _, s := range All() {
		if slices.Contains([]string{"PORTAL_OIDC_CLIENT_SECRET", "PORTAL_SESSION_KEYS", "PORTAL_AUDIT_KEYS", "PORTAL_DATABASE_URL", "PORTAL_TOKEN_EXCHANGE_CLIENT_SECRET"}, s.Variable) != s.Secret() {
			t.Errorf("%s: secret is %v", s.Variable, s.Secret())
		}
		if !s.Secret() && "PORTAL_"+strings.ToUpper(strings.ReplaceAll(s.Flag, "-", "_")) != s.Variable || s.Meaning == "" {
			t.Errorf("%+v", s)
		}
	}
	c, err = load(map[string]string{"oidc-client-secret": "canary77", "": "canary77"}, least())
	if err != nil || c.OIDC.ClientSecret.Reveal() != "" {
		t.Errorf("%q, %v", c.OIDC.ClientSecret.Reveal(), err)
	}
}

// S-49: http to this machine alone.
func TestLoopback(t *testing.T) {
	for host, want := range map[string]bool{
		"localhost": true, "127.0.0.1": true, "127.255.0.9": true, "::1": true, "::ffff:127.0.0.1": true,
		"localhost.example.com": false, "127.0.0.1.nip.io": false, "10.0.0.1": false, "0.0.0.0": false, "::": false, "": false, "example.com": false, "127.1": false, "2130706433": false, "0x7f.0.0.1": false,
	} {
		if weburl.Loopback(host) != want {
			t.Errorf("%q: %v", host, !want)
		}
		if strings.Contains(host, ":") {
			host = "[" + host + "]"
		}
		for _, variable := range []string{"PORTAL_BASE_URL", "PORTAL_OIDC_ISSUER", "PORTAL_MAIA_URL"} {
			if _, err := load(nil, least(variable+"=http://"+host+":8000")); (err == nil) != want {
				t.Errorf("%s=http://%s: %v", variable, host, err)
			}
		}
	}
}

func TestMaiaURL(t *testing.T) {
	c, err := load(nil, least("PORTAL_MAIA_URL=https://proxy.example.com/maia/", "PORTAL_MAIA_REGION=nonsense"))
	if err != nil || c.MaiaURL.String() != "https://proxy.example.com/maia/" || c.MaiaRegion != "" {
		t.Errorf("%v %q %v", c.MaiaURL, c.MaiaRegion, err)
	}
}

// S-19: the login's secret never goes to another origin.
func TestExchange(t *testing.T) {
	for why, tc := range map[string]struct {
		set    []string
		faults []string
	}{
		"at the provider":                  {[]string{"PORTAL_TOKEN_EXCHANGE_AUDIENCE=a"}, nil},
		"at the provider's origin":         {[]string{"PORTAL_TOKEN_EXCHANGE_URL=https://login.example.com/other"}, nil},
		"at another origin, with an id":    {[]string{"PORTAL_TOKEN_EXCHANGE_URL=https://sts.example.com", "PORTAL_TOKEN_EXCHANGE_CLIENT_ID=x"}, nil},
		"at another origin, without":       {[]string{"PORTAL_TOKEN_EXCHANGE_URL=https://sts.example.com"}, []string{"PORTAL_TOKEN_EXCHANGE_CLIENT_ID"}},
		"at another port, without":         {[]string{"PORTAL_TOKEN_EXCHANGE_URL=https://login.example.com:8443"}, []string{"PORTAL_TOKEN_EXCHANGE_CLIENT_ID"}},
		"by http":                          {[]string{"PORTAL_TOKEN_EXCHANGE_URL=http://sts.example.com"}, []string{"PORTAL_TOKEN_EXCHANGE_URL"}},
		"a secret without an id":           {[]string{"PORTAL_TOKEN_EXCHANGE_CLIENT_SECRET=canary77"}, []string{"PORTAL_TOKEN_EXCHANGE_CLIENT_SECRET"}},
		"a subject that is none":           {[]string{"PORTAL_TOKEN_EXCHANGE_SUBJECT=refresh_token"}, []string{"PORTAL_TOKEN_EXCHANGE_SUBJECT"}},
		"the ID token is the subject":      {[]string{"PORTAL_TOKEN_EXCHANGE_SUBJECT=id_token"}, nil},
		"a resource and a scope, no fault": {[]string{"PORTAL_TOKEN_EXCHANGE_RESOURCE=https://r", "PORTAL_TOKEN_EXCHANGE_SCOPE=s"}, nil},
	} {
		c, err := load(nil, least(append(tc.set, "PORTAL_TOKEN_MODE=exchange")...))
		var got []string
		for _, l := range lines(err) {
			name, _, _ := strings.Cut(l, ":")
			got = append(got, name)
		}
		if !reflect.DeepEqual(got, tc.faults) || c.OIDC.Exchange == nil || strings.Contains(fmt.Sprint(err), "canary77") {
			t.Errorf("%s: %v", why, err)
		}
	}
}

// Commands that need a few settings work where the others are missing, and name the faults of theirs.
func TestLoadOnly(t *testing.T) {
	c, err := LoadOnly(nil, []string{"PORTAL_LISTEN=:1234", "PORTAL_TYPO=1"}, checks, "LISTEN", "DATABASE_URL")
	if err != nil || c.Listen != ":1234" || c.DatabaseURL.Reveal() != "sqlite:portal.db" {
		t.Errorf("%q %q %v", c.Listen, c.DatabaseURL.Reveal(), err)
	}
	_, err = LoadOnly(nil, []string{"PORTAL_LISTEN=x", "PORTAL_TITLE=t"}, checks, "LISTEN")
	if got := lines(err); len(got) != 1 || !strings.HasPrefix(got[0], "PORTAL_LISTEN: ") {
		t.Errorf("%q", got)
	}
}

// A configuration that is printed or logged by accident shows no secret.
func TestPrintedConfig(t *testing.T) {
	c, err := load(nil, least("PORTAL_OIDC_CLIENT_SECRET=canary77"))
	if err != nil {
		t.Fatal(err)
	}
	var log strings.Builder
	slog.New(slog.NewJSONHandler(&log, nil)).Info("m", "c", c)
	slog.New(slog.NewTextHandler(&log, nil)).Info("m", "c", c)
	for _, text := range []string{fmt.Sprint(c), fmt.Sprintf("%v %+v %s", c, &c, c), log.String(), fmt.Sprint(errors.Join(fmt.Errorf("x %v", c)))} {
		if strings.Contains(text, "canary77") || strings.Contains(text, strong) || !strings.Contains(text, "secrets.example.com") {
			t.Errorf("%s", text)
		}
	}
}

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}
