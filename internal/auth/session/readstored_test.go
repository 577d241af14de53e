package session

import (
	"encoding/json"
	"reflect"
	"testing"
	"time"
)

// A stored login reads as encoding/json would read it, whichever version wrote it. Every field is set, by reflection,
// so that a new one cannot be forgotten.
func TestReadsWhatIsStored(t *testing.T) {
	full := storedLogin{}
	fill(t, reflect.ValueOf(&full).Elem(), "x")
	odd := storedLogin{}
	fill(t, reflect.ValueOf(&odd).Elem(), "<é\u2028\"\\\n\x00\xff\U0001F600>")
	empty := full
	empty.Groups = []string{}
	for _, login := range []storedLogin{full, odd, empty, {}} {
		plain, err := json.Marshal(login)
		if err != nil {
			t.Fatal(err)
		}
		mustReadAlike(t, plain)
	}
	for _, plain := range []string{
		`{}`, ` { "iss" : "i" , "new" : {"iss":"x","l":[1,{"sub":"y"}]}, "groups" : [ "a" , "b" ] } `, `{"groups":null,"sid":null}`,
		`{"\u0069ss":"i"}`, `{"auth_time":-5}`,
		`{"iss":"a\\","sub":"\\\\","name":"\"","email":"\\\"","sid":"","groups":["\\","","b"]}`,
		``, `{`, `[]`, `null x`, `"iss"`, `{"iss":1}`, `{"iss":["a"]}`, `{"groups":"a"}`, `{"groups":[1]}`, `{"groups":{}}`,
		`{"auth_time":"1"}`, `{"auth_time":1.5}`, `{"obtained":1}`, `{"obtained":"yesterday"}`, `{"exchanged":"x"}`,
		`{"exchanged":{"token":1}}`, `{"exchanged":{"token":"t","x":1}}`, `{"iss":"i"}}`,
	} {
		mustReadAlike(t, []byte(plain))
	}
	if err := new(storedLogin).read([]byte(`{"iss":"a","iss":"b"}`)); err == nil {
		t.Error("two issuers are no login, whichever of them counts")
	}
}

func mustReadAlike(t *testing.T, plain []byte) {
	t.Helper()
	var got, want storedLogin
	err, wantErr := got.read(plain), json.Unmarshal(plain, &want)
	if (err == nil) != (wantErr == nil) {
		t.Errorf("%s: %v, want %v", plain, err, wantErr)
	}
	if err == nil && !reflect.DeepEqual(got, want) {
		t.Errorf("%s:\n%+v, want\n%+v", plain, got, want)
	}
}

// fill sets every field to something.
func fill(t *testing.T, v reflect.Value, text string) {
	t.Helper()
	for i := range v.NumField() {
		switch f := v.Field(i); f.Interface().(type) {
		case string:
			f.SetString(v.Type().Field(i).Name + text)
		case []string:
			f.Set(reflect.ValueOf([]string{text, "b"}))
		case int64:
			f.SetInt(int64(1700000000 + i))
		case time.Time:
			f.Set(reflect.ValueOf(time.Date(2026, 3, 4, 5, 6, 7+i, 8, time.UTC)))
		case storedExchanged:
			fill(t, f, text)
		default:
			t.Fatalf("a field of type %s", f.Type())
		}
	}
}
