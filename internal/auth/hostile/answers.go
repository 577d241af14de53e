package hostile

import (
	"io"
	"net/http"
)

// Hang reads a request and never answers it.
func (p *Provider) Hang(_ http.ResponseWriter, r *http.Request) {
	select {
	case <-r.Context().Done():
	case <-p.closing:
	}
}

// JSON answers with a status and a document.
func JSON(status int, v any) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) { write(w, status, v) }
}

// HTML answers with a page, as a gateway in front of a provider does.
func HTML(status int) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html")
		w.WriteHeader(status)
		_, _ = io.WriteString(w, "<html><h1>It works!</h1><script>alert(1)</script></html>")
	}
}

// Half breaks the connection in the middle of an answer.
func Half(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Content-Length", "1000")
	_, _ = io.WriteString(w, `{"issuer": "http`)
	panic(http.ErrAbortHandler)
}

// Redirect leads elsewhere, in the way that repeats a POST with its body.
func Redirect(to string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, to, http.StatusTemporaryRedirect) }
}
