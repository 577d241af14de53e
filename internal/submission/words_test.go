package submission

import (
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"html"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"maiaportal/internal/record"
)

// spelled are the ways in which something might repeat a value.
func spelled(s string) map[string]string {
	quoted, _ := json.Marshal(s)
	return map[string]string{
		"plain": s, "JSON": string(quoted[1 : len(quoted)-1]), "query": url.QueryEscape(s), "path": url.PathEscape(s), "HTML": html.EscapeString(s),
		"hex": hex.EncodeToString([]byte(s)), "base64": base64.StdEncoding.EncodeToString([]byte(s)),
	}
}

// told is what the form shows of an answer that says these words.
func told(t *testing.T, order Order, words string) string {
	t.Helper()
	r := newRig(t, func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(http.StatusBadRequest)
		_ = json.NewEncoder(w).Encode(map[string]any{"detail": words, "violations": []string{words}})
	})
	_, err := r.Submit(t.Context(), r.fresh(), order)
	e := refusedOf(t, err)
	if len(e.Violations) != 1 || e.Violations[0] != e.Detail {
		t.Errorf("%q, but %q", e.Violations, e.Detail)
	}
	return e.Detail
}

func objectAs(object, key string) Value {
	v := value("")
	v.Value = ValueInput{Format: record.FormatJSON, JSON: sec(object), Key: key}
	return v
}

// S-32: a property's name is secret where it was typed in the secret field, unless it is a word that
// such names are made of, or was entered openly, too.
func TestNamesOfPropertiesInMaiasWords(t *testing.T) {
	const secretName = "Gx7/q%2Fz-token"
	inPairs, named := value(""), value("three-values")
	inPairs.Value = ValueInput{
		Format: record.FormatPairs,
		Pairs:  []Pair{{secretName, sec("one-value")}, {"clientSecret", sec("two-values")}},
	}
	named.Value.Key = secretName
	object := `{"` + secretName + `":{"list":[{"ada.winter@example.com":true}]},"clientSecret":"four-values"}`
	for why, tc := range map[string]struct {
		order       Order
		words, want string
	}{
		"in the JSON that was typed":      {objectAs(object, ""), "The property " + secretName + " is not allowed", "The property [removed] is not allowed"},
		"with a layer of escapes":         {objectAs(object, ""), `The property Gx7\/q%2Fz-token is not allowed`, "The property [removed] is not allowed"},
		"written with escapes":            {objectAs(`{"G\u0078\u0037-token-9":1}`, ""), "The property Gx7-token-9 is not allowed", "The property [removed] is not allowed"},
		"cut off":                         {objectAs(object, ""), "The property " + secretName[:9] + "… is not allowed", "The property [removed]… is not allowed"},
		"deep in it":                      {objectAs(object, ""), "'ada.winter@example.com' must be a string", "'[removed]' must be a string"},
		"an ordinary one":                 {objectAs(object, ""), "clientSecret must not be blank", "clientSecret must not be blank"},
		"an ordinary one, with its value": {objectAs(object, ""), "clientSecret four-values is too short", "clientSecret [removed] is too short"},
		"entered as the key, too":         {objectAs(object, secretName), "The property " + secretName + " is not allowed", "The property " + secretName + " is not allowed"},
		"of pairs":                        {inPairs, "The property " + secretName + " is not like one-value", "The property " + secretName + " is not like [removed]"},
		"of a text":                       {named, "The property " + secretName + " is not allowed", "The property " + secretName + " is not allowed"},
	} {
		if got := told(t, tc.order, tc.words); got != tc.want {
			t.Errorf("%s: %q, want %q", why, got, tc.want)
		}
	}
}

// Names that were entered where nothing is secret stay in Maia's words, even where the value has them in it.
func TestOpenNamesStayInMaiasWords(t *testing.T) {
	order := func() Value {
		v := value("prod-db-reader-9")
		v.Name, v.Type = "prod-db", "PASSWORD"
		return v
	}
	if got := told(t, order(), "prod-db of PASSWORD exists for agent-1"); got != "prod-db of PASSWORD exists for agent-1" {
		t.Errorf("%q", got)
	}
	if got := told(t, order(), "prod-db-reader-9 is not allowed"); got != "[removed] is not allowed" {
		t.Errorf("%q", got)
	}
	reference := hosted("Quarterly-9!")
	reference.Description = "for Quarterly-9! only"
	if got := told(t, reference, "bad description: for Quarterly-9! only"); strings.Contains(got, "Quarterly") {
		t.Errorf("%q", got) // the description is no name
	}
	r := newRig(t, status(201, `{"resolver_ref":"prod-db-reader-9","vaultSecretName":"prod-db"}`))
	if got, err := r.Submit(t.Context(), r.fresh(), order()); err != nil || got.VaultSecretName != "prod-db" || got.ResolverRef != "" || !got.AnswerPartial {
		t.Errorf("%v, %+v", err, got)
	}
}

// S-34: the room in which the parts of a value are unpacked is cleared, and the value itself, which may have to be sent
// once more, stays as it is.
func TestPartsAreWiped(t *testing.T) {
	pem := text("-----BEGIN KEY-----\nS3cr3t\n-----END KEY-----")
	for why, tc := range map[string]struct {
		in   ValueInput
		want string
	}{
		"JSON": {
			jsonValue(`{"Gx7-token-9":"S3cr3t\u002dpa55word","n":1234567}`, ""),
			"Gx7-token-9|S3cr3t-pa55word|1234567",
		},
		"text":  {text("S3cr3t\\u002d\n"), "S3cr3t\\u002d\n"},
		"pairs": {pairs("user", "ann", "password", `S3cr3t"`), `ann|S3cr3t"`},
		"a key": {pem, string(pem.Text.Bytes())},
	} {
		order := value("")
		order.Value = tc.in
		j, e := order.prepare(checks{})
		if len(e) > 0 {
			t.Fatal(e)
		}
		before := written(j.object)
		j.plain = map[string][]string{"valueFormat": {string(tc.in.Format)}}
		var parts [][]byte
		var seen []string
		j.parts(func(part []byte) {
			parts = append(parts, part)
			seen = append(seen, string(part))
			part[0] = '!' // it may be changed
		})
		if got := strings.Join(seen, "|"); got != tc.want {
			t.Errorf("%s: %q, want %q", why, got, tc.want)
		}
		for _, p := range parts {
			if strings.Trim(string(p[:cap(p)]), "\x00") != "" {
				t.Errorf("%s: left: %q", why, p[:cap(p)])
			}
		}
		if after := written(j.object); after != before || !strings.Contains(after, "S3cr3t") {
			t.Errorf("%s: the object itself was changed to %q", why, after)
		}
	}
}
