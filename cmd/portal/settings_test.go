package main

import (
	"bytes"
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/json"
	encoder "encoding/pem"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"maiaportal/internal/sandbox/fault"
	"maiaportal/internal/sandbox/maia"

	"github.com/go-jose/go-jose/v4"
)

// portal jwk prints the public half of the key, with the name, the algorithm and the use that assertions have; it
// needs nothing else to be set, and prints nothing private.
func TestPublicKeysToRegister(t *testing.T) {
	key := must(ecdsa.GenerateKey(elliptic.P256(), rand.Reader))
	path := filepath.Join(t.TempDir(), "key.pem")
	text := encoder.EncodeToMemory(&encoder.Block{Type: "PRIVATE KEY", Bytes: must(x509.MarshalPKCS8PrivateKey(key))})
	if err := os.WriteFile(path, text, 0o600); err != nil {
		t.Fatal(err)
	}
	private := key.D.Bytes() //nolint:staticcheck // to look for it
	file := "PORTAL_OIDC_CLIENT_KEY_FILE=" + path
	sum := must((&jose.JSONWebKey{Key: key.Public()}).Thumbprint(crypto.SHA256))
	thumbprint := must(json.Marshal(sum)) // base64, but not of the URL's alphabet
	for name, tc := range map[string]struct {
		environ []string
		code    int
		kid     string
		says    string
	}{
		"the key alone":                 {[]string{file}, 0, "", ""},
		"with a name":                   {[]string{file, "PORTAL_OIDC_CLIENT_KEY_ID=portal-1"}, 0, "portal-1", ""},
		"with its algorithm":            {[]string{file, "PORTAL_OIDC_CLIENT_KEY_ALG=ES256"}, 0, "", ""},
		"beside a secret still in use":  {[]string{file, "PORTAL_OIDC_CLIENT_SECRET=canary77"}, 0, "", ""},
		"beside faults of other things": {[]string{file, "PORTAL_TYPO=1", "PORTAL_OIDC_TOKEN_AUTH_METHOD=canary77", "PORTAL_OIDC_CLIENT_SECRET_FILE=/no/canary77"}, 0, "", ""},
		"no key":                        {nil, 2, "", "PORTAL_OIDC_CLIENT_KEY_FILE"},
		"a key that is not there":       {[]string{"PORTAL_OIDC_CLIENT_KEY_FILE=/no/canary77"}, 2, "", "cannot be read"},
		"an algorithm that does not fit": {
			[]string{file, "PORTAL_OIDC_CLIENT_KEY_ALG=RS256"}, 2, "", "PORTAL_OIDC_CLIENT_KEY_ALG",
		},
		"a name without a key": {[]string{"PORTAL_OIDC_CLIENT_KEY_ID=x"}, 2, "", "PORTAL_OIDC_CLIENT_KEY_ID"},
	} {
		var out, logs bytes.Buffer
		code := run(context.Background(), []string{"jwk"}, tc.environ, &out, &logs)
		if code != tc.code || strings.Contains(out.String()+logs.String(), "canary77") || !strings.Contains(logs.String(), tc.says) {
			t.Errorf("%s: %d, %s %s", name, code, out.String(), logs.String())
		}
		if tc.code != 0 {
			if out.Len() != 0 {
				t.Errorf("%s: standard output: %s", name, out.String())
			}
			continue
		}
		var members struct{ Keys []map[string]string }
		if err := json.Unmarshal(out.Bytes(), &members); err != nil || len(members.Keys) != 1 {
			t.Fatalf("%s: %v: %s", name, err, out.String())
		}
		got := members.Keys[0]
		want := tc.kid
		if want == "" {
			want = strings.NewReplacer("+", "-", "/", "_", "=", "", `"`, "").Replace(string(thumbprint))
		}
		if got["kid"] != want || got["alg"] != "ES256" || got["use"] != "sig" || got["kty"] != "EC" {
			t.Errorf("%s: %v, want kid %q", name, got, want)
		}
		for _, member := range []string{"d", "p", "q", "dp", "dq", "qi", "k"} {
			if got[member] != "" {
				t.Errorf("%s: the private member %s is printed", name, member)
			}
		}
		var set jose.JSONWebKeySet
		if err := json.Unmarshal(out.Bytes(), &set); err != nil || !key.PublicKey.Equal(set.Keys[0].Key) || bytes.Contains(out.Bytes(), private) {
			t.Errorf("%s: %v: another key", name, err)
		}
	}
}

// The id of the company's account goes with every call that a user causes, and /about says so.
func TestAccountID(t *testing.T) {
	const id = "5d1c6f0e-3b0a-4a58-9a1e-1f5f0c2b7a99"
	var mu sync.Mutex
	seen := map[string]int{}
	var proxy *httputil.ReverseProxy
	maia := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		seen[r.Method+" "+r.Header.Get("account-id")]++
		mu.Unlock()
		proxy.ServeHTTP(w, r)
	}))
	t.Cleanup(maia.Close)
	r := newRig(t, "MAIA_URL", maia.URL+"/dpc", "MAIA_ACCOUNT_ID", id)
	proxy = httputil.NewSingleHostReverseProxy(must(url.Parse(strings.TrimSuffix(r.sb.Maia.URL(), "/dpc"))))
	b := r.browser()
	b.login("ada", "/")
	if p := b.send("/secret-references", b.reference("ACCOUNT", "agentType", "AWS", "secretName", "a")); p.status != http.StatusSeeOther {
		t.Fatalf("%d %s", p.status, p.text())
	}
	mu.Lock()
	defer mu.Unlock()
	if seen["POST "+id] != 1 || seen["GET "+id] < 2 || len(seen) != 2 {
		t.Errorf("calls: %v", seen)
	}
	if text := r.browser().get("/about").text(); !strings.Contains(text, "the id of your company’s Maia account") {
		t.Errorf("/about does not say it: %s", text)
	}
	if text := newRig(t).browser().get("/about").text(); strings.Contains(text, "Maia account, which") {
		t.Errorf("/about says it where none is sent: %s", text)
	}
}

