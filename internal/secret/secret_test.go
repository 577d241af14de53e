package secret_test

import (
	"bytes"
	"encoding/base64"
	"encoding/gob"
	"encoding/hex"
	"encoding/json"
	"encoding/xml"
	"errors"
	"fmt"
	htmltemplate "html/template"
	"log/slog"
	"net/url"
	"reflect"
	"strings"
	"testing"
	"text/template"

	"maiaportal/internal/secret"
	"maiaportal/internal/secret/secrettest"
)

const canary = `Canary<"7f3a&91c2">é`

// spellings are the ways in which the canary could show up in a text.
func spellings() []string {
	quoted, _ := json.Marshal(canary)
	decimals := strings.Trim(fmt.Sprint([]byte(canary)), "[]")
	return []string{
		canary, canary[:8], "7f3a&91c2",
		string(quoted[1 : len(quoted)-1]),
		strings.Trim(strconvQuote(canary), `"`),
		hex.EncodeToString([]byte(canary)), strings.ToUpper(hex.EncodeToString([]byte(canary))), fmt.Sprintf("% x", canary), fmt.Sprintf("% X", canary),
		base64.StdEncoding.EncodeToString([]byte(canary)), url.QueryEscape(canary), url.PathEscape(canary),
		decimals, decimals[:12], strings.ReplaceAll(decimals, " ", ", "),
		fmt.Sprintf("%#v", []byte(canary))[7:40], fmt.Sprintf("%b", []byte(canary))[1:20], fmt.Sprintf("%o", []byte(canary))[1:16], fmt.Sprintf("%U", []byte(canary))[1:20], fmt.Sprintf("%c", []byte(canary))[1:16], fmt.Sprintf("%q", []byte(canary)[:4]),
		fmt.Sprintf("[%d]", len(canary)),
	}
}

func strconvQuote(s string) string { return fmt.Sprintf("%+q", s) }

// mustHide fails where a text has the canary, however it is spelled.
func mustHide(t *testing.T, what, text string) {
	t.Helper()
	for _, s := range spellings() {
		if strings.Contains(text, s) {
			t.Errorf("%s shows the secret as %q: %s", what, s, text)
			return
		}
	}
}

// superfluous is a variable, because vet knows that such a call is a slip.
var superfluous = "x"

type exported struct {
	Name string
	V    secret.Value `json:"v" xml:"v"`
}

type unexported struct{ v secret.Value }

type embedded struct{ secret.Value }

type deep struct {
	List []exported
	Map  map[string]*unexported
	Any  any
	Fn   [1]embedded
}

// placements are the things in which a value may lie when somebody prints them.
func placements() map[string]any {
	v := secret.New([]byte(canary))
	p := &v
	return map[string]any{
		"value": v, "pointer": p, "pointer to pointer": &p, "zero value": secret.Value{},
		"exported field": exported{"n", v}, "pointer to struct": &exported{"n", v},
		"unexported field": unexported{v}, "pointer to unexported field": &unexported{v},
		"embedded": embedded{v}, "slice": []secret.Value{v}, "array": [2]secret.Value{v, v}, "slice of pointers": []*secret.Value{p},
		"map": map[string]secret.Value{"k": v}, "slice of any": []any{v, p},
		"nested":           deep{[]exported{{"n", v}}, map[string]*unexported{"k": {v}}, &v, [1]embedded{{v}}},
		"anonymous struct": struct{ A, b any }{v, p},
		"error that wraps": fmt.Errorf("cannot send %v: %w", v, errors.New("x")),
	}
}

// S-40: no verb with any flag, in any placement, prints the secret.
func TestNoVerbPrintsIt(t *testing.T) {
	verbs := "vTtbcdoOqxXUeEfFgGspwz!"
	flags := []string{"", "+", "#", " ", "0", "-", "+#", "# ", "20", "-20", ".3", "20.3", "+.40", "[1]"}
	for name, thing := range placements() {
		for _, verb := range verbs {
			for _, flag := range flags {
				format := "%" + flag + string(verb)
				mustHide(t, name+" by "+format, fmt.Sprintf(format, thing))
			}
		}
		mustHide(t, name+" by Sprint", fmt.Sprint(thing))
		mustHide(t, name+" by Sprintln", fmt.Sprintln(thing))
		mustHide(t, name+" by Errorf", fmt.Errorf("x: %v", thing).Error())
		mustHide(t, name+" as a superfluous argument", fmt.Sprintf(superfluous, []any{thing}...))
		mustHide(t, name+" as a width", fmt.Sprintf("%*d", thing, 1))
		mustHide(t, name+" as a panic", fmt.Sprint(panicText(thing)))
	}
}

