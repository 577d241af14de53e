package scrub

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf8"
)

const limit = 300

// of is a value with these parts.
func of(parts ...string) Value {
	return func(part func([]byte)) {
		for _, p := range parts {
			part([]byte(p))
		}
	}
}

func clean(value, message string) string { return Words(of(value), nil, limit, message)[0] }

var values = map[string]string{
	"a password":              "S3cr3t-pa55word",
	"a short password":        "kX9!",
	"seven characters":        "a+b c&d",
	"twelve characters":       "xK7-qP2_mZ9w",
	"quotes and backslashes":  `p"a'ss\wo<rd>&x`,
	"other alphabets":         "пароль-密码-🔑-ключ",
	"blanks and tabs":         "correct horse\tbattery  staple",
	"plus, percent and slash": "a+b/c%41=d+e f",
	"what looks like percent": "a/b%2Fc",
	"what looks like JSON":    `x\u0041y\\nz\/w`,
	"what looks like HTML":    `p&amp;q&#65;r&lt;s`,
	"what looks like all":     `%5Cu0041&#37;41\u0026amp;+%2B`,
	"an entity across":        "&#3%37;kQ&#x4%31;",
	"a PEM block":             "-----BEGIN PRIVATE KEY-----\nMIIEvQIBADANBgkqhkiG9w0BAQEFAASCBKcwggSjAgEAAoIBAQC7VJTUt9Us8cKj\nMzEfYyjiWA4R4/M2bS1GB4t7NXp98C3SC6dVMvDuictGeurT8jNbvJZHtCSuYEvu\nNMoSfm76oqFvAp8Gy0iz5sxjZmSnXyCdPEovGhLa0VzMaQ8s+CLOyS56YyCFGeJZ\n-----END PRIVATE KEY-----\n",
	"short lines":             "ab\ncd\nef\ngh",
	"long":                    strings.Repeat("0123456789abcdefghijklmnopqrstuvwxyz!", 60),
}

