package main

import (
	"fmt"
	"io"
	"net"
	"net/url"
	"strings"
	"testing"
)

// S-57: a client that has closed its own half of the connection still gets each refusal with its own
// status, the log has what was sent, and nobody outside causes an ERROR line or has the database blamed.
func TestRefusalsForHalfClosedConnections(t *testing.T) {
	r := newRig(t)
	b := r.browser()
	b.login("ada", "/")
	base, _ := url.Parse(r.base)
	var cookies []string
	for _, c := range b.client.Jar.Cookies(base) {
		cookies = append(cookies, c.Name+"="+c.Value)
	}
	form := b.reference("HALF", "agentType", "AWS", "secretName", "s")
	form.Set("formToken", "x")
	same := "Sec-Fetch-Site: same-origin\r\nCookie: " + strings.Join(cookies, "; ") + "\r\n"
	for name, tc := range map[string]struct {
		path, header, body string
		missing            int // bytes of the body that never come
		status             string
	}{
		"cut body":         {"/secret-references", same, form.Encode(), 100, "400"},
		"wrong form token": {"/secret-references", same, form.Encode(), 0, "403"},
		"cross-site":       {"/secret-references", "Sec-Fetch-Site: cross-site\r\n", form.Encode(), 0, "403"},
		"no session":       {"/secret-references", "Sec-Fetch-Site: same-origin\r\n", form.Encode(), 0, "401"},
		"no such page":     {"/nothing", same, "a=b", 0, "404"},
		"no logout token":  {"/auth/backchannel-logout", "", "logout_token=x", 0, "400"},
	} {
		for range 10 {
			conn, err := (&net.Dialer{}).DialContext(t.Context(), "tcp", base.Host)
			if err != nil {
				t.Fatal(err)
			}
			_, _ = fmt.Fprintf(conn, "POST %s HTTP/1.1\r\nHost: %s\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: %d\r\n%s\r\n%s",
				tc.path, base.Host, len(tc.body)+tc.missing, tc.header, tc.body)
			_ = conn.(*net.TCPConn).CloseWrite()
			answer, _ := io.ReadAll(conn)
			_ = conn.Close()
			head, page, _ := strings.Cut(string(answer), "\r\n\r\n")
			if !strings.HasPrefix(head, "HTTP/1.1 "+tc.status+" ") || !strings.Contains(page, "<h1") {
				t.Fatalf("%s: %.200q", name, answer)
			}
		}
		if got := strings.Count(r.logs.String(), `"path":"`+tc.path+`","status":`+tc.status); got < 10 {
			t.Errorf("%s: the log has status %s %d times", name, tc.status, got)
		}
	}
	if log := r.logs.String(); strings.Contains(log, `"level":"ERROR"`) || strings.Contains(log, "database") {
		t.Errorf("log: %s", log)
	}
	if p := b.get("/"); p.status != 200 {
		t.Errorf("the session is gone: %d", p.status)
	}
}
