package web

import (
	"bytes"
	"embed"
	"html/template"
	"io/fs"
	"net/http"
)

//go:embed pages
var pagesFS embed.FS

// shared has the head of every page, and the page with a message.
var shared = template.Must(template.ParseFS(pagesFS, "pages/*.html"))

// Pages parses a server's own pages, which may use the shared parts.
func Pages(own fs.FS) *template.Template {
	return template.Must(template.Must(shared.Clone()).ParseFS(own, "pages/*.html"))
}

// Show draws one of the pages. They carry no script; formTargets are origins to which a form's
// answer may lead.
func Show(w http.ResponseWriter, status int, pages *template.Template, name string, data any, formTargets ...string) {
	var page bytes.Buffer
	if err := pages.ExecuteTemplate(&page, name, data); err != nil {
		http.Error(w, "This page could not be drawn.", http.StatusInternalServerError)
		return
	}
	policy := "default-src 'none'; style-src 'self'; img-src data:; base-uri 'none'; frame-ancestors 'none'; " +
		"form-action 'self'"
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

// Message draws a page of one sentence or two.
func Message(w http.ResponseWriter, status int, title, text string) {
	Show(w, status, shared, "message.html", struct{ Title, Text string }{title, text})
}

// StylesPath is where the pages look for their stylesheet.
const StylesPath = "/sandbox.css"

// Styles answers with the pages' stylesheet.
func Styles(w http.ResponseWriter, r *http.Request) {
	http.ServeFileFS(w, r, pagesFS, "pages/sandbox.css")
}