// Maia's 431 is about the token, not about a field: the form says so, and whom to ask.
func TestTokenThatIsTooLongForMaia(t *testing.T) {
	r := newRig(t)
	b := r.browser()
	b.login("ada", "/")
	for _, body := range []string{"<h1>Request Header Fields Too Large</h1>", `{"status":431,"violations":["name: is odd"]}`} {
		r.sb.Maia.SetFault(&fault.Fault{Status: http.StatusRequestHeaderFieldsTooLarge, Body: body})
		p := b.send("/secret-values", b.value("LONG", "valueFormat", "text", "valueText", "gone"))
		text := p.text()
		if p.status != http.StatusUnprocessableEntity || !strings.Contains(text, "login’s token is too long") || !strings.Contains(text, "portal administrator") ||
			!strings.Contains(text, "groups") || strings.Contains(text, "Check every field") || strings.Contains(p.body, `id="name-error"`) || !strings.Contains(p.body, "<title>Error: ") {
			t.Errorf("%d %s", p.status, text)
		}
		if inputs(p.doc()).Get("name") != "LONG" || !strings.Contains(text, "The secret was not kept") {
			t.Errorf("the form is lost, or does not say that the secret is: %s", text)
		}
	}
	list := b.get("/activity")
	if !strings.Contains(list.text(), "Refused by Maia") {
		t.Errorf("%s", list.text())
	}
	if receipt := b.get(firstLink(list, "/activity/")).text(); !strings.Contains(receipt, "token was too long") || strings.Contains(receipt, "what was entered") {
		t.Errorf("the receipt: %s", receipt)
	}
}

// A paused agent queues: the receipt does not say that nothing happens, and later it has happened.
func TestPausedAgentQueues(t *testing.T) {
	r := newRig(t)
	b := r.browser()
	b.login("ada", "/")
	if form := b.get("/secret-values/new"); !strings.Contains(form.body, "azure-aks-paused · Azure · paused") {
		t.Errorf("the state is not shown: %s", form.body)
	}
	form := b.value("queued", "valueFormat", "text", "valueText", "waits")
	form.Set("agentId", maia.AgentPaused)
	p := b.send("/secret-values", form)
	if p.status != http.StatusSeeOther {
		t.Fatalf("%d %s", p.status, p.text())
	}
	if text := b.get(p.location()).text(); !strings.Contains(text, "It may still happen") || !strings.Contains(text, "paused") {
		t.Errorf("%s", text)
	}
	if _, ok := r.sb.Maia.VaultSecret(maia.AgentPaused, "queued"); ok {
		t.Fatal("it is stored although the agent is paused")
	}
	if err := r.sb.Maia.ResumeAgent(maia.AgentPaused); err != nil {
		t.Fatal(err)
	}
	if _, ok := r.sb.Maia.VaultSecret(maia.AgentPaused, "queued"); !ok {
		t.Error("it is not stored when the agent runs again")
	}
}

// 0 switches the limit of one user's submissions off.
func TestNoLimitOfSubmissions(t *testing.T) {
	r := newRig(t, "SUBMISSIONS_PER_MINUTE", "0")
	b := r.browser()
	b.login("ada", "/")
	for i := range 40 {
		if p := b.send("/secret-references", b.reference(fmt.Sprintf("R%d", i), "agentType", "AWS", "secretName", "a")); p.status != http.StatusSeeOther {
			t.Fatalf("submission %d: %d %s", i, p.status, p.text())
		}
	}
}

// The demo says which address was taken.
func TestDemoNamesTheAddressThatIsTaken(t *testing.T) {
	taken := must((&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0"))
	defer func() { _ = taken.Close() }()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	out := &awaited{want: "Ctrl+C", found: cancel}
	if code := run(ctx, []string{"demo", "--allow-dump", "--listen", taken.Addr().String()}, nil, out, &syncBuffer{}); code != 0 {
		t.Errorf("exit code %d", code)
	}
	text := out.String()
	if !strings.HasPrefix(text, taken.Addr().String()+" is taken") || strings.Contains(text, "Open   http://"+taken.Addr().String()+"\n") {
		t.Errorf("%s", text)
	}
}

// awaited collects text, and calls found when it has what is wanted.
type awaited struct {
	syncBuffer
	want  string
	found func()
}

func (a *awaited) Write(p []byte) (int, error) {
	n, err := a.syncBuffer.Write(p)
	if strings.Contains(a.String(), a.want) {
		a.found()
	}
	return n, err
}
