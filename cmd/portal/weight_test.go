package main

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"

	"maiaportal/internal/sandbox/maia"
)

// Limits of a first visit, with nothing in the browser's cache. Everything counts that comes over the connection: status
// lines and headers, too.
const (
	mostBytes    = 20 << 10
	mostRequests = 3
)

// heavier are pages that are above the limit, and what they must not get above. Pages are not compressed, and a form that
// is not told what the secret is for has each of the ways to enter it: eight rows of pairs, and ten attributes at each
// field that keep a secret out of browsers and password managers. The form of a reference has both what points to a vault
// and what takes a secret.
var heavier = map[string]int64{
	"/secret-references/new":                 29 << 10,
	"/setup":                                 28 << 10,
	"/secret-values/new":                     26 << 10,
	"/secret-references/new?recipe=password": 21 << 10,
}

// listsOf is a catalogue of so many projects and agents, with names as people give them.
func listsOf(n int) string {
	var b strings.Builder
	b.WriteString("projects:\n")
	for i := range n {
		fmt.Fprintf(&b, "  - id: 5d1c6f0e-3b0a-4a58-9a1e-%012x\n    name: Finance, ledger %d\n", i*0x9e3779b9, i+1)
	}
	b.WriteString("agents:\n")
	for i := range n {
		kind := []string{"AWS", "Azure"}[i%2]
		fmt.Fprintf(&b, "  - id: 8e2b9d44-70c3-4d7e-8c55-%012x\n    name: %s-prod-eu-%d\n    agentType: %s\n", i*0x9e3779b9, strings.ToLower(kind), i+1, kind)
	}
	return b.String()
}

// counted is a connection that counts what comes.
type counted struct {
	net.Conn
	in *atomic.Int64
}

func (c counted) Read(p []byte) (int, error) {
	n, err := c.Conn.Read(p)
	c.in.Add(int64(n))
	return n, err
}

// A page comes over a bad connection, too: with what it needs it is small, and on a second visit it is all that is asked
// for.
func TestWeightOfPages(t *testing.T) {
	path := filepath.Join(t.TempDir(), "catalogue.yaml")
	write(t, path, listsOf(20))
	r := newRig(t, "CATALOG", path)
	if err := r.sb.Maia.SwitchLists(maia.ListsForbidden); err != nil { // then the catalogue's are offered
		t.Fatal(err)
	}
	b := r.browser()
	b.login("ada", "/")
	var in atomic.Int64
	b.client.Transport = &http.Transport{
		DialContext: func(ctx context.Context, network, address string) (net.Conn, error) {
			c, err := (&net.Dialer{}).DialContext(ctx, network, address)
			return counted{c, &in}, err
		},
	}
	t.Cleanup(b.client.CloseIdleConnections)
	fetch := func(address string) page {
		req := b.request(http.MethodGet, address, nil)
		req.Header.Set("Accept-Encoding", "gzip, deflate, br, zstd") // so that it comes as browsers get it
		return b.do(req)
	}
	for _, at := range []string{
		"/", "/setup", "/setup?recipe=password", "/secret-references/new", "/secret-references/new?recipe=password",
		"/secret-values/new", "/secret-values/new?recipe=password", "/activity", "/activity/due", "/choose/agent?for=/setup", "/link?for=/setup",
		"/sessions", "/help", "/about", "/nowhere",
	} {
		in.Store(0)
		p := fetch(at)
		if strings.HasSuffix(at, "/new") && strings.Count(p.body, "<option") < 40 {
			t.Fatalf("%s lacks the lists: %s", at, p.text())
		}
		alone := in.Load()
		needed := map[string]bool{}
		for n := range p.doc().Descendants() {
			switch {
			case n.Data == "link" && strings.Contains("stylesheet icon", attr(n, "rel")):
				needed[attr(n, "href")] = true
			case n.Data == "img" || n.Data == "script" || n.Data == "iframe":
				needed[attr(n, "src")] = true
			}
		}
		for address := range needed {
			if !strings.HasPrefix(address, "/static/") {
				t.Errorf("%s asks for %s, which is not its own", at, address)
			}
			if kept := fetch(address).header.Get("Cache-Control"); !strings.Contains(kept, "immutable") {
				t.Errorf("%s: %s is asked for again on a second visit: %q", at, address, kept)
			}
		}
		t.Logf("%6d bytes, the page alone %6d: %s", in.Load(), alone, at)
		most := max(mostBytes, heavier[at])
		if in.Load() > most || 1+len(needed) > mostRequests {
			t.Errorf("%s: %d bytes in %d requests on a first visit, want at most %d in %d", at, in.Load(), 1+len(needed), most, mostRequests)
		}
	}
}
