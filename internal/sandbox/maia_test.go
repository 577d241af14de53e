package sandbox_test

import (
	"encoding/base64"
	"encoding/json"
	"html"
	"net/http"
	"slices"
	"strings"
	"testing"

	"maiaportal/internal/sandbox"
	"maiaportal/internal/sandbox/fault"
	"maiaportal/internal/sandbox/maia"
)

// signedIn starts a sandbox and logs users in.
func signedIn(t *testing.T, usernames ...string) (*sandbox.Sandbox, []api) {
	t.Helper()
	s := start(t)
	rp := newRelyingParty(t, s)
	var apis []api
	for _, username := range usernames {
		apis = append(apis, api{t, s.Maia, rp.login(username).AccessToken})
	}
	return s, apis
}

func TestBearerToken(t *testing.T) {
	s := start(t)
	rp := newRelyingParty(t, s)
	token := rp.login("ada")
	id, _ := token.Extra("id_token").(string)
	elsewhere := newRelyingParty(t, start(t)).login("ada").AccessToken
	parts := strings.Split(token.AccessToken, ".")
	none := base64.RawURLEncoding.EncodeToString([]byte(`{"alg":"none"}`)) + "." + parts[1] + "."
	for name, tc := range map[string]struct {
		token string
		want  int
	}{
		"the access token":         {token.AccessToken, 200},
		"no token":                 {"", 401},
		"not a token":              {"x", 401},
		"an ID token":              {id, 401},
		"a refresh token":          {token.RefreshToken, 401},
		"another provider's":       {elsewhere, 401},
		"another signature":        {parts[0] + "." + parts[1] + "." + strings.Repeat("A", len(parts[2])), 401},
		"no signature, alg = none": {none, 401},
	} {
		t.Run(name, func(t *testing.T) {
			a := api{t, s.Maia, tc.token}
			for path, want := range map[string]int{"/v1/projects": tc.want, "/v1/nothing": map[int]int{200: 404, 401: 401}[tc.want]} {
				got := a.get(path)
				if got.status != want {
					t.Errorf("%s = %d %s, want %d", path, got.status, got.body, want)
				}
				if want == 401 {
					got.problem(t)
					if !strings.HasPrefix(got.header.Get("WWW-Authenticate"), "Bearer") {
						t.Errorf("WWW-Authenticate = %q", got.header.Get("WWW-Authenticate"))
					}
				}
			}
		})
	}
}

func TestRights(t *testing.T) {
	s, apis := signedIn(t, "ada", "audrey", "victor", "otto")
	for i, want := range []struct{ read, write int }{{200, 201}, {200, 403}, {403, 403}, {403, 403}} {
		if got := apis[i].get("/v1/agents").status; got != want.read {
			t.Errorf("user %d reads: %d, want %d", i, got, want.read)
		}
		got := apis[i].post(referencePath(maia.ProjectFinance, "LEDGER"), awsBody)
		if got.status != want.write {
			t.Errorf("user %d writes: %d, want %d", i, got.status, want.write)
		}
		if got.status == 403 {
			if detail, _ := got.problem(t); !strings.Contains(detail, "does not have the permission") {
				t.Errorf("detail = %q", detail)
			}
		}
	}
	var users []string
	for _, c := range s.Maia.WriteCalls() {
		users = append(users, c.Username)
		if c.Token == "" || c.Subject != "sandbox-"+c.Username {
			t.Errorf("call = %+v", c)
		}
	}
	if !slices.Equal(users, []string{"ada", "audrey", "victor", "otto"}) {
		t.Errorf("users = %v", users)
	}
}