// S-32: however Maia repeats the value, it is not in what is shown.
func TestScrubEveryEcho(t *testing.T) {
	formats := []string{"Cannot store the value %s: it is not allowed", "got '%s', want an object", "%[1]s and %[1]s", `\%s`, "100%%%s"}
	words := strings.NewReplacer(Removed, "", "Cannot store the value", "", ": it is not allowed", "", "%3D", "", "got ''", "", ", want an object", "", "and", "", `\`, "", "100%", "")
	n := 0
	for what, value := range values {
		for how, echo := range echoes {
			n++
			for _, format := range []string{"%s", formats[n%len(formats)]} {
				got := clean(value, fmt.Sprintf(format, echo(value)))
				if found := betrays(got, value, 2); found != "" {
					t.Errorf("%s, %s, %s: %q shows %q", what, how, format, got, found)
				}
				if got == Dropped {
					t.Errorf("%s, %s, %s: nothing is left of the message", what, how, format)
				}
				// Of what is encoded nothing is left, not even at its ends.
				if left := strings.TrimSpace(words.Replace(got)); codes[how] != nil && len(left) > 8 {
					t.Errorf("%s, %s, %s: %q has a piece of the encoding: %q", what, how, format, got, left)
				}
			}
		}
	}
}

// S-32: an echo that is cut, at either end or both, is an echo, as long as what is left says much.
func TestScrubCutEcho(t *testing.T) {
	for what, value := range values {
		if what == "long" {
			continue // long enough is another one
		}
		for how, echo := range echoes {
			whole := echo(value)
			for _, part := range []int{3, 2} {
				n := len(whole) * (part - 1) / part
				for _, cut := range []string{whole[:n], whole[len(whole)-n:], whole[len(whole)/part:], whole[(len(whole)-n)/2 : (len(whole)+n)/2]} {
					got := clean(value, fmt.Sprintf("unexpected: %s…", cut))
					if found := betrays(got, value, 2); found != "" {
						t.Errorf("%s, %s, %d of %d bytes: %q shows %q", what, how, len(cut), len(whole), got, found)
					}
				}
			}
		}
	}
}

// S-32: seven of twelve characters are no small thing.
func TestScrubSevenOfTwelve(t *testing.T) {
	const value = "xK7-qP2_mZ9w"
	for i := range 6 {
		for _, message := range []string{"bad value " + value[i:i+7], "bad value " + value[i:i+7] + "…", "'" + value[i:i+7] + "' is no password"} {
			if got := clean(value, message); strings.Contains(got, value[i:i+4]) || !strings.Contains(got, Removed) {
				t.Errorf("%q", got)
			}
		}
	}
	for n := range 30 {
		if p := piece(n); n >= shortest && (p < 4 || p > 8 || n > 7 && n < 20 && 2*p > n) {
			t.Errorf("%d of %d bytes may stay", p-1, n)
		}
	}
}

// S-32: one layer of JSON around what looks like an escape itself.
func TestScrubLayersAreTakenOffOneByOne(t *testing.T) {
	for value, message := range map[string]string{
		"a/b%2Fc":      `cannot store a\/b%2Fc`,
		"p%41ss%42":    `cannot store p\u0025\u0034\u0031ss%42`,
		`c:\new\u0041`: `cannot store c:\\new\\u0041`,
		"a&amp;b&lt;c": `cannot store a&amp;amp;b&amp;lt;c`,
		"1+2%2B3":      `cannot store 1%2B2%252B3`,
	} {
		if got := clean(value, message); got != "cannot store "+Removed {
			t.Errorf("%s: %q", value, got)
		}
	}
	// Maia may have undone them.
	if got := clean("abc%2Fdef%2Fghi", "cannot store abc/def/ghi"); got != "cannot store "+Removed {
		t.Errorf("%q", got)
	}
}

// S-32: what was lost to tidying a message up does not bring the value back.
func TestScrubSeesThroughBlanks(t *testing.T) {
	for why, tc := range map[string]struct{ value, message string }{
		"line ends came as blanks":          {"ab\ncd\nef\ngh", "ab cd ef gh"},
		"blanks came as line ends":          {"ab cd ef", "ab\ncd\tef"},
		"two blanks came as one":            {"ab  cd", "ab cd"},
		"control characters between":        {"ab cd", "ab\x00\x1bcd"},
		"invisible characters between":      {"ab cd", "ab\u200bcd"},
		"a plus is a plus, escaped around":  {`a+b"c<d`, `a+b\u0022c\u003cd`},
		"a plus is a blank, escaped around": {`a b"c<d`, `a+b%22c<d`},
		"an escape in no list":              {"kX9!~", `\u006bX\u0039!~`},
	} {
		if got := clean(tc.value, "value "+tc.message+" is not allowed"); got != "value "+Removed+" is not allowed" {
			t.Errorf("%s: %q", why, got)
		}
	}
}

// The rest of a message stays readable.
func TestScrubLeavesTheRestAlone(t *testing.T) {
	for why, tc := range map[string]struct {
		value         Value
		message, want string
	}{
		"the value is cut out":              {of("S3cr3t-pa55word"), "Value S3cr3t-pa55word is too weak", "Value [removed] is too weak"},
		"several parts":                     {of("first-one", "second-one", "12345678"), "it is first-one, another of them is second-one, the very last is 12345678", "it is [removed], another of them is [removed], the very last is [removed]"},
		"a number":                          {of("54321"), "54321 is taken", "[removed] is taken"},
		"numbers are looked for as written": {of("1.50e3"), "n 1.50e3", "n [removed]"},
		"an escape goes as a whole":         {of(`"quoted"`), `is \u0022quoted\u0022 allowed`, "is [removed] allowed"},
		"a short part that does not occur":  {of("zq"), "nothing to see", "nothing to see"},
		"a short part drops the text":       {of("zq"), "pizzqa", Dropped},
		"one letter drops the text":         {of("e"), "hello", Dropped},
		"a short number drops the text":     {of("7"), "line 7", Dropped},
		"what is put in its place has it":   {of("removed-again"), "it is removed-again", Dropped},
		"line ends become blanks":           {of("S3cr3t-pa55word"), "a\r\nb\tc\x1b[31m", "a b c [31m"},
		"nothing":                           {of("S3cr3t-pa55word"), "", ""},
		"no value was sent":                 {of(), "anything 1 a", "anything 1 a"},
		"a blank value":                     {of("  "), "a b", "a b"},
	} {
		if got := Words(tc.value, nil, limit, tc.message)[0]; got != tc.want {
			t.Errorf("%s: %q, want %q", why, got, tc.want)
		}
	}
}

