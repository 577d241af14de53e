package server

import (
	"net/http"
	"net/netip"
	"slices"
	"strings"
	"testing"
)

func networks(list ...string) []netip.Prefix {
	var out []netip.Prefix
	for _, s := range list {
		out = append(out, netip.MustParsePrefix(s))
	}
	return out
}

// S-48: what proxies write into X-Forwarded-For, in all its spellings, is read as far as each of them is
// trusted; and what is no address is never the answer.
func TestForwardedAddressIsFound_S48(t *testing.T) {
	inside := networks("10.0.0.0/8", "fd00::/8")
	for why, tc := range map[string]struct {
		peer    string
		lines   []string
		trusted []netip.Prefix
		want    string
	}{
		"no header":                            {"10.0.0.1:80", nil, inside, "10.0.0.1"},
		"nobody is trusted":                    {"10.0.0.1:80", []string{"203.0.113.9"}, nil, "10.0.0.1"},
		"the peer is a stranger":               {"198.51.100.1:80", []string{"203.0.113.9"}, inside, "198.51.100.1"},
		"one proxy":                            {"10.0.0.1:80", []string{"203.0.113.9"}, inside, "203.0.113.9"},
		"two proxies":                          {"10.0.0.1:80", []string{"203.0.113.9, 10.0.0.2"}, inside, "203.0.113.9"},
		"what the client made up":              {"10.0.0.1:80", []string{"1.1.1.1, 203.0.113.9, 10.0.0.2"}, inside, "203.0.113.9"},
		"what the client made up of inside":    {"10.0.0.1:80", []string{"10.9.9.9, 203.0.113.9"}, inside, "203.0.113.9"},
		"everybody is inside":                  {"10.0.0.1:80", []string{"10.0.0.3, 10.0.0.2"}, inside, "10.0.0.3"},
		"several lines are one list":           {"10.0.0.1:80", []string{"1.1.1.1", "203.0.113.9", "10.0.0.2"}, inside, "203.0.113.9"},
		"several lines with several each":      {"10.0.0.1:80", []string{"1.1.1.1, 203.0.113.9", "10.0.0.3, 10.0.0.2"}, inside, "203.0.113.9"},
		"blanks and tabs":                      {"10.0.0.1:80", []string{"  203.0.113.9\t ,\t10.0.0.2 "}, inside, "203.0.113.9"},
		"without blanks":                       {"10.0.0.1:80", []string{"203.0.113.9,10.0.0.2"}, inside, "203.0.113.9"},
		"with a port":                          {"10.0.0.1:80", []string{"203.0.113.9:4711"}, inside, "203.0.113.9"},
		"a proxy with a port":                  {"10.0.0.1:80", []string{"203.0.113.9:4711, 10.0.0.2:1"}, inside, "203.0.113.9"},
		"IPv6":                                 {"[fd00::1]:80", []string{"2001:db8::9"}, inside, "2001:db8::9"},
		"IPv6 in brackets":                     {"[fd00::1]:80", []string{"[2001:db8::9]"}, inside, "2001:db8::9"},
		"IPv6 in brackets with a port":         {"[fd00::1]:80", []string{"[2001:db8::9]:4711, [fd00::2]:1"}, inside, "2001:db8::9"},
		"IPv6 in another spelling":             {"[fd00::1]:80", []string{"2001:0DB8:0:0::0009"}, inside, "2001:db8::9"},
		"IPv4 as IPv6 is IPv4":                 {"[::ffff:10.0.0.1]:80", []string{"::ffff:203.0.113.9, [::ffff:10.0.0.2]:1"}, inside, "203.0.113.9"},
		"a network of IPv4 as IPv6":            {"10.0.0.1:80", []string{"203.0.113.9"}, networks("::ffff:10.0.0.0/104"), "203.0.113.9"},
		"a network that names a host":          {"10.0.0.1:80", []string{"203.0.113.9"}, networks("10.0.0.77/8"), "203.0.113.9"},
		"all of IPv6 is not all of IPv4":       {"10.0.0.1:80", []string{"203.0.113.9"}, networks("::/0"), "10.0.0.1"},
		"a zone goes":                          {"[fe80::1%eth0]:80", []string{"fe80::9%let me in"}, networks("fe80::/10"), "fe80::9"},
		"a zone is in the trusted network":     {"[fe80::1%eth0]:80", []string{"203.0.113.9"}, networks("fe80::/10"), "203.0.113.9"},
		"nothing":                              {"10.0.0.1:80", []string{""}, inside, "10.0.0.1"},
		"nothing in the middle":                {"10.0.0.1:80", []string{"1.1.1.1, , 10.0.0.2"}, inside, "10.0.0.2"},
		"nothing at the end":                   {"10.0.0.1:80", []string{"1.1.1.1,"}, inside, "10.0.0.1"},
		"an empty line at the end":             {"10.0.0.1:80", []string{"1.1.1.1", ""}, inside, "10.0.0.1"},
		"an empty line at the beginning":       {"10.0.0.1:80", []string{"", "203.0.113.9"}, inside, "203.0.113.9"},
		"a word":                               {"10.0.0.1:80", []string{"1.1.1.1, unknown"}, inside, "10.0.0.1"},
		"a word behind a proxy":                {"10.0.0.1:80", []string{"1.1.1.1, unknown, 10.0.0.2"}, inside, "10.0.0.2"},
		"a word that is far away":              {"10.0.0.1:80", []string{"unknown, 203.0.113.9"}, inside, "203.0.113.9"},
		"a host name":                          {"10.0.0.1:80", []string{"localhost"}, inside, "10.0.0.1"},
		"a port that is none":                  {"10.0.0.1:80", []string{"203.0.113.9:http"}, inside, "10.0.0.1"},
		"a port that is too large":             {"10.0.0.1:80", []string{"203.0.113.9:65536"}, inside, "10.0.0.1"},
		"a port that is missing":               {"10.0.0.1:80", []string{"203.0.113.9:"}, inside, "10.0.0.1"},
		"IPv4 in brackets":                     {"10.0.0.1:80", []string{"[203.0.113.9]"}, inside, "10.0.0.1"},
		"half a bracket":                       {"10.0.0.1:80", []string{"[2001:db8::9"}, inside, "10.0.0.1"},
		"quotes":                               {"10.0.0.1:80", []string{`"203.0.113.9"`}, inside, "10.0.0.1"},
		"a number with too much before it":     {"10.0.0.1:80", []string{"203.0.113.009"}, inside, "10.0.0.1"},
		"text that would forge a line":         {"10.0.0.1:80", []string{"203.0.113.9\x00\"}"}, inside, "10.0.0.1"},
		"a peer that is none":                  {"@", []string{"203.0.113.9"}, inside, ""},
		"a peer that is none, nobody trusted":  {"", nil, nil, ""},
		"a peer in IPv4 as IPv6, without more": {"[::ffff:198.51.100.1]:80", nil, nil, "198.51.100.1"},
	} {
		r := &http.Request{RemoteAddr: tc.peer, Header: http.Header{"X-Forwarded-For": tc.lines}}
		if got := clientAddress(tc.trusted, func(netip.Addr) {})(r); got != tc.want {
			t.Errorf("%s: %q, want %q", why, got, tc.want)
		}
	}
}

