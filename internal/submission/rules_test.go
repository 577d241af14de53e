package submission

import (
	"maps"
	"reflect"
	"slices"
	"strings"
	"testing"

	"maiaportal/internal/maiaclient"
	"maiaportal/internal/record"
)

const projectID = "3fa85f64-5717-4562-b3fc-2c963f66afa6"

func sortedKeys(e FieldErrors) []string { return slices.Sorted(maps.Keys(e)) }

func aws() Reference {
	return Reference{Fields: record.Fields{
		ProjectID:  projectID,
		Name:       "N",
		AgentType:  maiaclient.AWS,
		SecretName: "s",
	}}
}

func hosted(v string) Reference {
	return Reference{
		Fields: record.Fields{
			ProjectID: projectID,
			Name:      "N",
			AgentType: maiaclient.MatillionHosted,
			AgentID:   "agent-1",
		},
		Value: text(v),
	}
}

func value(v string) Value {
	return Value{
		Fields: record.Fields{
			AgentID:   "agent-1",
			ProjectID: projectID,
			Name:      "n",
		},
		Value: text(v),
	}
}

// S-26: each rule holds for the whole of a field.
func TestRules(t *testing.T) {
	reference := func(change func(*Reference)) Order { r := aws(); change(&r); return r }
	val := func(change func(*Value)) Order { v := value("p"); change(&v); return v }
	name := func(s string) Order { return reference(func(r *Reference) { r.Name = s }) }
	agent := func(s string) Order { return val(func(v *Value) { v.AgentID = s }) }
	for why, tc := range map[string]struct {
		order  Order
		fields []string
	}{
		"AWS":              {aws(), nil},
		"Azure":            {reference(func(r *Reference) { r.AgentType, r.VaultName = maiaclient.Azure, "vault" }), nil},
		"Matillion hosted": {hosted("p"), nil},
		"a value":          {value("p"), nil},

		"project is required for a reference": {reference(func(r *Reference) { r.ProjectID = "" }), []string{"projectId"}},
		"project is optional for a value":     {val(func(v *Value) { v.ProjectID = "" }), nil},
		"project in capitals":                 {reference(func(r *Reference) { r.ProjectID = strings.ToUpper(projectID) }), nil},
		"project by its name":                 {reference(func(r *Reference) { r.ProjectID = "My project" }), []string{"projectId"}},
		"project with a line end":             {reference(func(r *Reference) { r.ProjectID += "\n" }), []string{"projectId"}},
		"project with something before":       {reference(func(r *Reference) { r.ProjectID = "x\n" + r.ProjectID }), []string{"projectId"}},
		"project in braces":                   {reference(func(r *Reference) { r.ProjectID = "{" + r.ProjectID + "}" }), []string{"projectId"}},
		"project without hyphens":             {reference(func(r *Reference) { r.ProjectID = strings.ReplaceAll(r.ProjectID, "-", "") }), []string{"projectId"}},
		"project with a slash":                {reference(func(r *Reference) { r.ProjectID = r.ProjectID[:35] + "/" }), []string{"projectId"}},
		"a value's project that is none":      {val(func(v *Value) { v.ProjectID = "x" }), []string{"projectId"}},
		"all that a name may have":            {name("aZ09_(x)-"), nil},
		"the longest name":                    {name(strings.Repeat("n", 128)), nil},
		"no name":                             {name(""), []string{"secretReferenceName"}},
		"a name that is too long":             {name(strings.Repeat("n", 129)), []string{"secretReferenceName"}},
		"a name with a line end":              {name("N\n"), []string{"secretReferenceName"}},
		"a name with a blank":                 {name("a b"), []string{"secretReferenceName"}},
		"a name with a dot":                   {name(".."), []string{"secretReferenceName"}},
		"a name with a slash":                 {name("a/b"), []string{"secretReferenceName"}},
		"a name with a percent sign":          {name("%2f"), []string{"secretReferenceName"}},
		"a name with NUL":                     {name("a\x00"), []string{"secretReferenceName"}},
		"a name of another alphabet":          {name("é"), []string{"secretReferenceName"}},
		"digits of another alphabet":          {name("٣"), []string{"secretReferenceName"}},
		"another type of reference":           {reference(func(r *Reference) { r.Type = "TOKEN" }), []string{"secretReferenceType"}},
		"PASSWORD is the type":                {reference(func(r *Reference) { r.Type = "PASSWORD" }), nil},
		"no agent type":                       {reference(func(r *Reference) { r.AgentType = "" }), []string{"agentType"}},
		"an agent type that is none":          {reference(func(r *Reference) { r.AgentType = "aws" }), []string{"agentType"}},
		"the longest description":             {reference(func(r *Reference) { r.Description = strings.Repeat("é", 256) }), nil},
		"a description that is too long":      {reference(func(r *Reference) { r.Description = strings.Repeat("é", 257) }), []string{"description"}},
		"a description of two lines":          {reference(func(r *Reference) { r.Description = "a\nb" }), []string{"description"}},
		"a description with ANSI escapes":     {reference(func(r *Reference) { r.Description = "a\x1b[31m" }), []string{"description"}},
		"a description that is not UTF-8":     {reference(func(r *Reference) { r.Description = "a\xff" }), []string{"description"}},
		"AWS without its secret":              {reference(func(r *Reference) { r.SecretName = "" }), []string{"secretName"}},
		"a secret name that is a book":        {reference(func(r *Reference) { r.SecretName = strings.Repeat("x", 1025) }), []string{"secretName"}},
		"a secret name as long as it may be":  {reference(func(r *Reference) { r.SecretName = strings.Repeat("x", 512) }), nil},
		"a key of two lines":                  {reference(func(r *Reference) { r.SecretKey = "a\r\nb" }), []string{"secretKey"}},
		"Azure without vault and secret":      {reference(func(r *Reference) { r.AgentType, r.SecretName = maiaclient.Azure, "" }), []string{"secretName", "vaultName"}},
		"hosted without agent and value": {Reference{Fields: record.Fields{
			ProjectID: projectID,
			Name:      "N",
			AgentType: maiaclient.MatillionHosted,
		}}, []string{"agentId", "valueFormat"}},
		"an agent's id with all that it may":   {agent("a.B_9-x"), nil},
		"the longest agent's id":               {agent(strings.Repeat("a", 128)), nil},
		"an agent's id that is too long":       {agent(strings.Repeat("a", 129)), []string{"agentId"}},
		"an agent's id that begins with a dot": {agent("..a"), []string{"agentId"}},
		"an agent's id with a slash":           {agent("a/credentials"), []string{"agentId"}},
		"an agent's id with a line end":        {agent("a\n"), []string{"agentId"}},
		"no agent":                             {agent(""), []string{"agentId"}},
		"a value without a name":               {val(func(v *Value) { v.Name = "" }), []string{"name"}},
		"a value's name of two lines":          {val(func(v *Value) { v.Name = "a\nb" }), []string{"name"}},
		"a value's name is otherwise free":     {val(func(v *Value) { v.Name = "a/b c.é" }), nil},
		"a type of one's own":                  {val(func(v *Value) { v.Type = "MY_TYPE" }), nil},
		"a type of two lines":                  {val(func(v *Value) { v.Type = "a\n" }), []string{"type"}},
		"everything at once": {Reference{
			Fields: record.Fields{
				ProjectID: "x",
				Name:      "a b",
				AgentType: maiaclient.AWS,
				Type:      "x",
			},
			Description: "\n",
		},
			[]string{"description", "projectId", "secretName", "secretReferenceName", "secretReferenceType"}},
		// S-25: what belongs to a type that is not chosen does not count.
		"a wrong field of another type": {reference(func(r *Reference) { r.VaultName, r.AgentID, r.Value = "\n", "/", text("\x00") }), nil},
	} {
		t.Run(why, func(t *testing.T) {
			j, e := tc.order.prepare(checks{})
			if got := sortedKeys(e); !reflect.DeepEqual(got, tc.fields) && len(got)+len(tc.fields) > 0 {
				t.Errorf("messages at %q, want %q: %v", got, tc.fields, map[string][]string(e))
			}
			if len(tc.fields) > 0 && !strings.HasSuffix(e.Error(), strings.Join(tc.fields, ", ")) {
				t.Errorf("the error is %q: it names fields, and nothing that was entered", e.Error())
			}
			if r := j.record; r.Action == record.Reference && r.AgentType == maiaclient.AWS && r.VaultName+r.AgentID != "" {
				t.Errorf("the record has fields of another type: %+v", r)
			}
		})
	}
}