func TestReferenceRules(t *testing.T) {
	_, apis := signedIn(t, "ada")
	long := strings.Repeat("x", 257)
	finance := maia.ProjectFinance
	azure := `{"agentType": "Azure", "secretReferenceType": "PASSWORD", "vaultName": "kv", "secretName": "s"}`
	hosted := `{"agentType": "Matillion hosted", "secretReferenceType": "PASSWORD", "agentId": "` + maia.AgentHosted + `", "secretValue": {"password": "p"}}`
	for name, tc := range map[string]struct {
		project, reference, body string
		want                     int
		violates                 []string
	}{
		"AWS":                       {finance, "A", awsBody, 201, nil},
		"Azure":                     {finance, "B", azure, 201, nil},
		"hosted":                    {finance, "C", hosted, 201, nil},
		"all of AWS":                {finance, "D", `{"agentType": "AWS", "secretReferenceType": "PASSWORD", "secretName": "s", "secretKey": "k", "description": "d"}`, 201, nil},
		"name with brackets":        {finance, "(a)-b_c", awsBody, 201, nil},
		"name with a blank":         {finance, "a b", awsBody, 400, []string{"secretReferenceName"}},
		"name with a slash":         {finance, "a/b", awsBody, 400, []string{"secretReferenceName"}},
		"name with a line end":      {finance, "a\n", awsBody, 400, []string{"secretReferenceName"}},
		"name too long":             {finance, strings.Repeat("x", 129), awsBody, 400, []string{"secretReferenceName"}},
		"longest name":              {finance, strings.Repeat("x", 128), awsBody, 201, nil},
		"project not a UUID":        {"finance", "E", awsBody, 400, []string{"projectId"}},
		"project in braces":         {"{" + finance + "}", "E", awsBody, 400, []string{"projectId"}},
		"project unknown":           {"5d1c6f0e-3b0a-4a58-9a1e-1f5f0c2b7aff", "E", awsBody, 404, nil},
		"nothing":                   {finance, "E", `{}`, 400, []string{"agentType", "secretReferenceType"}},
		"unknown types":             {finance, "E", `{"agentType": "aws", "secretReferenceType": "KEY"}`, 400, []string{"agentType", "secretReferenceType"}},
		"types of another type":     {finance, "E", `{"agentType": 1, "secretReferenceType": []}`, 400, []string{"agentType", "secretReferenceType"}},
		"AWS without name":          {finance, "E", `{"agentType": "AWS", "secretReferenceType": "PASSWORD"}`, 400, []string{"secretName"}},
		"AWS with blank name":       {finance, "E", `{"agentType": "AWS", "secretReferenceType": "PASSWORD", "secretName": " "}`, 400, []string{"secretName"}},
		"AWS with empty key":        {finance, "E", `{"agentType": "AWS", "secretReferenceType": "PASSWORD", "secretName": "s", "secretKey": ""}`, 400, []string{"secretKey"}},
		"name of another case":      {finance, "E", `{"agentType": "AWS", "secretReferenceType": "PASSWORD", "secretname": "s"}`, 400, []string{"secretName"}},
		"Azure without both":        {finance, "E", `{"agentType": "Azure", "secretReferenceType": "PASSWORD"}`, 400, []string{"vaultName", "secretName"}},
		"description too long":      {finance, "E", `{"agentType": "AWS", "secretReferenceType": "PASSWORD", "secretName": "s", "description": "` + long + `"}`, 400, []string{"description"}},
		"longest description":       {finance, "F", `{"agentType": "AWS", "secretReferenceType": "PASSWORD", "secretName": "s", "description": "` + strings.Repeat("ü", 256) + `"}`, 201, nil},
		"hosted without both":       {finance, "E", `{"agentType": "Matillion hosted", "secretReferenceType": "PASSWORD"}`, 400, []string{"agentId", "secretValue"}},
		"hosted, value a string":    {finance, "E", strings.Replace(hosted, `{"password": "p"}`, `"p"`, 1), 400, []string{"secretValue"}},
		"hosted, agent unknown":     {finance, "E", strings.Replace(hosted, maia.AgentHosted, "nobody", 1), 404, nil},
		"hosted, agent streaming":   {finance, "E", strings.Replace(hosted, maia.AgentHosted, maia.AgentStreaming, 1), 400, []string{"agentId"}},
		"hosted, agent restricted":  {maia.ProjectMarketing, "E", strings.Replace(hosted, maia.AgentHosted, maia.AgentRestricted, 1), 403, nil},
		"hosted, restricted to it":  {finance, "G", strings.Replace(hosted, maia.AgentHosted, maia.AgentRestricted, 1), 201, nil},
		"not an object":             {finance, "E", `[]`, 400, nil},
		"null":                      {finance, "E", `null`, 400, nil},
		"not JSON":                  {finance, "E", `{"agentType": `, 400, nil},
		"two documents":             {finance, "E", awsBody + awsBody, 400, nil},
		"not UTF-8":                 {finance, "E", strings.Replace(awsBody, "ledger", "\xff", 1), 400, nil},
		"the limit is 2 MiB":        {finance, "H", awsBody + strings.Repeat(" ", 2<<20-len(awsBody)), 201, nil},
		"one byte over":             {finance, "E", awsBody + strings.Repeat(" ", 2<<20-len(awsBody)+1), 413, nil},
		"far over, still an answer": {finance, "E", strings.Repeat(" ", 8<<20), 413, nil},
	} {
		t.Run(name, func(t *testing.T) {
			a := apis[0]
			a.t = t
			checkAnswer(t, a.post(referencePath(tc.project, tc.reference), tc.body), tc.want, tc.violates)
		})
	}
}