// Whatever comes, the answer is an address, and one that a trusted proxy told of.
func FuzzForwardedAddress(f *testing.F) {
	f.Add("10.0.0.1:80", "203.0.113.9:4711, [fd00::1]:1", "10.0.0.2")
	f.Add("[::ffff:10.0.0.1]:80", "fe80::1%eth0\",", "::ffff:10.0.0.1,,unknown")
	f.Add("198.51.100.1:80", "1.1.1.1", "")
	trusted := networks("10.0.0.0/8", "fd00::/8")
	inside := func(ip netip.Addr) bool {
		return slices.ContainsFunc(trusted, func(p netip.Prefix) bool { return p.Contains(ip) })
	}
	find := clientAddress(trusted, func(netip.Addr) {})
	f.Fuzz(func(t *testing.T, peer, first, second string) {
		got := find(&http.Request{RemoteAddr: peer, Header: http.Header{"X-Forwarded-For": {first, second}}})
		own := find(&http.Request{RemoteAddr: peer})
		if got == "" {
			if own != "" {
				t.Fatalf("%q, %q, %q: no address, though the peer has one", peer, first, second)
			}
			return
		}
		ip, err := netip.ParseAddr(got)
		if err != nil || ip.Zone() != "" || ip.Is4In6() || ip.String() != got {
			t.Fatalf("%q, %q, %q: %q is not how an address is written", peer, first, second, got)
		}
		if from, _ := netip.ParseAddr(own); !inside(from) && got != own {
			t.Fatalf("%q, %q, %q: %q, and the peer is nobody's proxy", peer, first, second, got)
		}
		// What a client sends before what a proxy adds changes nothing.
		if strings.Trim(second, " \t") != "" && !strings.Contains(second, ",") && !inside(ip) && got != own {
			alone := find(&http.Request{RemoteAddr: peer, Header: http.Header{"X-Forwarded-For": {second}}})
			if a, err := netip.ParseAddr(alone); err == nil && !inside(a) && alone != got {
				t.Fatalf("%q, %q, %q: %q, and %q without the first line", peer, first, second, got, alone)
			}
		}
	})
}
