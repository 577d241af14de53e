// Package weburl says to which web addresses the portal entrusts credentials.
//
// Whether an address is the right one is its callers' business.
package weburl

import (
	"net/netip"
	"net/url"
)

// Secure says whether what is sent to an address can be read on the way by nobody: it is https, or http
// to this machine.
func Secure(u *url.URL) bool {
	if u.Hostname() == "" {
		return false
	}
	return u.Scheme == "https" || u.Scheme == "http" && Loopback(u.Hostname())
}

// Loopback says whether a host names this machine by the loopback interface.
func Loopback(host string) bool {
	if host == "localhost" {
		return true
	}
	ip, err := netip.ParseAddr(host)
	return err == nil && ip.IsLoopback()
}
