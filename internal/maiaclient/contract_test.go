package maiaclient

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"net/url"
	"os"
	"strings"
	"testing"

	"maiaportal/internal/secret/plainjson"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/getkin/kin-openapi/openapi3filter"
	"github.com/getkin/kin-openapi/routers"
	"github.com/getkin/kin-openapi/routers/legacy"
)

// validator checks requests against the vendor's own description of the API.
type validator struct{ router routers.Router }

// branches are the three kinds of a secret reference and the agentType that each one is for.
var branches = map[string]string{
	"AwsSecretReferenceRequest":             AWS,
	"AzureSecretReferenceRequest":           Azure,
	"MatillionHostedSecretReferenceRequest": MatillionHosted,
}

// newValidator loads the description for an API at base. As published, its oneOf does not tell the
// branches apart: each Azure body is a valid AWS body as well, so oneOf finds two and refuses what the
// API takes. What is meant is that agentType chooses the branch. The overlay says that, in memory only:
// in each branch agentType is the one value that the branch is for.
func newValidator(t *testing.T, base string, overlay bool) validator {
	t.Helper()
	text, err := os.ReadFile("testdata/maia-openapi.yaml")
	if err != nil {
		t.Fatal(err)
	}
	doc, err := openapi3.NewLoader().LoadFromData(text)
	if err != nil {
		t.Fatal(err)
	}
	if overlay {
		for name, agentType := range branches {
			s := doc.Components.Schemas[name].Value
			s.AllOf = append(s.AllOf, openapi3.NewObjectSchema().WithProperty("agentType", openapi3.NewStringSchema().WithEnum(agentType)).NewRef())
		}
	}
	// In OpenAPI 3.1 a format is a remark that validators do not check. A pattern makes it a rule.
	for _, path := range doc.Paths.Map() {
		for _, p := range path.Post.Parameters {
			if p.Value.Schema.Value.Format == "uuid" {
				p.Value.Schema.Value.Pattern = "^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$"
			}
		}
	}
	doc.Servers = openapi3.Servers{{URL: base}}
	if err := doc.Validate(t.Context()); err != nil {
		t.Fatal(err)
	}
	router, err := legacy.NewRouter(doc)
	if err != nil {
		t.Fatal(err)
	}
	return validator{router}
}

// check validates one request whose body was read already.
func (v validator) check(r *http.Request, body []byte) error {
	r = r.Clone(context.Background())
	r.Body = io.NopCloser(bytes.NewReader(body))
	r.URL.Scheme, r.URL.Host = "http", r.Host
	route, params, err := v.router.FindRoute(r)
	if err != nil {
		return err
	}
	// The router gives the segments as they went over the wire; the rules are about what they mean.
	for name, p := range params {
		if params[name], err = url.PathUnescape(p); err != nil {
			return err
		}
	}
	return openapi3filter.ValidateRequest(context.Background(), &openapi3filter.RequestValidationInput{
		Request:    r,
		PathParams: params,
		Route:      route,
		Options: &openapi3filter.Options{AuthenticationFunc: func(_ context.Context, in *openapi3filter.AuthenticationInput) error {
			if in.RequestValidationInput.Request.Header.Get("Authorization") != "Bearer "+token {
				return in.NewError(io.ErrUnexpectedEOF)
			}
			return nil
		}},
	})
}

// kinds are requests of every kind that the client can make, with and without what is optional.
func kinds() map[string]func(context.Context, *Client) error {
	object := func() plainjson.Document { return whole(`{"password":"p","n":1e400,"o":{"l":[null,true]}}`) }
	reference := func(r Reference) func(context.Context, *Client) error {
		r.ProjectID, r.Type = projectID, "PASSWORD"
		if r.Name == "" {
			r.Name = "NAME_(1)-a"
		}
		return func(ctx context.Context, c *Client) error { return c.CreateReference(ctx, token, r) }
	}
	value := func(v Value) func(context.Context, *Client) error {
		v.AgentID, v.Object = "agent.1_2-3", object()
		return func(ctx context.Context, c *Client) error { _, err := c.StoreValue(ctx, token, v); return err }
	}
	return map[string]func(context.Context, *Client) error{
		"AWS, least":   reference(Reference{AgentType: AWS, SecretName: "s"}),
		"AWS, all":     reference(Reference{AgentType: AWS, SecretName: "s", SecretKey: "k", Description: "d"}),
		"Azure, least": reference(Reference{AgentType: Azure, VaultName: "v", SecretName: "s"}),
		"Azure, all": reference(Reference{
			AgentType:   Azure,
			VaultName:   "v",
			SecretName:  "s",
			SecretKey:   "k",
			Description: "d",
		}),
		"hosted, least": reference(Reference{AgentType: MatillionHosted, AgentID: "a", Value: object()}),
		"hosted, all": reference(Reference{
			AgentType:   MatillionHosted,
			AgentID:     "a",
			Value:       object(),
			Description: "d",
		}),
		"the longest name":  reference(Reference{Name: strings.Repeat("n", 128), AgentType: AWS, SecretName: "s"}),
		"value, least":      value(Value{Name: "n"}),
		"value, all":        value(Value{Name: "n", ProjectID: projectID, Type: "OAUTH_CLIENT_CREDENTIALS", Key: "password"}),
		"value, other type": value(Value{Name: "n", Type: "MY_TYPE"}),
	}
}

