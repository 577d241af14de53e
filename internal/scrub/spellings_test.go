package scrub

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"html"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"unicode/utf8"
)

// The spellings and their undoing here share nothing with the package: they are what others write and read.

func marshalled(s string) string { b, _ := json.Marshal(s); return string(b[1 : len(b)-1]) }

func plainJSON(s string) string {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	_ = e.Encode(s)
	return strings.TrimSuffix(b.String(), "\n")[1 : b.Len()-2]
}

// slashedJSON is how PHP and old Java libraries write.
func slashedJSON(s string) string { return strings.ReplaceAll(plainJSON(s), "/", `\/`) }

func ascii(s string) string {
	q := strconv.QuoteToASCII(s)
	return q[1 : len(q)-1]
}

// everyByte spells each byte by a format, as encoders do that escape more than they need to.
func everyByte(format string) func(string) string {
	return func(s string) string {
		var b strings.Builder
		for i := range len(s) {
			fmt.Fprintf(&b, format, s[i])
		}
		return b.String()
	}
}

func everyUnit(format string) func(string) string {
	return func(s string) string {
		var b strings.Builder
		for _, r := range s {
			if r > 0xffff {
				r -= 0x10000
				fmt.Fprintf(&b, format+format, 0xd800+r>>10, 0xdc00+r&0x3ff)
				continue
			}
			fmt.Fprintf(&b, format, r)
		}
		return b.String()
	}
}

func everyRune(format string) func(string) string {
	return func(s string) string {
		var b strings.Builder
		for _, r := range s {
			fmt.Fprintf(&b, format, r)
		}
		return b.String()
	}
}