func checkAnswer(t *testing.T, got reply, want int, violates []string) {
	t.Helper()
	if got.status != want {
		t.Fatalf("answer = %d %s, want %d", got.status, got.body, want)
	}
	if want < 400 {
		return
	}
	_, violations := got.problem(t)
	var named []string
	for _, v := range violations {
		property, _, _ := strings.Cut(v, ":")
		named = append(named, property)
	}
	if slices.Sort(named); !slices.Equal(named, slices.Sorted(slices.Values(violates))) {
		t.Errorf("violations = %v, want those of %v", violations, violates)
	}
}

func TestValueRules(t *testing.T) {
	_, apis := signedIn(t, "ada")
	for name, tc := range map[string]struct {
		path, body string
		want       int
		violates   []string
	}{
		"smallest":             {valuePath(maia.AgentAWS), valueBody("a", `{}`), 201, nil},
		"everything":           {valuePath(maia.AgentAWS) + "?projectId=" + maia.ProjectFinance, `{"secret": {"name": "b", "key": "k", "type": "PASSWORD", "value": {"k": 1}}}`, 201, nil},
		"nulls for nothing":    {valuePath(maia.AgentAWS), `{"secret": {"name": "c", "key": null, "type": null, "value": {}}}`, 201, nil},
		"no secret":            {valuePath(maia.AgentAWS), `{}`, 400, []string{"secret"}},
		"secret a string":      {valuePath(maia.AgentAWS), `{"secret": "x"}`, 400, []string{"secret"}},
		"no name, no value":    {valuePath(maia.AgentAWS), `{"secret": {}}`, 400, []string{"name", "value"}},
		"empty name":           {valuePath(maia.AgentAWS), valueBody("", `{}`), 400, []string{"name"}},
		"blank name":           {valuePath(maia.AgentAWS), valueBody(" ", `{}`), 400, []string{"name"}},
		"value a string":       {valuePath(maia.AgentAWS), valueBody("d", `"p"`), 400, []string{"value"}},
		"value null":           {valuePath(maia.AgentAWS), valueBody("d", `null`), 400, []string{"value"}},
		"value a list":         {valuePath(maia.AgentAWS), valueBody("d", `[{}]`), 400, []string{"value"}},
		"key not in the value": {valuePath(maia.AgentAWS), `{"secret": {"name": "d", "key": "x", "value": {"k": {"x": 1}}}}`, 400, []string{"key"}},
		"numbers for strings":  {valuePath(maia.AgentAWS), `{"secret": {"name": 1, "key": 2, "type": 3, "value": {}}}`, 400, []string{"name", "key", "type"}},
		"project not a UUID":   {valuePath(maia.AgentAWS) + "?projectId=x", valueBody("d", `{}`), 400, []string{"projectId"}},
		"project empty":        {valuePath(maia.AgentAWS) + "?projectId=", valueBody("d", `{}`), 400, []string{"projectId"}},
		"project unknown":      {valuePath(maia.AgentAWS) + "?projectId=5d1c6f0e-3b0a-4a58-9a1e-1f5f0c2b7aff", valueBody("d", `{}`), 404, nil},
		"agent unknown":        {valuePath("nobody"), valueBody("d", `{}`), 404, nil},
		"agent streaming":      {valuePath(maia.AgentStreaming), valueBody("d", `{}`), 400, []string{"agentId"}},
		"agent stopped":        {valuePath(maia.AgentStopped), valueBody("d", `{}`), 504, nil},
		"agent restricted":     {valuePath(maia.AgentRestricted) + "?projectId=" + maia.ProjectMarketing, valueBody("d", `{}`), 403, nil},
		"agent, no project":    {valuePath(maia.AgentRestricted), valueBody("d", `{}`), 201, nil},
		"agent empty":          {"/v1/secrets//secret-value", valueBody("d", `{}`), 404, nil},
		"not an object":        {valuePath(maia.AgentAWS), `1`, 400, nil},
		"not JSON":             {valuePath(maia.AgentAWS), `secret=x`, 400, nil},
	} {
		t.Run(name, func(t *testing.T) {
			a := apis[0]
			a.t = t
			checkAnswer(t, a.post(tc.path, tc.body), tc.want, tc.violates)
		})
	}
}

