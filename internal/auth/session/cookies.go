package session

import (
	"net/http"
	"slices"
	"strings"

	"github.com/gorilla/sessions"
)

// browserAge is how long, in seconds, a browser is known for the sake of its pending logins.
const browserAge = 3600

// Cookies makes the portal's two cookies. Both hold a random id and nothing else.
type Cookies struct {
	// Secure is true on https. The __Host- prefix makes the browser refuse such a cookie from a
	// sibling host (RFC 6265bis section 4.1.3.2); on loopback http it cannot be used.
	Secure bool
}

// SessionName is the name of the session's cookie.
func (c Cookies) SessionName() string { return c.name("portal") }

// BrowserName is the name of the cookie that tells browsers apart in pending logins.
func (c Cookies) BrowserName() string { return c.name("portal-login") }

func (c Cookies) name(n string) string {
	if c.Secure {
		return "__Host-" + n
	}
	return n
}

func (c Cookies) options() *sessions.Options {
	// Lax, not Strict: a click on the wiki's link must not look signed out.
	return &sessions.Options{Path: "/", HttpOnly: true, Secure: c.Secure, SameSite: http.SameSiteLaxMode}
}

// Set sets a cookie, in place of one of the same name that this answer has already. maxAge is in
// seconds; 0 lasts until the browser closes.
func (c Cookies) Set(w http.ResponseWriter, name, value string, maxAge int) {
	drop(w, name)
	http.SetCookie(w, &http.Cookie{
		Name:     name,
		Value:    value,
		Path:     "/",
		MaxAge:   maxAge,
		HttpOnly: true,
		Secure:   c.Secure,
		SameSite: http.SameSiteLaxMode,
	})
}

// Expire makes the browser forget a cookie.
func (c Cookies) Expire(w http.ResponseWriter, name string) { c.Set(w, name, "", -1) }

// has says whether an answer sets a cookie.
func (c Cookies) has(w http.ResponseWriter, name string) bool {
	return slices.ContainsFunc(w.Header()["Set-Cookie"], func(line string) bool { return strings.HasPrefix(line, name+"=") })
}

// drop takes a cookie out of an answer's header.
func drop(w http.ResponseWriter, name string) {
	kept := w.Header()["Set-Cookie"][:0:0]
	for _, line := range w.Header()["Set-Cookie"] {
		if !strings.HasPrefix(line, name+"=") {
			kept = append(kept, line)
		}
	}
	if len(kept) == 0 {
		w.Header().Del("Set-Cookie")
		return
	}
	w.Header()["Set-Cookie"] = kept
}

// Browser gives the id of this browser, and sets its cookie.
func (c Cookies) Browser(w http.ResponseWriter, r *http.Request) string {
	id := read(r, c.BrowserName())
	if id == "" {
		id = NewID()
	}
	c.Set(w, c.BrowserName(), id, browserAge)
	return id
}

// BrowserOf gives the id of the browser that a request comes from, or nothing.
func (c Cookies) BrowserOf(r *http.Request) string { return read(r, c.BrowserName()) }

func read(r *http.Request, name string) string {
	if k, err := r.Cookie(name); err == nil && ValidID(k.Value) {
		return k.Value
	}
	return ""
}