// All that is not secret has to fit into the way back from a login.
func TestFieldsTogether(t *testing.T) {
	long := strings.Repeat("x", 1000)
	for why, tc := range map[string]struct {
		fields map[string][]string
		at     string
	}{
		"little":                        {map[string][]string{"a": {"b"}}, ""},
		"just enough room":              {map[string][]string{"a": {strings.Repeat("x", 6000-3)}}, ""},
		"one byte too many":             {map[string][]string{"a": {strings.Repeat("x", 6000-2)}}, "a"},
		"percent-encoding counts":       {map[string][]string{"a": {strings.Repeat("é", 1100)}, "b": {"x"}}, "a"},
		"the longest gets the message":  {map[string][]string{"a": {strings.Repeat(long, 2)}, "b": {strings.Repeat(long, 3)}, "c": {strings.Repeat(long, 2)}}, "b"},
		"the longest when encoded":      {map[string][]string{"a": {strings.Repeat("x", 3000)}, "b": {strings.Repeat("é", 600)}}, "b"},
		"a row of pairs":                {map[string][]string{"pairKey": {long, long, long + "y", long, long, long}}, "pairKey-3"},
		"many rows with little in each": {map[string][]string{"pairKey": append(make([]string, 700), "x")}, "pairKey-701"},
	} {
		e := FieldErrors{}
		e.checkTogether(tc.fields)
		if got := strings.Join(sortedKeys(e), ","); got != tc.at {
			t.Errorf("%s: at %q, want %q", why, got, tc.at)
		}
	}
	v := value("p")
	v.Name, v.Type = strings.Repeat("é", 510), strings.Repeat("é", 511)
	if _, e := v.prepare(checks{}); sortedKeys(e)[0] != "type" {
		t.Errorf("a whole order: %v", map[string][]string(e))
	}
}