func TestMediaTypeAndMethod(t *testing.T) {
	_, apis := signedIn(t, "ada")
	a := apis[0]
	for contentType, want := range map[string]int{
		"": 415, "text/plain": 415, "application/x-www-form-urlencoded": 415, "application/json; charset=latin1": 415, "application/problem+json": 415,
		"application/json;charset=UTF-8": 201,
	} {
		got := a.must(a.do(http.MethodPost, referencePath(maia.ProjectFinance, "M"), contentType, awsBody))
		if got.status != want {
			t.Errorf("%q: %d, want %d", contentType, got.status, want)
		}
	}
	if got := a.must(a.do(http.MethodPost, referencePath(maia.ProjectFinance, "M"), "Application/JSON", awsBody)); got.status != 409 {
		t.Errorf("Application/JSON: %d, want 409", got.status)
	}
	got := a.must(a.do(http.MethodPut, referencePath(maia.ProjectFinance, "M"), "application/json", awsBody))
	if got.status != 405 || got.header.Get("Allow") != "POST" {
		t.Errorf("PUT: %d, Allow %q", got.status, got.header.Get("Allow"))
	}
}

func TestVaultHoldsWhatWasSent(t *testing.T) {
	s, apis := signedIn(t, "ada")
	// The limits of AWS do not hold for this one.
	const agent = maia.AgentHosted
	for name, value := range map[string]string{
		"order and blanks":   "{ \"z\" : 1,\n\t\"a\":2 }",
		"numbers":            `{"n": 1.0e+03, "big": 12345678901234567890.12345678901234567890, "minus": -0}`,
		"escapes as sent":    `{"s": "\u00fc ü \/ / \ud83d\ude00 😀 \u003c<>&"}`,
		"duplicate names":    `{"a": 1, "a": 2}`,
		"nested":             `{"a": {"b": [null, true, {"c": ""}]}}`,
		"PEM":                `{"key": "-----BEGIN KEY-----\nAAAA\n-----END KEY-----\n"}`,
		"more than one page": `{"long": "` + strings.Repeat("0123456789", 20_000) + `"}`,
		"empty":              `{}`,
	} {
		t.Run(name, func(t *testing.T) {
			a := apis[0]
			a.t = t
			if got := a.post(valuePath(agent), valueBody(name, value)); got.status != 201 {
				t.Fatalf("%d %s", got.status, got.body)
			}
			if got, ok := s.Maia.VaultSecret(agent, name); !ok || string(got) != value {
				t.Errorf("vault = %q %v, want %q", got, ok, value)
			}
			hosted := `{"agentType": "Matillion hosted", "secretReferenceType": "PASSWORD", "agentId": "` + maia.AgentHosted + `", "secretValue": ` + value + `}`
			reference := strings.ReplaceAll(name, " ", "_")
			if got := a.post(referencePath(maia.ProjectSandbox, reference), hosted); got.status != 201 || got.body != "" {
				t.Fatalf("%d %s", got.status, got.body)
			}
			if got, ok := s.Maia.HostedSecret(maia.ProjectSandbox, reference); !ok || string(got) != value {
				t.Errorf("hosted vault = %q %v, want %q", got, ok, value)
			}
		})
	}
	if got, ok := s.Maia.VaultProperty(agent, "PEM", "key"); !ok || got != "-----BEGIN KEY-----\nAAAA\n-----END KEY-----\n" {
		t.Errorf("property = %q %v", got, ok)
	}
	if got, ok := s.Maia.HostedProperty(maia.ProjectSandbox, "PEM", "key"); !ok || !strings.HasSuffix(got, "KEY-----\n") {
		t.Errorf("hosted property = %q %v", got, ok)
	}
	if _, ok := s.Maia.VaultSecret(maia.AgentAWS, "PEM"); ok {
		t.Error("another agent's vault holds it, too")
	}
}

