// Package secrettest looks whether a type shows a secret when somebody prints, logs or encodes it by accident.
//
// It goes by reflection, so that a field which is added later is looked at, too.
package secrettest

import (
	"bytes"
	"crypto"
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/base64"
	"encoding/gob"
	"encoding/hex"
	"encoding/json"
	"encoding/xml"
	"fmt"
	"log/slog"
	"net/netip"
	"reflect"
	"strings"
	"testing"
	"time"
	"unsafe"

	"maiaportal/internal/secret"
)

// Fill puts a word of its own into each text, slice of bytes and key of what a pointer points to, unexported fields
// too, and gives the words by the names of their fields. Fields that are no secret are named in public, and left
// alone with all that is in them. A name there that no field has is an error, and so is a field of a kind that may
// hold anything.
func Fill(t testing.TB, pointer any, public ...string) map[string]string {
	t.Helper()
	f := filler{t: t, public: map[string]bool{}, words: map[string]string{}}
	for _, name := range public {
		f.public[name] = false
	}
	f.fill("", reflect.ValueOf(pointer).Elem())
	for name, met := range f.public {
		if !met {
			t.Errorf("there is no field %s: take it out of the list of those that are no secret", name)
		}
	}
	return f.words
}

type filler struct {
	t      testing.TB
	public map[string]bool // whether each was met
	words  map[string]string
}

// word is one that stands nowhere else.
func (f *filler) word(name string) string {
	sum := sha256.Sum256([]byte(name))
	w := "Kq7" + hex.EncodeToString(sum[:])[:21]
	f.words[name] = w
	return w
}

func (f *filler) fill(name string, v reflect.Value) {
	f.t.Helper()
	if _, ok := f.public[name]; ok {
		f.public[name] = true
		return
	}
	v = reflect.NewAt(v.Type(), unsafe.Pointer(v.UnsafeAddr())).Elem() // also where it is unexported
	switch p := v.Addr().Interface().(type) {
	case *secret.Value:
		*p = secret.New([]byte(f.word(name)))
		return
	case *secret.Text:
		*p = secret.Hide(f.word(name))
		return
	case *secret.Of[crypto.Signer]:
		*p = secret.Hide(f.key(name))
		return
	case *crypto.Signer:
		*p = f.key(name)
		return
	case *time.Time, *netip.Prefix, *netip.Addr:
		return // no text
	}
	switch v.Kind() {
	case reflect.Bool, reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64, reflect.Uint, reflect.Uint8,
		reflect.Uint16, reflect.Uint32, reflect.Uint64, reflect.Float32, reflect.Float64:
	case reflect.String:
		v.SetString(f.word(name))
	case reflect.Struct:
		for i := range v.NumField() {
			f.fill(strings.TrimPrefix(name+"."+v.Type().Field(i).Name, "."), v.Field(i))
		}
	case reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		f.fill(name, v.Elem())
	case reflect.Slice:
		if v.Type().Elem().Kind() == reflect.Uint8 {
			v.SetBytes([]byte(f.word(name)))
			return
		}
		v.Set(reflect.MakeSlice(v.Type(), 1, 1))
		f.fill(name, v.Index(0))
	case reflect.Array:
		if v.Type().Elem().Kind() == reflect.Uint8 {
			reflect.Copy(v, reflect.ValueOf([]byte(f.word(name))))
			return
		}
		for i := range v.Len() {
			f.fill(name, v.Index(i))
		}
	default:
		f.t.Errorf("%s is a %s, which may hold a secret: make it a type of package secret, or list it as none",
			name, v.Type())
	}
}

// key is a private key whose bytes are a word.
func (f *filler) key(name string) crypto.Signer {
	return ed25519.PrivateKey(bytes.Repeat([]byte(f.word(name)), ed25519.PrivateKeySize)[:ed25519.PrivateKeySize])
}

// Hidden fails for each word that can be read in what any verb of fmt, a log or an encoder makes of a thing.
func Hidden(t testing.TB, words map[string]string, things ...any) {
	t.Helper()
	for _, thing := range things {
		texts := printed(thing)
		for field, word := range words {
			if how, shown := shows(texts, word); shown {
				t.Errorf("%T shows its field %s by %s: make it a type of package secret, or list it as none",
					thing, field, how)
			}
		}
	}
}

// shows finds a word in texts, however it is spelled.
func shows(texts map[string]string, word string) (how string, shown bool) {
	for _, spelled := range spellings(word) {
		for how, text := range texts {
			if strings.Contains(text, spelled) {
				return how, true
			}
		}
	}
	return "", false
}

// superfluous is a variable, because vet knows that such a call is a slip.
var superfluous = "x"

// printed is what is made of a thing, by how.
func printed(thing any) map[string]string {
	texts := map[string]string{}
	holder := struct {
		A any
		b any
		C []any
		D map[string]any
	}{thing, thing, []any{thing}, map[string]any{"k": thing}}
	for verb := 'A'; verb <= 'z'; verb++ {
		for _, flags := range []string{"", "+", "#", " ", "0", "-", "+#", "# ", "200", ".200"} {
			format := "%" + flags + string(verb)
			texts[format] = fmt.Sprintf(format, thing) + fmt.Sprintf(format, holder) + fmt.Sprintf(format, []any{thing})
		}
	}
	texts["Sprint"] = fmt.Sprint(thing) + fmt.Sprintln(thing) + fmt.Errorf("%v", thing).Error()
	texts["Sprint"] += fmt.Sprintf(superfluous, []any{thing}...)
	for name, options := range map[string]*slog.HandlerOptions{"slog": nil, "slog, with the source": {AddSource: true}} {
		var b bytes.Buffer
		for _, h := range []slog.Handler{slog.NewTextHandler(&b, options), slog.NewJSONHandler(&b, options)} {
			log := slog.New(h)
			log.With("w", thing).Info("m", "v", thing, slog.Group("g", "v", thing), "h", holder, "p", &holder)
		}
		texts[name] = b.String()
	}
	plain, err := json.Marshal(thing)
	texts["JSON"] = string(plain) + fmt.Sprint(err)
	held, err := json.Marshal(holder)
	texts["JSON, held"] = string(held) + fmt.Sprint(err)
	marked, err := xml.Marshal(thing)
	texts["XML"] = string(marked) + fmt.Sprint(err)
	var b bytes.Buffer
	err = gob.NewEncoder(&b).Encode(thing)
	texts["gob"] = b.String() + fmt.Sprint(err)
	return texts
}

// spellings are the ways in which a word may be written.
func spellings(word string) []string {
	b := []byte(word)
	inner := func(format string) string { return strings.Trim(fmt.Sprintf(format, b), "[]") }
	decimals := inner("%d")
	return []string{
		word, hex.EncodeToString(b), strings.ToUpper(hex.EncodeToString(b)),
		inner("% x"), inner("% X"), inner("% #x"), inner("% #X"),
		base64.StdEncoding.EncodeToString(b), base64.URLEncoding.EncodeToString(b),
		decimals, strings.ReplaceAll(decimals, " ", ","), strings.ReplaceAll(decimals, " ", ", "), inner("%+d"),
		inner("%b"), inner("%o"), inner("%O"), inner("%c"), inner("%U"),
		strings.TrimSuffix(strings.TrimPrefix(fmt.Sprintf("%#v", b), "[]byte{"), "}"),
	}
}