// Messages that have nothing of the value in them come through as they are.
func TestScrubInnocentMessages(t *testing.T) {
	messages := []string{
		"must not be blank", "The name already exists in this project", "secretName must match ^[A-Za-z0-9/_+=.@-]{1,512}$", "Key Vault 'contoso-kv' could not be reached (403)",
		"createSecretReference.body.secretName: must not be blank", `Name "a+b" 100% <ok> é \n`, "Agent 3f2a9c81-77aa-4b0e-9d52-0a1b2c3d4e5f is not running", "50% of 20 secrets + 1 are used &c.",
		"arn:aws:secretsmanager:eu-west-1:123456789012:secret:prod/db-AbCdEf", "Das Geheimnis heißt „prod“ und existiert bereits", "名前は既に存在します", "Request id: YWJjZGVmZ2hpamtsbW5vcA==, see https://example.com/a%20b?c=d+e&amp;f",
		"deadbeefcafe0123456789abcdef0123456789ab", `{"title":"Bad Request","status":400,"detail":"value is too weak \u2014 choose another"}`, "password is too short", "clientSecret is required", "user may not write",
		strings.Repeat("This text is rather long. ", 11),
	}
	for what, value := range values {
		if what == "blanks and tabs" || what == "long" {
			continue // with words or rows of digits that occur
		}
		for _, m := range messages {
			if got := clean(value, m); got != strings.TrimSpace(m) {
				t.Errorf("%s: %q became %q", what, m, got)
			}
		}
	}
	for value, m := range map[string]string{
		"password12":        "pas de deux is 12", // a few letters in common are none of it
		"C++ 17":            "The language C is not supported",
		"%41%42%43":         "ABC is the beginning",
		"true":              "tru e",
		"S3cr3t-pa55word!!": "pa55 is short",
	} {
		if got := clean(value, m); got != m {
			t.Errorf("%q became %q", m, got)
		}
	}
}

// What the user entered openly stays, even where it is a piece of the value; but for the value around it.
func TestScrubOpenWords(t *testing.T) {
	open := []string{"prod-db", "password", "", "k"}
	for _, tc := range []struct{ value, message, want string }{
		{"prod-db-reader", "The name prod-db exists", "The name prod-db exists"},
		{"prod-db-reader", "arn:aws:secret:prod-db:AbCdEf", "arn:aws:secret:prod-db:AbCdEf"},
		{"prod-db-reader", "prod-db exists, with the value prod-db-reader in it", "prod-db exists, with the value [removed] in it"},
		{"password-123", "password must not be blank", "password must not be blank"},
		{"password-123", "password-123 is weak", "[removed] is weak"},
		{"k", "ok", "ok"},
		{"k9", "k9", Dropped},
		{"prod-db-reader", "prod%2Ddb", Removed}, // nobody entered it like that
	} {
		if got := Words(of(tc.value), open, limit, tc.message)[0]; got != tc.want {
			t.Errorf("%q: %q, want %q", tc.value, got, tc.want)
		}
	}
}

// S-31: messages are shortened, at a character, and nothing is shown that was not looked at.
func TestScrubShortens(t *testing.T) {
	for why, message := range map[string]string{
		"ASCII": strings.Repeat("x", 5000), "other": strings.Repeat("é", 5000), "cut in a character": "x" + strings.Repeat("🔑", 5000), "invalid": strings.Repeat("\xff", 5000),
		"far behind blanks": "x" + strings.Repeat(" ", 5000) + "S3cr3t-pa55word",
	} {
		got := clean("S3cr3t-pa55word", message)
		if n := utf8.RuneCountInString(got); n > limit || !utf8.ValidString(got) || n == limit && !strings.HasSuffix(got, "…") || strings.Contains(got, "S3cr3t") {
			t.Errorf("%s: %d characters: %q", why, n, got)
		}
	}
	if got := clean("S3cr3t-pa55word", strings.Repeat("x", limit)); got != strings.Repeat("x", limit) {
		t.Errorf("exactly as long as allowed: %q", got)
	}
}