// A vault takes what its maker says, names what it does not take, and keeps nothing of that.
func TestVaultRules(t *testing.T) {
	s, apis := signedIn(t, "ada")
	ofSize := func(n int) string { return `{"k":"` + strings.Repeat("v", n-len(`{"k":""}`)) + `"}` }
	small := ofSize(20)
	for name, tc := range map[string]struct {
		agent, sent, value string
		says               string // what is said of what is not taken
	}{
		"AWS: every sign":             {maia.AgentAWS, "aZ09/_+=.@-", small, ""},
		"AWS: the longest name":       {maia.AgentAWS, strings.Repeat("n", 512), small, ""},
		"AWS: a longer name":          {maia.AgentAWS, strings.Repeat("n", 513), small, "name: ValidationException"},
		"AWS: a blank":                {maia.AgentAWS, "my secret", small, "name: ValidationException: Invalid name"},
		"AWS: brackets":               {maia.AgentAWS, "my_secret(1)", small, "name: ValidationException: Invalid name"},
		"AWS: other letters":          {maia.AgentAWS, "schlüssel", small, "name: ValidationException: Invalid name"},
		"AWS: a line break behind":    {maia.AgentAWS, "n\n", small, "name: ValidationException: Invalid name"},
		"AWS: the largest value":      {maia.AgentAWS, "largest", ofSize(65_536), ""},
		"AWS: a larger value":         {maia.AgentAWS, "larger", ofSize(65_537), "value: ValidationException"},
		"AWS: for the finance only":   {maia.AgentRestricted, "larger", ofSize(65_537), "value: ValidationException"},
		"Azure: every sign":           {maia.AgentAzure, "aZ09-", small, ""},
		"Azure: a digit first":        {maia.AgentAzure, "1", small, ""},
		"Azure: the longest name":     {maia.AgentAzure, strings.Repeat("n", 127), small, ""},
		"Azure: a longer name":        {maia.AgentAzure, strings.Repeat("n", 128), small, "name: BadParameter"},
		"Azure: an underscore":        {maia.AgentAzure, "my_secret", small, "name: BadParameter: The request URI contains an invalid name"},
		"Azure: a slash":              {maia.AgentAzure, "prod/x", small, "name: BadParameter"},
		"Azure: the largest value":    {maia.AgentAzure, "largest", ofSize(25_600), ""},
		"Azure: a larger value":       {maia.AgentAzure, "larger", ofSize(25_601), "value: BadParameter"},
		"Matillion's own: any name":   {maia.AgentHosted, "my secret (1)", small, ""},
		"Matillion's own: any length": {maia.AgentHosted, "larger", ofSize(200_000), ""},
	} {
		t.Run(name, func(t *testing.T) {
			a := apis[0]
			a.t = t
			got := a.post(valuePath(tc.agent), valueBody(tc.sent, tc.value))
			kept, ok := s.Maia.VaultSecret(tc.agent, tc.sent)
			if tc.says == "" {
				if got.status != 201 || string(kept) != tc.value {
					t.Errorf("%d %s, and the vault has %d bytes", got.status, got.body, len(kept))
				}
				return
			}
			property, _, _ := strings.Cut(tc.says, ":")
			checkAnswer(t, got, 400, []string{property})
			if _, violations := got.problem(t); !strings.HasPrefix(violations[0], tc.says) || strings.Contains(got.body, "vvvv") {
				t.Errorf("%s, want %s", got.body, tc.says)
			}
			if ok {
				t.Error("the vault has it")
			}
		})
	}
}