func named(s string) string {
	return strings.NewReplacer("&", "&amp;", "<", "&lt;", "/", "&sol;", "+", "&plus;", "ü", "&uuml;", "%", "&percnt;", `\`, "&bsol;").Replace(s)
}

func small(escape func(string) string) func(string) string {
	hh := regexp.MustCompile(`%[0-9A-F]{2}`)
	return func(s string) string { return hh.ReplaceAllStringFunc(escape(s), strings.ToLower) }
}

// escapings are those that can be put one around the other.
var escapings = map[string]func(string) string{
	"JSON":                       marshalled,
	"JSON, without HTML escapes": plainJSON,
	"JSON with slashes":          slashedJSON,
	"JSON, every character":      everyUnit(`\u%04x`),
	"JSON in capitals":           everyUnit(`\u%04X`),
	"quoted as in a log":         ascii,
	"every byte, as C does":      everyByte(`\x%02x`),
	"query":                      url.QueryEscape,
	"query in small letters":     small(url.QueryEscape),
	"path":                       url.PathEscape,
	"percent, every byte":        everyByte("%%%02X"),
	"percent, every unit":        everyUnit("%%u%04X"),
	"HTML":                       html.EscapeString,
	"HTML, by name":              named,
	"HTML, every character":      everyRune("&#%d;"),
	"HTML, every one in hex":     everyRune("&#x%X;"),
}

func chain(outer ...string) func(string) string {
	return func(s string) string {
		for i := len(outer) - 1; i >= 0; i-- {
			s = escapings[outer[i]](s)
		}
		return s
	}
}

// codes are those that leave nothing to be read.
var codes = map[string]func(string) string{
	"hex":                   func(s string) string { return hex.EncodeToString([]byte(s)) },
	"hex in capitals":       func(s string) string { return strings.ToUpper(hex.EncodeToString([]byte(s))) },
	"base64":                func(s string) string { return base64.StdEncoding.EncodeToString([]byte(s)) },
	"base64 for addresses":  func(s string) string { return base64.RawURLEncoding.EncodeToString([]byte(s)) },
	"base64 of credentials": func(s string) string { return base64.StdEncoding.EncodeToString([]byte("user:" + s)) },
	"base64 of an object": func(s string) string {
		return base64.StdEncoding.EncodeToString([]byte(`{"password":"` + marshalled(s) + `"}`))
	},
	"base64, other shift": func(s string) string { return base64.URLEncoding.EncodeToString([]byte("ab" + s)) },
	"hex of JSON":         func(s string) string { return hex.EncodeToString([]byte(marshalled(s))) },
	"base64 in a query":   func(s string) string { return url.QueryEscape(base64.StdEncoding.EncodeToString([]byte(s))) },
	"base64 in lines": func(s string) string {
		return regexp.MustCompile(`.{64}`).ReplaceAllString(base64.StdEncoding.EncodeToString([]byte(s)), "$0\n")
	},
}

// echoes are the ways in which an answer may repeat a value.
var echoes = func() map[string]func(string) string {
	all := map[string]func(string) string{
		"plain":                     func(s string) string { return s },
		"JSON in JSON":              chain("JSON", "JSON"),
		"JSON in JSON in JSON":      chain("JSON", "JSON", "JSON"),
		"percent twice":             chain("query", "query"),
		"percent three times":       chain("query", "query", "query"),
		"percent beside a per cent": func(s string) string { return "100% of " + everyByte("%%%02x")(s) },
		"JSON in a query":           chain("query", "JSON"),
		"a query in JSON":           chain("JSON", "query"),
		"HTML in JSON":              chain("JSON", "HTML"),
		"JSON in HTML in a query":   chain("query", "HTML", "JSON"),
		"deeper than is usual":      chain("JSON", "query", "JSON", "HTML", "JSON", "query"),
		"in an object":              func(s string) string { return `{"password":"` + marshalled(s) + `"}` },
		"in an object, in a log":    func(s string) string { return `{\"password\":\"` + marshalled(marshalled(s)) + `\"}` },
	}
	for _, more := range []map[string]func(string) string{escapings, codes} {
		for how, echo := range more {
			all[how] = echo
		}
	}
	return all
}()

// flattened is a text as a page shows it.
func flattened(s string) string {
	var b strings.Builder
	for len(s) > 0 {
		r, n := utf8.DecodeRuneInString(s)
		if n > 1 || r < utf8.RuneSelf {
			if isBlank(r) {
				b.WriteByte(' ')
			} else {
				b.WriteRune(r)
			}
		} else {
			b.WriteByte(s[0])
		}
		s = s[n:]
	}
	return strings.Join(strings.Fields(b.String()), " ")
}

var (
	jsonSign    = regexp.MustCompile(`\\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}|\\u[0-9a-fA-F]{4}|\\x[0-9a-fA-F]{2}|\\U[0-9a-fA-F]{8}|\\["\\/abfnrtv]`)
	percentSign = regexp.MustCompile(`%[0-9a-fA-F]{2}`)
)

func readJSON(s string) string {
	return jsonSign.ReplaceAllStringFunc(s, func(e string) string {
		if e == `\/` {
			return "/"
		}
		if strings.HasPrefix(e, `\u`) {
			var out string
			_ = json.Unmarshal([]byte(`"`+e+`"`), &out)
			return out
		}
		out, err := strconv.Unquote(`"` + e + `"`)
		if err != nil {
			return e
		}
		return out
	})
}

func readPercent(s string) string {
	return percentSign.ReplaceAllStringFunc(s, func(e string) string {
		b, _ := hex.DecodeString(e[1:])
		return string(b)
	})
}

// readers undo one layer each, as somebody would who wants to know.
var readers = []func(string) string{
	readJSON,
	readPercent,
	func(s string) string { return readPercent(strings.ReplaceAll(s, "+", " ")) },
	html.UnescapeString,
}

// betrays gives what a text shows of a value to somebody who undoes up to depth layers of escapes.
func betrays(shown, value string, depth int) string {
	value = flattened(value)
	n := piece(len(value))
	if n == 0 {
		return ""
	}
	texts := []string{shown}
	for from := 0; depth >= 0; depth-- {
		to := len(texts)
		for _, t := range texts[from:to] {
			f := flattened(t)
			for i := 0; i+n <= len(value); i++ {
				if strings.Contains(f, value[i:i+n]) {
					return value[i : i+n]
				}
			}
			for _, read := range readers {
				if r := read(t); r != t {
					texts = append(texts, r)
				}
			}
		}
		from = to
	}
	return ""
}