// A text with more ways to read it than can be looked at is not shown.
func TestScrubBounds(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	var b strings.Builder
	names := slices.Sorted(maps.Keys(escapings))
	for b.Len() < lookedAt {
		b.WriteString(chain(names[r.IntN(len(names))], names[r.IntN(len(names))], names[r.IntN(len(names))])(string(rune('!' + r.IntN(90)))))
	}
	texts := slices.Repeat([]string{b.String()}, 10)
	got := Words(of("S3cr3t-pa55word"), nil, limit, append([]string{"short and plain"}, texts...)...)
	if got[0] != "short and plain" || got[len(got)-1] != Dropped {
		t.Errorf("%q … %q", got[0], got[len(got)-1])
	}
}

// Where nothing was said, the value is not looked at.
func TestScrubSilence(t *testing.T) {
	Words(func(func([]byte)) { t.Error("the value is looked at") }, nil, limit, "", "")
	Words[string](func(func([]byte)) { t.Error("the value is looked at") }, nil, limit)
}

// S-34: no piece of the value is left in what was used to look for it.
func TestScrubWipesItsCopies(t *testing.T) {
	const value = "S3cr3t-pa55word"
	message := []byte("bad: " + value + ", " + chain("JSON", "query")(value) + ", " + codes["base64"](value))
	s := newSearch(1)
	s.add(message)
	s.run(of(value))
	views, table := s.views, s.tables[piece(len(value))]
	if len(views) < 3 || table == nil {
		t.Fatal("nothing was looked at")
	}
	s.wipe()
	for _, v := range views {
		if strings.Trim(string(v.b[:cap(v.b)]), "\x00") != "" {
			t.Errorf("left: %q", v.b)
		}
	}
	for _, slot := range table.slots {
		if slot.key != 0 {
			t.Errorf("left: %x", slot.key)
		}
	}
	if strings.Trim(string(message), "\x00") != "" {
		t.Errorf("left: %q", message)
	}
}

// S-32: whatever the value, the message, the spelling and the cut.
func FuzzScrub(f *testing.F) {
	for _, value := range values {
		f.Add(value, "Cannot store ", ": refused", uint16(0), uint16(0), uint16(65535))
		f.Add(value, "100%+ \\u00", "&amp;\n", uint16(517), uint16(3), uint16(40))
	}
	f.Add("removed-", "", "", uint16(0), uint16(0), uint16(65535))
	f.Fuzz(check)
}

// check escapes a value up to three times, cuts it, and looks whether a piece of it is still shown.
func check(t *testing.T, value, before, after string, how, from, to uint16) {
	value = strings.ToValidUTF8(value, "")
	flatValue := flattened(value)
	if len(flatValue) < shortest || len(value) > 2000 || len(before)+len(after) > 2000 || strings.Contains(value, "\x00") {
		return
	}
	if betrays(Dropped, value, 0) != "" || betrays(Removed, value, 0) != "" {
		return // the value is a piece of what is put in its place
	}
	names := slices.Sorted(maps.Keys(escapings))
	echo, depth := value, 0
	for n := int(how); n > 0 && depth < 3; n /= len(names) + 1 {
		if k := n % (len(names) + 1); k > 0 {
			echo = escapings[names[k-1]](echo)
			depth++
		}
	}
	start := min(int(from), len(echo))
	echo = echo[start:max(start, min(int(to), len(echo)))]
	message := before + echo + after
	// All of it is looked at, for where it is shortened, what is left of an escape may be a character of
	// the value by chance.
	got := Words(of(value), nil, lookedAt, message)[0]
	if found := betrays(got, value, depth); found != "" {
		t.Fatalf("%q shows %q of %q, of %q", got, found, value, message)
	}
	got = clean(value, message)
	if !utf8.ValidString(got) || utf8.RuneCountInString(got) > limit {
		t.Fatalf("%q is not fit to be shown", got)
	}
}