// A secret's name in the answer is the vault's own. Key Vault takes names that differ by case only for the same one,
// Secrets Manager does not.
func TestVaultNames(t *testing.T) {
	s, apis := signedIn(t, "ada")
	for name, tc := range map[string]struct{ agent, sent, vault, ref string }{
		"AWS":     {maia.AgentAWS, "prod/My_Secret", "prod/My_Secret", "vault:aws:prod/My_Secret#k"},
		"Azure":   {maia.AgentAzure, "My-Secret", "My-Secret", "vault:azure:My-Secret#k"},
		"renamed": {maia.AgentAzure, "demo-renamed-1", "demo-renamed-1-in-the-vault", "vault:azure:demo-renamed-1-in-the-vault#k"},
	} {
		t.Run(name, func(t *testing.T) {
			a := apis[0]
			a.t = t
			got := a.post(valuePath(tc.agent), `{"secret": {"name": "`+tc.sent+`", "key": "k", "value": {"k": "v"}}}`)
			var created struct {
				Ref  string `json:"resolver_ref"`
				Name string `json:"vaultSecretName"`
			}
			if err := json.Unmarshal([]byte(got.body), &created); err != nil || got.status != 201 || got.header.Get("Content-Type") != "application/json" {
				t.Fatalf("%d %s: %v", got.status, got.body, err)
			}
			if created.Name != tc.vault || created.Ref != tc.ref {
				t.Errorf("created = %+v, want %q %q", created, tc.vault, tc.ref)
			}
			for _, asked := range []string{tc.sent, tc.vault} {
				if value, ok := a.maia.VaultSecret(tc.agent, asked); !ok || string(value) != `{"k": "v"}` {
					t.Errorf("vault under %q = %q %v", asked, value, ok)
				}
			}
		})
	}
	a := apis[0]
	checkAnswer(t, a.post(valuePath(maia.AgentAzure), valueBody("MY-SECRET", `{}`)), 409, nil)
	checkAnswer(t, a.post(valuePath(maia.AgentAWS), valueBody("PROD/MY_SECRET", `{}`)), 201, nil)
	if value, _ := s.Maia.VaultSecret(maia.AgentAzure, "my-secret"); string(value) != `{"k": "v"}` {
		t.Errorf("Key Vault has %q under another case", value)
	}
	if names := s.Maia.SecretNames(maia.AgentAzure); !slices.Equal(names, []string{"My-Secret", "demo-renamed-1-in-the-vault"}) {
		t.Errorf("Key Vault shows %q", names)
	}
}

// What a paused agent's vault does not take is lost when the agent is resumed, as nobody is there to hear of it.
func TestPausedAgentsVaultRefusesLater(t *testing.T) {
	s, apis := signedIn(t, "ada")
	a := apis[0]
	checkAnswer(t, a.post(valuePath(maia.AgentPaused), valueBody("my_secret", `{}`)), 504, nil)
	checkAnswer(t, a.post(valuePath(maia.AgentPaused), valueBody("my-secret", `{}`)), 504, nil)
	if err := s.Maia.ResumeAgent(maia.AgentPaused); err != nil {
		t.Fatal(err)
	}
	if names := s.Maia.SecretNames(maia.AgentPaused); !slices.Equal(names, []string{"my-secret"}) {
		t.Errorf("the vault has %q", names)
	}
}

func TestConflicts(t *testing.T) {
	s, apis := signedIn(t, "ada")
	a := apis[0]
	path := referencePath(maia.ProjectFinance, "LEDGER")
	want := maia.Reference{
		ProjectID:           maia.ProjectFinance,
		Name:                "LEDGER",
		AgentType:           "AWS",
		SecretReferenceType: "PASSWORD",
		SecretName:          "ledger",
		CreatedBy:           "ada",
	}
	checkAnswer(t, a.post(path, awsBody), 201, nil)
	if got, ok := s.Maia.Reference(maia.ProjectFinance, "LEDGER"); !ok || got != want {
		t.Errorf("reference = %+v %v, want %+v", got, ok, want)
	}
	checkAnswer(t, a.post(path, awsBody), 409, nil)
	checkAnswer(t, a.post(referencePath(maia.ProjectFinance, "ledger"), awsBody), 201, nil)   // case matters
	checkAnswer(t, a.post(referencePath(maia.ProjectMarketing, "LEDGER"), awsBody), 201, nil) // another project
	s.Maia.ReferenceConflictAs400(true)
	checkAnswer(t, a.post(path, awsBody), 400, []string{"secretReferenceName"})

	value := valueBody("ledger", `{"password": "one"}`)
	checkAnswer(t, a.post(valuePath(maia.AgentAWS), value), 201, nil)
	checkAnswer(t, a.post(valuePath(maia.AgentAWS), valueBody("ledger", `{"password": "two"}`)), 409, nil)
	checkAnswer(t, a.post(valuePath(maia.AgentRestricted), value), 201, nil) // another vault
	if got, _ := s.Maia.VaultSecret(maia.AgentAWS, "ledger"); string(got) != `{"password": "one"}` {
		t.Errorf("vault = %s: the second call changed it", got)
	}

	s.Maia.Reset()
	if len(s.Maia.Calls()) != 0 {
		t.Error("Reset kept calls")
	}
	checkAnswer(t, a.post(path, awsBody), 201, nil)
	checkAnswer(t, a.post(path, awsBody), 409, nil)
	checkAnswer(t, a.post(valuePath(maia.AgentAWS), value), 201, nil)
}