// Every write that the client can make is one that the vendor describes.
func TestContract(t *testing.T) {
	for kind, do := range kinds() {
		t.Run(kind, func(t *testing.T) {
			var s seen
			server := newServer(t, func(w http.ResponseWriter, r *http.Request) { s.add(r); w.WriteHeader(201) })
			v := newValidator(t, server.URL+"/dpc", true)
			if err := do(t.Context(), newClient(t, server.URL+"/dpc", patient)); err != nil {
				t.Fatal(err)
			}
			if err := v.check(s.all()[0], []byte(s.lastBody())); err != nil {
				t.Errorf("%s %s\n%s\n%v", s.all()[0].Method, s.all()[0].RequestURI, s.lastBody(), err)
			}
		})
	}
}

// The validator is alive: a request that is wrong in one place is refused.
func TestContractFindsFaults(t *testing.T) {
	replace := func(old, new string) func(*http.Request, string) string {
		return func(_ *http.Request, body string) string { return strings.Replace(body, old, new, 1) }
	}
	for why, tc := range map[string]struct {
		kind   string
		change func(r *http.Request, body string) string
	}{
		"no agentType":                     {"AWS, least", replace(`"agentType":"AWS",`, "")},
		"an agentType that is none":        {"AWS, least", replace("AWS", "GCP")},
		"no secretName":                    {"AWS, least", replace(`"secretName"`, `"secretname"`)},
		"a secretName that is no string":   {"AWS, least", replace(`"s"`, "1")},
		"another secretReferenceType":      {"AWS, least", replace("PASSWORD", "TOKEN")},
		"a description that is no string":  {"AWS, all", replace(`"d"`, "null")},
		"Azure without its vault":          {"Azure, least", replace(`"vaultName":"v",`, "")},
		"an Azure body that is said AWS's": {"hosted, least", replace(MatillionHosted, Azure)},
		"hosted without its value":         {"hosted, least", replace(`"secretValue"`, `"value"`)},
		"hosted without its agent":         {"hosted, least", replace(`"agentId":"a",`, "")},
		"a value without a name":           {"value, least", replace(`"name":"n",`, "")},
		"a value with an empty name":       {"value, least", replace(`"n"`, `""`)},
		"a value outside of secret":        {"value, least", replace(`"secret"`, `"Secret"`)},
		"a key that is no string":          {"value, all", replace(`"key":"password"`, `"key":["password"]`)},
		"no JSON":                          {"value, least", replace("{", "")},
		"a project that is no UUID": {"AWS, least", func(r *http.Request, body string) string {
			r.URL.Path = strings.Replace(r.URL.Path, projectID, "my-project", 1)
			r.URL.RawPath = ""
			return body
		}},
		"a name with a blank": {"AWS, least", func(r *http.Request, body string) string {
			r.URL.Path, r.URL.RawPath = strings.Replace(r.URL.Path, "NAME_", "NAME ", 1), ""
			return body
		}},
		"another path":                       {"AWS, least", func(r *http.Request, body string) string { r.URL.Path += "s/x"; r.URL.RawPath = ""; return body }},
		"another method":                     {"AWS, least", func(r *http.Request, body string) string { r.Method = http.MethodPut; return body }},
		"another media type":                 {"AWS, least", func(r *http.Request, body string) string { r.Header.Set("Content-Type", "text/plain"); return body }},
		"no token":                           {"AWS, least", func(r *http.Request, body string) string { r.Header.Del("Authorization"); return body }},
		"a query project id that is no UUID": {"value, all", func(r *http.Request, body string) string { r.URL.RawQuery = "projectId=x"; return body }},
	} {
		t.Run(why, func(t *testing.T) {
			var s seen
			server := newServer(t, func(w http.ResponseWriter, r *http.Request) { s.add(r); w.WriteHeader(201) })
			v := newValidator(t, server.URL, true)
			if err := kinds()[tc.kind](t.Context(), newClient(t, server.URL, patient)); err != nil {
				t.Fatal(err)
			}
			r := s.all()[0]
			if err := v.check(r, []byte(s.lastBody())); err != nil {
				t.Fatalf("before the change: %v", err)
			}
			changed := r.Clone(context.Background())
			body := tc.change(changed, s.lastBody())
			if err := v.check(changed, []byte(body)); err == nil {
				t.Errorf("%s %s\n%s is taken", changed.Method, changed.URL, body)
			}
		})
	}
}

// The reason for the overlay. Where this fails, the vendor has repaired the description: then copy it
// anew and drop the overlay.
func TestContractAsPublishedRefusesAzure(t *testing.T) {
	var s seen
	server := newServer(t, func(w http.ResponseWriter, r *http.Request) { s.add(r); w.WriteHeader(201) })
	if err := kinds()["Azure, all"](t.Context(), newClient(t, server.URL, patient)); err != nil {
		t.Fatal(err)
	}
	err := newValidator(t, server.URL, false).check(s.all()[0], []byte(s.lastBody()))
	if err == nil || !strings.Contains(err.Error(), "oneOf") {
		t.Errorf("as published, an Azure body is of exactly one kind: %v", err)
	}
}