// Two orders are told apart by what is not secret and counts.
func TestFingerprint(t *testing.T) {
	print := func(o Order) string { action, _ := o.about(); return string(fingerprint(action, o.plain())) }
	reference := func(change func(*Reference)) Order { r := aws(); change(&r); return r }
	same := print(aws())
	for why, tc := range map[string]struct {
		order Order
		same  bool
	}{
		"the same":                       {aws(), true},
		"another secret":                 {reference(func(r *Reference) { r.Value = text("x") }), true},
		"a field of another type":        {reference(func(r *Reference) { r.VaultName, r.AgentID = "v", "a" }), true},
		"another name":                   {reference(func(r *Reference) { r.Name = "M" }), false},
		"another project":                {reference(func(r *Reference) { r.ProjectID = "x" }), false},
		"another description":            {reference(func(r *Reference) { r.Description = "x" }), false},
		"another secret key":             {reference(func(r *Reference) { r.SecretKey = "x" }), false},
		"another type":                   {reference(func(r *Reference) { r.AgentType = maiaclient.Azure }), false},
		"a text moved to the next field": {reference(func(r *Reference) { r.SecretName, r.SecretKey = "", "s" }), false},
		"another action":                 {value("x"), false},
	} {
		if got := print(tc.order) == same; got != tc.same {
			t.Errorf("%s: same is %v", why, got)
		}
	}
	if print(hosted("a")) != print(hosted("b")) || print(value("a")) != print(value("b")) {
		t.Error("the fingerprint depends on the secret (S-39)")
	}
	withPairs := func(v ValueInput) Order { o := value(""); o.Value = v; return o }
	if print(withPairs(pairs("a", "1"))) != print(withPairs(pairs("a", "2"))) || print(withPairs(pairs("a", "1"))) == print(withPairs(pairs("b", "1"))) {
		t.Error("pairs are told apart by their names alone")
	}
}

// S-22: a form's token is good for one user.
func TestFormTokens(t *testing.T) {
	key := func(b byte) []byte { return []byte(strings.Repeat(string(rune(b)), 32)) }
	user := record.Actor{Issuer: "https://issuer", Subject: "sub", Name: "Name"}
	tokens := NewFormTokens([][]byte{key('a')})
	token := tokens.New(user)
	id, ok := tokens.Check(user, token)
	if !ok || len(id) != 24 || tokens.New(user) == token {
		t.Fatalf("a fresh token: %v, id %q", ok, id)
	}
	another := "x"
	if token[0] == 'x' {
		another = "y"
	}
	for why, tc := range map[string]struct {
		tokens *FormTokens
		user   record.Actor
		token  string
		ok     bool
	}{
		"a name is no identity": {tokens, record.Actor{
			Issuer:  "https://issuer",
			Subject: "sub",
			Name:    "Other",
		}, token, true},
		"after a rotation, the old key is there": {NewFormTokens([][]byte{key('b'), key('a')}), user, token, true},
		"the old key is gone":                    {NewFormTokens([][]byte{key('b')}), user, token, false},
		"another user": {tokens, record.Actor{
			Issuer:  "https://issuer",
			Subject: "sub2",
			Name:    "Name",
		}, token, false},
		"the same subject at another issuer": {tokens, record.Actor{
			Issuer:  "https://other",
			Subject: "sub",
			Name:    "Name",
		}, token, false},
		"issuer and subject shifted": {tokens, record.Actor{
			Issuer:  "https://issuers",
			Subject: "ub",
			Name:    "Name",
		}, token, false},
		"nobody":                   {tokens, record.Actor{}, token, false},
		"none":                     {tokens, user, "", false},
		"an id alone":              {tokens, user, id, false},
		"an empty sum":             {tokens, user, id + ".", false},
		"a sum cut short":          {tokens, user, token[:len(token)-4], false},
		"another id":               {tokens, user, another + token[1:], false},
		"a longer id":              {tokens, user, "x" + token, false},
		"a sum that is no base64":  {tokens, user, id + ".***", false},
		"the sum of another token": {tokens, user, id + tokens.New(user)[24:], false},
		"two tokens":               {tokens, user, token + "." + token, false},
	} {
		got, ok := tc.tokens.Check(tc.user, tc.token)
		if ok != tc.ok || ok && got != id || !ok && got != "" {
			t.Errorf("%s: %q, %v", why, got, ok)
		}
	}
	// The first key makes.
	both := NewFormTokens([][]byte{key('b'), key('a')})
	if _, ok := NewFormTokens([][]byte{key('b')}).Check(user, both.New(user)); !ok {
		t.Error("a token is not made with the first key")
	}
}
