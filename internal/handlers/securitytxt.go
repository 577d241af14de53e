package handlers

import (
	"net/http"
	"strings"
	"time"

	"github.com/labstack/echo/v4"
)

const (
	securityTxtPath = "/.well-known/security.txt"
	// securityTxtLife is how long a copy of security.txt counts: RFC 9116 recommends less than a year.
	securityTxtLife = 180 * 24 * time.Hour
)

// securityTxt says whom to tell of a weakness (RFC 9116); where nobody is named, there is nothing.
func (h *Handlers) securityTxt(c echo.Context) error {
	if h.Site.SecurityContact == "" {
		return echo.ErrNotFound
	}
	var b strings.Builder
	b.WriteString("Contact: " + h.Site.SecurityContact + "\n")
	b.WriteString("Expires: " + time.Now().UTC().Add(securityTxtLife).Format(time.RFC3339) + "\n")
	b.WriteString("Preferred-Languages: en\n")
	b.WriteString("Canonical: " + h.Site.BaseURL + securityTxtPath + "\n")
	c.Response().Header().Set(echo.HeaderContentType, "text/plain; charset=utf-8")
	return c.String(http.StatusOK, b.String())
}