// S-32: random values, up to three random escapings around each, and random cuts.
func TestScrubRandomEchoes(t *testing.T) {
	const alphabet = `abcXYZ019-_.~ +/%\&;#u"'<>=ü密🔑` + "\n\t"
	letters := []rune(alphabet)
	for seed := range uint64(300) {
		r := rand.New(rand.NewPCG(seed, 32))
		text := func(least, most int) string {
			var b strings.Builder
			for range least + r.IntN(most-least) {
				switch r.IntN(12) {
				case 0:
					b.WriteString([]string{"%2F", "%41", `\u0041`, `\n`, "&amp;", "&#65;", "%25", `\\`, "%u0041", "&lt;"}[r.IntN(10)])
				default:
					b.WriteRune(letters[r.IntN(len(letters))])
				}
			}
			return b.String()
		}
		value := text(6, 60)
		from, to := uint16(0), uint16(65535)
		if r.IntN(2) == 0 {
			from = uint16(r.IntN(30))
		}
		if r.IntN(2) == 0 {
			to = from + uint16(r.IntN(400))
		}
		before, after := []string{"Cannot store ", "", "value: '", `\"`}[r.IntN(4)], []string{"", " is refused", "'…", `\"`}[r.IntN(4)]
		check(t, value, before, after, uint16(r.UintN(65536)), from, to)
		if t.Failed() {
			t.Fatalf("seed %d", seed)
		}
	}
}

func randomLetters(n int) []byte {
	b := make([]byte, n)
	for i, state := 0, uint32(1); i < len(b); i++ {
		state = state*1664525 + 1013904223
		b[i] = 'a' + byte(state>>24)%26
	}
	return b
}

const longestValue = 256 << 10

// The longest value that there can be, of one letter, and an answer that repeats it: that takes about as
// long as any other value does, not minutes.
func TestScrubLongRepetition(t *testing.T) {
	took := func(value string) time.Duration {
		began := time.Now()
		for range 10 {
			if got := clean(value, "bad value: "+value); got != "bad value: "+Removed {
				t.Errorf("%q", got)
			}
		}
		return time.Since(began)
	}
	if usual, repeated := took(string(randomLetters(longestValue))), took(strings.Repeat("x", longestValue)); repeated > 20*usual {
		t.Errorf("%v for a repetition, %v for another value", repeated, usual)
	}
}

func BenchmarkWords(b *testing.B) {
	escaped := strings.Repeat(`a%2Fb\n&amp;`, longestValue/12)
	message := strings.Repeat("Something is wrong with the value, see it. ", 7)[:300]
	short := string(randomLetters(12))
	for _, bb := range []struct {
		name     string
		value    string
		messages []string
	}{
		{"256KiB", string(randomLetters(longestValue)), []string{message}},
		{"256KiB,escapes", escaped, []string{message}},
		{"256KiB,echoed", string(randomLetters(longestValue)), []string{"bad: " + string(randomLetters(200))}},
		{"256KiB,21messages", string(randomLetters(longestValue)), slices.Repeat([]string{message}, 21)},
		{"256KiB,names", string(randomLetters(longestValue)), []string{"AWS-SECRETS-MANAGER-DB_PASSWORD", "prod/db/DB_PASSWORD"}},
		{"12B", short, []string{message}},
		{"12B,names", short, []string{"AWS-SECRETS-MANAGER-DB_PASSWORD", "prod/db/DB_PASSWORD"}},
		{"12B,silence", short, []string{""}},
	} {
		room := make([]byte, len(bb.value))
		value := func(part func([]byte)) { part(room[:copy(room, bb.value)]) }
		b.Run(bb.name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				Words(value, nil, limit, bb.messages...)
			}
		})
	}
}