func panicText(v any) (text string) {
	defer func() { text = fmt.Sprint(recover()) }()
	panic(v)
}

// S-40: what is printed in its place is the same for every value, so that it tells nothing.
func TestThePrintedFormIsAlwaysTheMask(t *testing.T) {
	for name, v := range map[string]secret.Value{
		"zero": {}, "empty": secret.New(nil), "short": secret.New([]byte("x")), "long": secret.New(bytes.Repeat([]byte("x"), 4096)),
	} {
		for _, format := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%X", "%d", "%c", "%U", "%e", "%t", "%200s"} {
			if got := fmt.Sprintf(format, v); got != "[secret]" {
				t.Errorf("%s value by %s: %q, want the mask", name, format, got)
			}
		}
		if v.String() != "[secret]" {
			t.Errorf("%s value: String gives %q", name, v.String())
		}
	}
}

// S-40: both handlers of slog, with and without a struct around the value.
func TestLogsHideIt(t *testing.T) {
	for name, thing := range placements() {
		var text, object bytes.Buffer
		options := &slog.HandlerOptions{AddSource: true, Level: slog.LevelDebug}
		for _, h := range []slog.Handler{slog.NewTextHandler(&text, options), slog.NewJSONHandler(&object, options)} {
			log := slog.New(h)
			log.Debug("m", "v", thing)
			log.With("v", thing).WithGroup("g").Info("m", slog.Group("h", "v", thing), slog.Any("w", []any{thing}))
		}
		mustHide(t, name+" in a text log", text.String())
		mustHide(t, name+" in a JSON log", object.String())
	}
	var b bytes.Buffer
	slog.New(slog.NewJSONHandler(&b, nil)).Info("m", "v", secret.New([]byte(canary)))
	if !strings.Contains(b.String(), `"v":"[secret]"`) {
		t.Errorf("a log line should say that there was a secret: %s", b.String())
	}
}

// S-40: encoders refuse. A mask in place of an error would be stored as the secret.
func TestEncodersRefuse(t *testing.T) {
	v := secret.New([]byte(canary))
	for name, thing := range map[string]any{
		"value": v, "pointer": &v, "field": exported{"n", v}, "slice": []secret.Value{v}, "embedded": embedded{v}, "map": map[string]secret.Value{"k": v},
		"zero value": secret.Value{},
	} {
		b, err := json.Marshal(thing)
		if !errors.Is(err, secret.ErrMarshal) {
			t.Errorf("JSON of %s: %s, error %v", name, b, err)
		}
		mustHide(t, "JSON error of "+name, fmt.Sprint(err))
		var g bytes.Buffer
		err = gob.NewEncoder(&g).Encode(thing)
		if err == nil {
			t.Errorf("gob of %s is written", name)
		}
		mustHide(t, "gob of "+name, g.String()+fmt.Sprint(err))
		if strings.HasPrefix(name, "map") {
			continue // encoding/xml knows no maps
		}
		b, err = xml.Marshal(thing)
		if !errors.Is(err, secret.ErrMarshal) {
			t.Errorf("XML of %s: %s, error %v", name, b, err)
		}
		mustHide(t, "XML error of "+name, string(b)+fmt.Sprint(err))
	}
	if b, err := v.MarshalText(); !errors.Is(err, secret.ErrMarshal) || b != nil {
		t.Errorf("MarshalText gives %q, %v", b, err)
	}
	// Nobody reaches the bytes behind an unexported field; JSON leaves such a field out.
	b, err := json.Marshal(unexported{v})
	if err != nil || string(b) != "{}" {
		t.Errorf("JSON of an unexported field: %s, %v", b, err)
	}
}

// S-40: a template that is given a value by mistake shows the mask.
func TestTemplatesHideIt(t *testing.T) {
	const page = `{{.V}} {{printf "%x %d %#v" .V .V .V}} {{print .V}} {{range .L}}{{.}}{{end}} {{html .V}} {{js .V}} {{urlquery .V}}`
	v := secret.New([]byte(canary))
	data := map[string]any{"V": v, "L": []any{v, &v, exported{"n", v}, unexported{v}}}
	var b bytes.Buffer
	if err := template.Must(template.New("").Parse(page)).Execute(&b, data); err != nil {
		t.Error(err)
	}
	if err := htmltemplate.Must(htmltemplate.New("").Parse(`<a href="?{{.V}}" title="{{.V}}">{{.V}} {{.L}}</a>`)).Execute(&b, data); err != nil {
		t.Error(err)
	}
	_ = htmltemplate.Must(htmltemplate.New("").Parse(`<script>var v = {{.V}}</script>`)).Execute(&b, data)
	mustHide(t, "template", b.String())
	if !strings.Contains(b.String(), "[secret]") {
		t.Errorf("the mask is missing: %s", b.String())
	}
}

