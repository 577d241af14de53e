package handlers

import (
	"net/http"
	"path"
	"strconv"
	"strings"

	"github.com/labstack/echo/v4"
)

// filePermissions stands in place of a page's long list of features. A file is no page that could use one, no script
// runs in it, and on a first visit the list would be a tenth of all that comes.
const filePermissions = "camera=(), geolocation=(), microphone=(), payment=(), usb=()"

// staticFile serves an embedded file under its content-hashed name.
func (h *Handlers) staticFile(c echo.Context) error {
	f, ok := h.Files.Open(path.Clean("/static/" + c.Param("*")))
	if !ok {
		return echo.ErrNotFound
	}
	r, answer := c.Request().Header, c.Response().Header()
	content, tag := f.Content, f.ETag
	if f.Gzip != nil && takesGzip(r.Values("Accept-Encoding")) {
		content, tag = f.Gzip, f.GzipETag
		answer.Set("Content-Encoding", "gzip")
	}
	answer.Set("Permissions-Policy", filePermissions)
	answer.Set("Cache-Control", "public, max-age=31536000, immutable")
	answer.Set("ETag", tag)
	answer.Set("Vary", "Accept-Encoding")
	if has(r.Values("If-None-Match"), tag) {
		answer.Del("Content-Encoding")
		return c.NoContent(http.StatusNotModified)
	}
	return c.Blob(http.StatusOK, f.ContentType, content)
}

// takesGzip reads Accept-Encoding (RFC 9110 section 12.5.3). Where nothing is acceptable, plain is the
// lesser evil.
func takesGzip(lines []string) bool {
	weights := map[string]float64{}
	for _, line := range lines {
		for entry := range strings.SplitSeq(line, ",") {
			coding, params, _ := strings.Cut(entry, ";")
			coding = strings.ToLower(strings.Trim(coding, " \t"))
			if coding == "x-gzip" {
				coding = "gzip"
			}
			switch coding {
			case "gzip", "identity", "*":
				weights[coding] = weight(params)
			}
		}
	}
	gzip, listed := weights["gzip"]
	if !listed {
		gzip = weights["*"]
	}
	plain, listed := weights["identity"]
	if !listed && gzip < weights["*"] {
		plain = weights["*"]
	}
	return gzip > 0 && gzip >= plain
}

// weight is the q of a coding, 1 where there is none. One that cannot be read asks for nothing.
func weight(params string) float64 {
	for param := range strings.SplitSeq(params, ";") {
		name, value, _ := strings.Cut(param, "=")
		if !strings.EqualFold(strings.Trim(name, " \t"), "q") {
			continue
		}
		q, err := strconv.ParseFloat(strings.Trim(value, " \t"), 64)
		if err != nil || q < 0 || q > 1 {
			return 0
		}
		return q
	}
	return 1
}

// has says whether If-None-Match names an entity tag, by the weak comparison of RFC 9110 section 13.1.2.
func has(lines []string, tag string) bool {
	for _, line := range lines {
		for rest := strings.Trim(line, " \t,"); rest != ""; rest = strings.TrimLeft(rest, " \t,") {
			if rest == "*" {
				return true
			}
			rest = strings.TrimPrefix(rest, "W/")
			quoted, ok := strings.CutPrefix(rest, `"`)
			if !ok {
				break // what follows cannot be told apart
			}
			one, after, ok := strings.Cut(quoted, `"`)
			if !ok {
				break
			}
			if `"`+one+`"` == tag {
				return true
			}
			rest = after
		}
	}
	return false
}