func TestLists(t *testing.T) {
	s, apis := signedIn(t, "ada")
	a := apis[0]
	for path, tc := range map[string]struct {
		want              int
		page, size, total int
		names             []string
	}{
		"/v1/projects":               {200, 0, 25, 3, []string{"Finance – nightly loads", "Marketing analytics", "Sandbox"}},
		"/v1/projects?page=1&size=2": {200, 1, 2, 3, []string{"Sandbox"}},
		"/v1/projects?page=9":        {200, 9, 25, 3, []string{}},
		"/v1/projects?size=101":      {want: 400},
		"/v1/projects?size=0":        {want: 400},
		"/v1/projects?page=-1":       {want: 400},
		"/v1/agents?page=x":          {want: 400},
		"/v1/agents?page=0&size=100": {200, 0, 100, 7, []string{"aws-fargate-eu", "azure-aks-eu", "matillion-hosted", "aws-eks-finance", "aws-fargate-old", "aws-streaming", "azure-aks-paused"}},
		"/v1/agents/nobody":          {want: 404},
		"/v1/elsewhere":              {want: 404},
	} {
		got := a.get(path)
		if got.status != tc.want {
			t.Errorf("%s: %d %s, want %d", path, got.status, got.body, tc.want)
			continue
		}
		if tc.want != 200 {
			got.problem(t)
			continue
		}
		var list struct {
			Page, Size, Total int
			Results           []struct{ Name string }
		}
		if err := json.Unmarshal([]byte(got.body), &list); err != nil || !strings.Contains(got.body, `"results":[`) {
			t.Fatalf("%s: %v", got.body, err)
		}
		names := []string{}
		for _, r := range list.Results {
			names = append(names, r.Name)
		}
		if list.Page != tc.page || list.Size != tc.size || list.Total != tc.total || !slices.Equal(names, tc.names) {
			t.Errorf("%s: %+v, want %+v", path, list, tc)
		}
	}
	var one struct {
		AgentID, AgentType, CloudProvider, Deployment, AgentStatus string
		Connected, RestrictedAccess                                bool
		VersionDetails                                             struct{ AgentVersion string }
	}
	if err := json.Unmarshal([]byte(a.get("/v1/agents/"+maia.AgentRestricted).body), &one); err != nil ||
		one.AgentID != maia.AgentRestricted || one.AgentType != "data_productivity_cloud" || one.CloudProvider != "aws" || one.Deployment != "eks" ||
		one.AgentStatus != "running" || !one.Connected || !one.RestrictedAccess || one.VersionDetails.AgentVersion == "" {
		t.Errorf("agent = %+v, %v", one, err)
	}
	if got := a.get("/v1/agents/" + maia.AgentRestricted + "/allowlist").body; !strings.HasPrefix(got, `{"projects":{"projects":{"`+maia.ProjectFinance+`":`) {
		t.Errorf("allowlist = %s", got)
	}
	if len(s.Maia.WriteCalls()) != 0 || len(s.Maia.Calls()) != 12 {
		t.Errorf("%d calls, %d of them writes", len(s.Maia.Calls()), len(s.Maia.WriteCalls()))
	}
}

func TestSamplesHaveOneOfEachKind(t *testing.T) {
	first := map[string]maia.Agent{}
	for _, a := range maia.Agents() {
		if len(a.Name) > 30 {
			t.Errorf("%s: Maia's names have up to 30 characters", a.Name)
		}
		if _, ok := first[a.AgentType]; !ok {
			first[a.AgentType] = a
		}
	}
	for _, kind := range []string{"AWS", "Azure", "Matillion hosted"} {
		if a := first[kind]; a.ID == "" || a.Restricted() || !a.Running() {
			t.Errorf("the first %s agent is %+v", kind, a)
		}
	}
}