// S-40: comparing two values must not tell whether they hold the same.
func TestValuesCannotBeCompared(t *testing.T) {
	if reflect.TypeFor[secret.Value]().Comparable() {
		t.Error("two values can be compared by ==, or used as keys of a map")
	}
	if a, b := secret.New([]byte("same")), secret.New([]byte("same")); reflect.DeepEqual(a, b) {
		t.Error("reflect.DeepEqual tells that two values hold the same")
	}
}

// S-40: reflection that goes through unexported fields meets a func, and no bytes.
func TestReflectionFindsNoBytes(t *testing.T) {
	v := reflect.ValueOf(secret.New([]byte(canary)))
	for i := range v.NumField() {
		if k := v.Field(i).Kind(); k != reflect.Func {
			t.Errorf("field %d is a %s: printers that use reflection can read it", i, k)
		}
	}
}

func TestBytesAndEmpty(t *testing.T) {
	b := []byte("v")
	v := secret.New(b)
	if &v.Bytes()[0] != &b[0] {
		t.Error("the value holds a copy: the original would stay in memory after Wipe")
	}
	for name, tc := range map[string]struct {
		v     secret.Value
		empty bool
	}{
		"zero value, as in a form that was not filled in": {secret.Value{}, true},
		"nil": {secret.New(nil), true}, "no bytes": {secret.New([]byte{}), true}, "a blank is a value": {secret.New([]byte(" ")), false},
	} {
		if tc.v.Empty() != tc.empty {
			t.Errorf("%s: Empty is %v", name, tc.v.Empty())
		}
		if tc.empty && len(tc.v.Bytes()) != 0 {
			t.Errorf("%s: has bytes", name)
		}
	}
}

func TestWipeReachesEveryCopy(t *testing.T) {
	secret.Value{}.Wipe() // as a deferred Wipe of a form without a value does
	secret.New(nil).Wipe()
	b := []byte(canary)
	v := secret.New(b)
	other, inStruct := v, exported{V: v}
	v.Wipe()
	v.Wipe()
	for name, bytes := range map[string][]byte{"original": b, "value": v.Bytes(), "copy": other.Bytes(), "field": inStruct.V.Bytes()} {
		if len(bytes) != len(canary) || strings.Trim(string(bytes), "\x00") != "" {
			t.Errorf("%s still holds %q", name, bytes)
		}
	}
}

// S-40: a secret text is hidden as a value is, wherever it lies.
func TestTextsAreHidden(t *testing.T) {
	type holder struct {
		T secret.Text
		P *secret.Text
		L []secret.Text
		t secret.Text
	}
	var h holder
	words := secrettest.Fill(t, &h)
	if len(words) != 4 {
		t.Errorf("filled: %v", words)
	}
	secrettest.Hidden(t, words, h, &h, h.T, &h.T, h.L, map[string]secret.Text{"k": h.t})
	for name, v := range map[string]secret.Text{"zero": {}, "empty": secret.Hide(""), "a word": secret.Hide("x")} {
		if got := fmt.Sprintf("%v %+v %#v %s %q %x %d", v, v, v, v, v, v, v); strings.ReplaceAll(got, "[secret]", "") != "      " || v.String() != "[secret]" {
			t.Errorf("%s: %s", name, got)
		}
		if _, err := json.Marshal(v); !errors.Is(err, secret.ErrMarshal) {
			t.Errorf("%s: JSON: %v", name, err)
		}
		if v.Empty() != (name != "a word") {
			t.Errorf("%s: Empty is %v", name, v.Empty())
		}
	}
	if secret.Hide("word").Reveal() != "word" || (secret.Text{}).Reveal() != "" {
		t.Error("Reveal does not give what was hidden")
	}
	if reflect.TypeFor[secret.Text]().Comparable() || reflect.DeepEqual(secret.Hide("x"), secret.Hide("x")) {
		t.Error("a comparison tells whether two texts are the same")
	}
}
