package handlers

import (
	"bytes"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/labstack/echo/v4"

	"maiaportal/web/static"
)

var files = static.New(static.Face{})

// serveStatic asks for the stylesheet with some headers.
func serveStatic(method string, h http.Header) *httptest.ResponseRecorder {
	e := echo.New()
	e.Match([]string{http.MethodGet, http.MethodHead}, "/static/*", (&Handlers{Files: files}).staticFile)
	r := httptest.NewRequest(method, files.Path(static.Stylesheet), nil)
	r.Header = h
	w := httptest.NewRecorder()
	e.ServeHTTP(w, r)
	return w
}

// Who does not take gzip gets none, and the two forms are never mixed up by a cache.
func TestStaticFileObeysAcceptEncoding(t *testing.T) {
	f, _ := files.Open(files.Path(static.Stylesheet))
	for why, tc := range map[string]struct {
		accept []string
		gzip   bool
	}{
		"nothing is said":            {nil, false},
		"an empty list":              {[]string{""}, false},
		"browsers":                   {[]string{"gzip, deflate, br, zstd"}, true},
		"gzip alone":                 {[]string{"gzip"}, true},
		"capitals":                   {[]string{"GZIP"}, true},
		"its old name":               {[]string{"x-gzip"}, true},
		"anything":                   {[]string{"*"}, true},
		"a second line":              {[]string{"br", "gzip"}, true},
		"a weight":                   {[]string{"gzip;q=0.5"}, true},
		"a weight, spelled widely":   {[]string{"br , gzip\t; Q=1.000"}, true},
		"plain is refused":           {[]string{"identity;q=0, gzip"}, true},
		"anything but plain":         {[]string{"identity;q=0, *"}, true},
		"refused":                    {[]string{"gzip;q=0"}, false},
		"refused, spelled widely":    {[]string{"gzip ; q=0.0"}, false},
		"refused, in capitals":       {[]string{"GZIP;Q=0.000"}, false},
		"refused under its old name": {[]string{"x-gzip;q=0"}, false},
		"refused on a second line":   {[]string{"*", "gzip;q=0"}, false},
		"anything but gzip":          {[]string{"gzip;q=0, *"}, false},
		"all is refused":             {[]string{"*;q=0"}, false},
		"gzip alone is not refused":  {[]string{"*;q=0, gzip"}, true},
		"plain alone":                {[]string{"identity"}, false},
		"plain is preferred":         {[]string{"gzip;q=0.5, identity"}, false},
		"others are preferred":       {[]string{"gzip;q=0.5, *"}, false},
		"gzip is preferred":          {[]string{"identity;q=0.5, gzip"}, true},
		"another coding":             {[]string{"br"}, false},
		"a name that has it in it":   {[]string{"notgzip, gzipped"}, false},
		"a weight that is none":      {[]string{"gzip;q=x"}, false},
		"a weight beyond bounds":     {[]string{"gzip;q=2"}, false},
		"a weight below them":        {[]string{"gzip;q=-1"}, false},
		"no number at all":           {[]string{"gzip;q=NaN"}, false},
	} {
		for _, method := range []string{http.MethodGet, http.MethodHead} {
			w := serveStatic(method, http.Header{"Accept-Encoding": tc.accept})
			want, tag, encoding := f.Content, f.ETag, ""
			if tc.gzip {
				want, tag, encoding = f.Gzip, f.GzipETag, "gzip"
			}
			if h := w.Header(); w.Code != http.StatusOK || h.Get("Content-Encoding") != encoding || h.Get("ETag") != tag || h.Get("Vary") != "Accept-Encoding" || !bytes.Equal(w.Body.Bytes(), want) {
				t.Errorf("%s, %s: %d %v, %d bytes", why, method, w.Code, h, w.Body.Len())
			}
		}
	}
	if f.ETag == f.GzipETag || strings.HasPrefix(f.ETag, "W/") || strings.HasPrefix(f.GzipETag, "W/") {
		t.Errorf("tags %s and %s: want two strong ones", f.ETag, f.GzipETag)
	}
}

// A browser that has a file does not get it again; one that has the other form of it does.
func TestStaticFileIsNotSentAgain(t *testing.T) {
	f, _ := files.Open(files.Path(static.Stylesheet))
	for why, tc := range map[string]struct {
		tags   []string
		accept string
		status int
	}{
		"none":                          {nil, "", 200},
		"its own":                       {[]string{f.ETag}, "", 304},
		"its own, compressed":           {[]string{f.GzipETag}, "gzip", 304},
		"the compressed one's":          {[]string{f.GzipETag}, "", 200},
		"the plain one's":               {[]string{f.ETag}, "gzip", 200},
		"weak, as a proxy makes it":     {[]string{"W/" + f.ETag}, "", 304},
		"one of several":                {[]string{`"a", W/"b,c" ,` + f.ETag + `, "d"`}, "", 304},
		"on a second line":              {[]string{`"a"`, f.ETag}, "", 304},
		"empty entries":                 {[]string{", ," + f.ETag + ","}, "", 304},
		"any":                           {[]string{"*"}, "", 304},
		"any, compressed":               {[]string{" * "}, "gzip", 304},
		"another":                       {[]string{`"a"`}, "", 200},
		"without quotes":                {[]string{strings.Trim(f.ETag, `"`)}, "", 200},
		"within another":                {[]string{`"a, ` + strings.Trim(f.ETag, `"`) + `, b"`}, "", 200},
		"without an end":                {[]string{strings.TrimSuffix(f.ETag, `"`)}, "", 200},
		"behind what cannot be read":    {[]string{`a", ` + f.ETag}, "", 200},
		"a star among others is no tag": {[]string{`"a", *x`}, "", 200},
	} {
		w := serveStatic(http.MethodGet, http.Header{"If-None-Match": tc.tags, "Accept-Encoding": {tc.accept}})
		if w.Code != tc.status || w.Code == 304 && (w.Body.Len() > 0 || w.Header().Get("ETag") == "" || w.Header().Get("Cache-Control") == "" || w.Header().Get("Vary") == "") {
			t.Errorf("%s: %d, want %d, %v, %d bytes", why, w.Code, tc.status, w.Header(), w.Body.Len())
		}
	}
}