func TestCallsHoldNoSecret(t *testing.T) {
	s, apis := signedIn(t, "ada")
	a := apis[0]
	const canary = "canary-4711"
	a.post(valuePath(maia.AgentAWS)+"?projectId="+maia.ProjectFinance, valueBody("n", `{"password": "`+canary+`"}`))
	a.post(referencePath(maia.ProjectFinance, "(N)"), `{"agentType": "Matillion hosted", "secretReferenceType": "PASSWORD", "agentId": "`+maia.AgentHosted+`", "secretValue": {"p": "`+canary+`"}}`)
	calls := s.Maia.WriteCalls()
	if len(calls) != 2 {
		t.Fatalf("%d calls", len(calls))
	}
	for _, c := range calls {
		raw, _ := json.Marshal(c)
		if strings.Contains(string(raw), canary) || strings.Contains(string(raw), a.token) || c.Header.Get("Authorization") != "" {
			t.Errorf("call = %s", raw)
		}
		if c.Method != "POST" || c.Status != 201 || c.Username != "ada" || c.Token != a.token || c.Time.IsZero() || c.Header.Get("Content-Type") != "application/json" {
			t.Errorf("call = %+v", c)
		}
	}
	if c := calls[0]; c.Path != "/dpc/v1/secrets/"+maia.AgentAWS+"/secret-value" || c.Query != "projectId="+maia.ProjectFinance || c.Request["secret"].(map[string]any)["name"] != "n" {
		t.Errorf("call = %+v", c)
	}
	if c := calls[1]; !strings.HasSuffix(c.Path, "/secret-references/%28N%29") || c.Request["agentType"] != "Matillion hosted" {
		t.Errorf("call = %+v", c)
	}
	response, err := http.Get(s.Maia.StartPageURL() + "sandbox/calls")
	if err != nil {
		t.Fatal(err)
	}
	if text := read(t, response); strings.Contains(text, canary) || strings.Contains(text, a.token) || !strings.Contains(text, `"username":"ada"`) {
		t.Errorf("calls = %s", text)
	}
}

func TestPages(t *testing.T) {
	s, apis := signedIn(t, "ada")
	a := apis[0]
	value := `{"k": "<b>\u0000</b>"}`
	a.post(valuePath(maia.AgentAWS), valueBody("finance/ledger", value))
	a.post(referencePath(maia.ProjectSandbox, "(H)"), `{"agentType": "Matillion hosted", "secretReferenceType": "PASSWORD", "agentId": "`+maia.AgentHosted+`", "secretValue": {"p": 1}}`)
	get := func(path string) (*http.Response, string) {
		response, err := http.Get(s.Maia.StartPageURL() + path)
		if err != nil {
			t.Fatal(err)
		}
		return response, read(t, response)
	}
	for path, tc := range map[string]struct {
		status int
		body   string
	}{
		"sandbox/agents/" + maia.AgentAWS + "/vault/finance%2Fledger": {200, value},
		"sandbox/agents/" + maia.AgentAWS + "/vault/other":            {404, "No such secret\n"},
		"sandbox/agents/nobody/vault/other":                           {404, "No such secret\n"},
		"sandbox/projects/" + maia.ProjectSandbox + "/hosted/%28H%29": {200, `{"p": 1}`},
		"sandbox/projects/" + maia.ProjectSandbox + "/hosted/(H)":     {200, `{"p": 1}`},
		"sandbox/projects/" + maia.ProjectFinance + "/hosted/%28H%29": {404, "No such secret\n"},
	} {
		if response, body := get(path); response.StatusCode != tc.status || body != tc.body {
			t.Errorf("%s: %s %q, want %d %q", path, response.Status, body, tc.status, tc.body)
		}
	}
	response, page := get("")
	if response.StatusCode != 200 || strings.Contains(page, "<script") || strings.Contains(page, "<b>") || !strings.Contains(response.Header.Get("Content-Security-Policy"), "default-src 'none'") {
		t.Errorf("start page = %s %s", response.Status, page)
	}
	wanted := []string{"finance/ledger", "&lt;b&gt;", "http://127.0.0.1:65535/secret-references/new?", maia.AgentStopped, maia.ProjectMarketing, "ada-password", "(H)"}
	for _, reserved := range fault.ReservedNames() {
		wanted = append(wanted, reserved.Name, html.EscapeString(reserved.What))
	}
	for _, want := range wanted {
		if !strings.Contains(page, want) {
			t.Errorf("the start page lacks %q", want)
		}
	}
	if response, css := get("sandbox.css"); response.StatusCode != 200 || !strings.HasPrefix(response.Header.Get("Content-Type"), "text/css") || css == "" {
		t.Errorf("styles = %s", response.Status)
	}
	if response, _ := get("elsewhere"); response.StatusCode != 404 {
		t.Errorf("unknown page: %s", response.Status)
	}
}
