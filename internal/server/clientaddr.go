package server

import (
	"net/http"
	"net/netip"
	"slices"
	"strings"
	"sync"

	"github.com/labstack/echo/v4"
)

// clientAddress finds the address of a request's client, for the record and the log. It believes
// X-Forwarded-For from the given networks only. It gives an address, or nothing: never text that
// somebody sent. ignored is called once, with the address of the first peer whose header was not believed.
func clientAddress(trusted []netip.Prefix, ignored func(peer netip.Addr)) echo.IPExtractor {
	trusted = believable(trusted)
	var once sync.Once
	return func(r *http.Request) string {
		peer, ok := address(r.RemoteAddr)
		if !ok {
			return ""
		}
		lines := r.Header.Values("X-Forwarded-For")
		if len(lines) > 0 && !within(peer, trusted) {
			once.Do(func() { ignored(peer) })
		}
		return forwardedFor(peer, lines, trusted).String()
	}
}

// believable are networks whose words are believed, in the form in which addresses are compared with them.
func believable(trusted []netip.Prefix) []netip.Prefix {
	var list []netip.Prefix
	for _, p := range trusted {
		// IPv4 that is written as IPv6 is IPv4 here, as it is in the addresses that are compared.
		if p.Addr().Is4In6() && p.Bits() >= 96 {
			p = netip.PrefixFrom(p.Addr().Unmap(), p.Bits()-96)
		}
		list = append(list, p.Masked())
	}
	return list
}

// within says whether an address is in one of the networks.
func within(a netip.Addr, list []netip.Prefix) bool {
	return slices.ContainsFunc(list, func(p netip.Prefix) bool { return p.Contains(a) })
}

// forwardedFor goes from the nearest proxy to the farthest, as long as each is trusted. Where an entry
// is no address, the proxy that wrote it did not know whom it spoke to: the last one that was believed
// counts, and what stands farther left may be anybody's.
func forwardedFor(peer netip.Addr, lines []string, trusted []netip.Prefix) netip.Addr {
	believed := peer
	for i := len(lines) - 1; i >= 0; i-- {
		for rest, more := lines[i], true; more; {
			if !within(believed, trusted) {
				return believed
			}
			entry := rest
			if comma := strings.LastIndexByte(rest, ','); comma >= 0 {
				rest, entry = rest[:comma], rest[comma+1:]
			} else {
				more = false
			}
			next, ok := address(strings.Trim(entry, " \t"))
			if !ok {
				return believed
			}
			believed = next
		}
	}
	return believed
}

// address reads an address with or without a port, IPv6 in brackets or without. A zone means something
// to the machine that wrote it only, and may be any text: it is left out.
func address(s string) (netip.Addr, bool) {
	ip, err := netip.ParseAddr(s)
	if err != nil {
		if inner, ok := strings.CutPrefix(s, "["); ok && strings.HasSuffix(inner, "]") {
			ip, err = netip.ParseAddr(strings.TrimSuffix(inner, "]"))
			if err != nil || !ip.Is6() {
				return netip.Addr{}, false
			}
		} else {
			withPort, err := netip.ParseAddrPort(s)
			if err != nil {
				return netip.Addr{}, false
			}
			ip = withPort.Addr()
		}
	}
	return ip.WithZone("").Unmap(), true
}
