package submission

import (
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"html"
	"net/url"
	"strings"
	"testing"
	"time"
	"unicode/utf8"
)

func objectOf(t testing.TB, leaf string) []byte {
	t.Helper()
	b, err := json.Marshal(map[string]string{"password": leaf})
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func marshalled(s string) string { b, _ := json.Marshal(s); return string(b[1 : len(b)-1]) }

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

func everyUnit(s string) string {
	var b strings.Builder
	for _, r := range s {
		if r > 0xffff {
			r -= 0x10000
			fmt.Fprintf(&b, `\u%04x\u%04x`, 0xd800+r>>10, 0xdc00+r&0x3ff)
			continue
		}
		fmt.Fprintf(&b, `\u%04x`, r)
	}
	return b.String()
}

// echoes are the ways in which an answer may repeat a value.
var echoes = map[string]func(string) string{
	"plain":                      func(s string) string { return s },
	"JSON":                       marshalled,
	"JSON, without HTML escapes": func(s string) string { q := appendQuoted(nil, s); return string(q[1 : len(q)-1]) },
	"JSON, ASCII only":           func(s string) string { return string(asciiJSON([]byte(s), "0123456789abcdef")) },
	"JSON, ASCII in capitals":    func(s string) string { return string(asciiJSON([]byte(s), "0123456789ABCDEF")) },
	"JSON, every character":      everyUnit,
	"JSON in JSON":               func(s string) string { return marshalled(marshalled(s)) },
	"JSON in JSON in JSON":       func(s string) string { return marshalled(marshalled(marshalled(s))) },
	"query":                      url.QueryEscape,
	"query in small letters":     func(s string) string { return string(percent([]byte(s), "0123456789abcdef", true)) },
	"path":                       url.PathEscape,
	"percent, every byte":        everyByte("%%%02X"),
	"percent twice":              func(s string) string { return url.QueryEscape(url.QueryEscape(s)) },
	"percent beside a per cent":  func(s string) string { return "100% of " + everyByte("%%%02x")(s) },
	"JSON in a query":            func(s string) string { return url.QueryEscape(marshalled(s)) },
	"HTML":                       html.EscapeString,
	"HTML, every character": func(s string) string {
		var b strings.Builder
		for _, r := range s {
			fmt.Fprintf(&b, "&#%d;", r)
		}
		return b.String()
	},
	"HTML in JSON":          func(s string) string { return marshalled(html.EscapeString(s)) },
	"hex":                   func(s string) string { return hex.EncodeToString([]byte(s)) },
	"hex in capitals":       func(s string) string { return strings.ToUpper(hex.EncodeToString([]byte(s))) },
	"base64":                func(s string) string { return base64.StdEncoding.EncodeToString([]byte(s)) },
	"base64 for addresses":  func(s string) string { return base64.RawURLEncoding.EncodeToString([]byte(s)) },
	"base64 of credentials": func(s string) string { return base64.StdEncoding.EncodeToString([]byte("user:" + s)) },
	"base64 of an object":   func(s string) string { return base64.StdEncoding.EncodeToString([]byte(`{"password":"` + s + `"}`)) },
	"base64, other shift":   func(s string) string { return base64.URLEncoding.EncodeToString([]byte("ab" + s)) },
	"in an object":          func(s string) string { return `{"password":"` + marshalled(s) + `"}` },
	"quoted as in a log":    func(s string) string { return `\"` + marshalled(s) + `\"` },
}

// betrays tells whether a text has the leaf or a long piece of it, as it stands or with one layer of
// escaping taken off.
func betrays(text, leaf string) string {
	layers := []string{text, html.UnescapeString(text)}
	if u, err := url.QueryUnescape(text); err == nil {
		layers = append(layers, u)
	}
	if u, err := url.PathUnescape(text); err == nil {
		layers = append(layers, u)
	}
	var s string
	if json.Unmarshal([]byte(`"`+text+`"`), &s) == nil {
		layers = append(layers, s)
	}
	for _, l := range layers {
		if strings.Contains(l, leaf) {
			return leaf
		}
		for i := 0; i+12 <= len(leaf); i++ {
			if strings.Contains(l, leaf[i:i+12]) {
				return leaf[i : i+12]
			}
		}
	}
	return ""
}

func scrubText1(t testing.TB, leaf, message string) string {
	s := newScrubber(objectOf(t, leaf))
	defer s.wipe()
	return s.text(message, maxMessage)
}

var leaves = map[string]string{
	"a password":              "S3cr3t-pa55word",
	"a short password":        "kX9!",
	"seven characters":        "a+b c&d",
	"quotes and backslashes":  `p"a'ss\wo<rd>&x`,
	"other alphabets":         "пароль-密码-🔑-ключ",
	"blanks and tabs":         "correct horse\tbattery  staple",
	"plus, percent and slash": "a+b/c%41=d+e f",
	"a PEM block":             "-----BEGIN PRIVATE KEY-----\nMIIEvQIBADANBgkqhkiG9w0BAQEFAASCBKcwggSjAgEAAoIBAQC7VJTUt9Us8cKj\nMzEfYyjiWA4R4/M2bS1GB4t7NXp98C3SC6dVMvDuictGeurT8jNbvJZHtCSuYEvu\nNMoSfm76oqFvAp8Gy0iz5sxjZmSnXyCdPEovGhLa0VzMaQ8s+CLOyS56YyCFGeJZ\n-----END PRIVATE KEY-----\n",
	"short lines":             "ab\ncd\nef\ngh",
	"long":                    strings.Repeat("0123456789abcdefghijklmnopqrstuvwxyz!", 60),
}

// S-32: however Maia repeats the value, it is not in what is shown.
func TestScrubEveryEcho(t *testing.T) {
	for what, leaf := range leaves {
		for how, echo := range echoes {
			for where, format := range map[string]string{"alone": "%s", "in a sentence": "Cannot store the value %s: it is not allowed", "in quotes": "got '%s', want an object", "twice": "%[1]s and %[1]s"} {
				got := scrubText1(t, leaf, fmt.Sprintf(format, echo(leaf)))
				if piece := betrays(got, strings.TrimSpace(leaf)); piece != "" {
					t.Errorf("%s, %s, %s: %q shows %q", what, how, where, got, piece)
				}
				if (strings.HasPrefix(how, "hex") || strings.HasPrefix(how, "base64")) && len(leaf) >= 8 {
					// A piece of an encoding is a piece of the value.
					whole := echo(leaf)
					for i := 4; i+20 <= len(whole)-16; i += 7 {
						if strings.Contains(got, whole[i:i+20]) && !strings.Contains(echo(""), whole[i:i+20]) {
							if how == "base64 of credentials" || how == "base64 of an object" {
								if i < 28 {
									continue // what stands before the value
								}
							}
							t.Errorf("%s, %s, %s: %q shows a piece of the encoding", what, how, where, got)
							break
						}
					}
				}
			}
		}
	}
}

// S-32: an echo that is cut off, at either end, is an echo.
func TestScrubCutEcho(t *testing.T) {
	leaf := leaves["a PEM block"]
	for how, echo := range echoes {
		whole := echo(leaf)
		for _, n := range []int{24, 40, 100, 200} {
			for _, piece := range []string{whole[:min(n, len(whole))], whole[len(whole)-min(n, len(whole)):], whole[len(whole)/3 : min(len(whole)/3+n, len(whole))]} {
				got := scrubText1(t, leaf, "unexpected: "+piece+"…")
				if found := betrays(got, leaf); found != "" {
					t.Errorf("%s, %d bytes: %q shows %q", how, n, got, found)
				}
			}
		}
	}
}

// What was lost to tidying a message up must not bring the value back.
func TestScrubSeesThroughBlanks(t *testing.T) {
	for why, tc := range map[string]struct{ leaf, message string }{
		"line ends came as blanks":          {"ab\ncd\nef\ngh", "value ab cd ef gh is not allowed"},
		"blanks came as line ends":          {"ab cd ef", "value ab\ncd\tef is not allowed"},
		"two blanks came as one":            {"ab  cd", "value ab cd"},
		"control characters between":        {"ab cd", "value ab\x00\x1bcd"},
		"invisible characters between":      {"ab cd", "value ab\u200bcd"},
		"a plus is a plus, escaped around":  {`a+b"c<d`, `a+b\u0022c\u003cd`},
		"a plus is a blank, escaped around": {`a b"c<d`, `a+b%22c<d`},
	} {
		if got := scrubText1(t, tc.leaf, tc.message); got != dropped {
			t.Errorf("%s: %q", why, got)
		}
	}
}

// The rest of a message stays readable, and a message without the value stays as it is.
func TestScrubLeavesTheRestAlone(t *testing.T) {
	for why, tc := range map[string]struct{ object, message, want string }{
		"the value is cut out":               {`{"password":"S3cr3t-pa55word"}`, "Value S3cr3t-pa55word is too weak", "Value [removed] is too weak"},
		"several leaves":                     {`{"a":"first-one","b":{"c":["second-one",12345678]}}`, "one is first-one, another one is second-one, the last one is 12345678", "one is [removed], another one is [removed], the last one is [removed]"},
		"a number":                           {`{"port":54321}`, "54321 is taken", "[removed] is taken"},
		"numbers are looked for as written":  {`{"n":1.50e3}`, "n 1.50e3", "n [removed]"},
		"names of properties are no secret":  {`{"clientSecret":"S3cr3t-pa55word"}`, "clientSecret must not be blank", "clientSecret must not be blank"},
		"words of JSON are no secret":        {`{"a":true,"b":null,"c":false}`, "true, false and null", "true, false and null"},
		"another value":                      {`{"password":"S3cr3t-pa55word"}`, `Name "a+b" 100% <ok> é \n`, `Name "a+b" 100% <ok> é \n`},
		"fewer than eight bytes in common":   {`{"password":"password12"}`, "passwor is no word", "passwor is no word"},
		"no value was sent":                  {``, "anything 1 a", "anything 1 a"},
		"a blank value":                      {`{"a":"  "}`, "a b", "a b"},
		"a short leaf that does not occur":   {`{"a":"zq"}`, "nothing to see", "nothing to see"},
		"a short leaf drops the text":        {`{"a":"zq"}`, "pizzqa", dropped},
		"one letter drops the text":          {`{"a":"e"}`, "hello", dropped},
		"a short number drops the text":      {`{"a":7}`, "line 7", dropped},
		"an echo that is only found unspelt": {`{"a":"kX9!~"}`, `\u006bX\u0039!~`, dropped},
		"line ends become blanks":            {`{"password":"S3cr3t-pa55word"}`, "a\r\nb\tc\x1b[31m", "a b c [31m"},
		"nothing":                            {`{"password":"S3cr3t-pa55word"}`, "", ""},
	} {
		s := newScrubber([]byte(tc.object))
		if got := s.text(tc.message, maxMessage); got != tc.want {
			t.Errorf("%s: %q, want %q", why, got, tc.want)
		}
		s.wipe()
	}
}

// S-31: messages are shortened, at a character.
func TestScrubShortens(t *testing.T) {
	s := newScrubber(nil)
	for why, message := range map[string]string{"ASCII": strings.Repeat("x", 5000), "other": strings.Repeat("é", 5000), "cut in a character": "x" + strings.Repeat("🔑", 5000), "invalid": strings.Repeat("\xff", 5000)} {
		got := s.text(message, maxMessage)
		if n := utf8.RuneCountInString(got); n > maxMessage || !utf8.ValidString(got) || n == maxMessage && !strings.HasSuffix(got, "…") {
			t.Errorf("%s: %d characters: %q", why, n, got)
		}
	}
	if got := s.text(strings.Repeat("x", maxMessage), maxMessage); got != strings.Repeat("x", maxMessage) {
		t.Errorf("exactly as long as allowed: %q", got)
	}
}

func TestScrubberWipesItsCopies(t *testing.T) {
	object := objectOf(t, "S3cr3t-pa55word")
	s := newScrubber(object)
	leaf := s.leaves[0]
	s.wipe()
	if strings.Trim(string(leaf), "\x00") != "" {
		t.Errorf("the copy is left: %q", leaf)
	}
	if !strings.Contains(string(object), "S3cr3t") {
		t.Error("the owner's object was changed")
	}
}

// S-32: whatever the value, the message and the spelling.
func FuzzScrub(f *testing.F) {
	for _, leaf := range leaves {
		f.Add(leaf, "Cannot store ", ": refused", uint8(0), uint16(0), uint16(65535))
		f.Add(leaf, "100%+ \\u00", "&amp;\n", uint8(5), uint16(3), uint16(40))
	}
	f.Add("removed-", "", "", uint8(0), uint16(0), uint16(65535))
	names := make([]string, 0, len(echoes))
	for _, n := range []string{"plain", "JSON", "JSON, ASCII only", "JSON, every character", "JSON in JSON", "query", "path", "percent, every byte", "percent twice", "HTML", "HTML, every character", "in an object", "JSON in a query"} {
		if echoes[n] != nil {
			names = append(names, n)
		}
	}
	f.Fuzz(func(t *testing.T, leaf, before, after string, how uint8, from, to uint16) {
		leaf = strings.ToValidUTF8(leaf, "")
		core := strings.TrimSpace(leaf)
		if len(core) < 4 || len(leaf) > 2000 || len(before)+len(after) > 2000 || strings.Contains(leaf, "\x00") {
			return
		}
		if strings.Contains(dropped, core) || strings.Contains(scrubbed, core) || betrays(dropped, core) != "" || betrays(scrubbed, core) != "" {
			return // the value is a piece of what is put in its place
		}
		echo := echoes[names[int(how)%len(names)]](leaf)
		start := min(int(from), len(echo))
		echo = echo[start:max(start, min(int(to), len(echo)))]
		got := scrubText1(t, leaf, before+echo+after)
		if strings.Contains(got, core) {
			t.Fatalf("%q shows the value %q", got, core)
		}
		for i := 0; i+12 <= len(core); i++ {
			if strings.Contains(got, core[i:i+12]) {
				t.Fatalf("%q shows %q", got, core[i:i+12])
			}
		}
		if !utf8.ValidString(got) || utf8.RuneCountInString(got) > maxMessage {
			t.Fatalf("%q is not fit to be shown", got)
		}
	})
}

// The longest value that there can be, of one letter, and an answer that repeats it: that takes about as
// long as any other value does, not minutes.
func TestScrubLongRepetition(t *testing.T) {
	one, any := []byte(strings.Repeat("x", MaxValue)), make([]byte, MaxValue)
	for i, state := 0, uint32(1); i < len(any); i++ {
		state = state*1664525 + 1013904223
		any[i] = 'a' + byte(state>>24)%26
	}
	took := func(leaf []byte) time.Duration {
		s := newScrubber(objectOf(t, string(leaf)))
		defer s.wipe()
		began := time.Now()
		if got := s.text("bad value: "+string(leaf), maxMessage); got != "bad value: "+scrubbed {
			t.Errorf("%q", got)
		}
		return time.Since(began)
	}
	if usual, repeated := took(any), took(one); repeated > 20*usual {
		t.Errorf("%v for a repetition, %v for another value", repeated, usual)
	}
}
