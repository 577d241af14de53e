package sandbox

import (
	"bytes"
	"embed"
	"html/template"
	"net/http"
)

//go:embed pages
var pagesFS embed.FS

var templates = template.Must(template.ParseFS(pagesFS, "pages/*.html"))

// showPage draws one of the pages. They carry no script; formTargets are origins to which a
// form's answer may lead.
func showPage(w http.ResponseWriter, status int, name string, data any, formTargets ...string) {
	var page bytes.Buffer
	if err := templates.ExecuteTemplate(&page, name, data); err != nil {
		http.Error(w, "This page could not be drawn.", http.StatusInternalServerError)
		return
	}
	policy := "default-src 'none'; style-src 'self'; img-src data:; base-uri 'none'; frame-ancestors 'none'; form-action 'self'"
	for _, target := range formTargets {
		policy += " " + target
	}
	h := w.Header()
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("Content-Security-Policy", policy)
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Referrer-Policy", "no-referrer")
	h.Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	_, _ = page.WriteTo(w)
}

func showMessage(w http.ResponseWriter, status int, title, text string) {
	showPage(w, status, "message.html", struct{ Title, Text string }{title, text})
}

func serveStyles(w http.ResponseWriter, r *http.Request) {
	http.ServeFileFS(w, r, pagesFS, "pages/sandbox.css")
}
