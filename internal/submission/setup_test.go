package submission

import (
	"context"
	"errors"
	"net/http"
	"reflect"
	"strings"
	"testing"
	"time"

	"maiaportal/internal/maiaclient"
	"maiaportal/internal/record"
	"maiaportal/internal/store"
)

func setup(agentType string) Setup {
	s := Setup{
		Fields: record.Fields{
			ProjectID: projectID,
			AgentID:   "agent-1",
			AgentType: agentType,
			Name:      "N",
		},
		Description: "d",
		Value:       text(canary),
	}
	if agentType == maiaclient.Azure {
		s.VaultName = "vault"
	}
	return s
}

// twoCalls answers the call for the value, and that for the reference.
func twoCalls(value, reference http.HandlerFunc) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		if strings.HasSuffix(r.URL.Path, "/secret-value") {
			value(w, r)
			return
		}
		reference(w, r)
	}
}

// A setup is one record: the value is stored, and the reference is made of what Maia answered.
func TestSetup(t *testing.T) {
	for agentType, want := range map[string][]string{
		maiaclient.AWS: {
			`{"secret":{"key":"password","name":"N","value":{"password":"` + canary + `"}}}`,
			`{"agentType":"AWS","secretReferenceType":"PASSWORD","description":"d","secretName":"vault-1","secretKey":"password"}`,
		},
		maiaclient.Azure: {
			`{"secret":{"key":"password","name":"N","value":{"password":"` + canary + `"}}}`,
			`{"agentType":"Azure","secretReferenceType":"PASSWORD","description":"d","vaultName":"vault","secretName":"vault-1","secretKey":"password"}`,
		},
		maiaclient.MatillionHosted: {
			`{"agentType":"Matillion hosted","secretReferenceType":"PASSWORD","description":"d","agentId":"agent-1","secretValue":{"password":"` + canary + `"}}`,
		},
	} {
		t.Run(agentType, func(t *testing.T) {
			r := newRig(t, twoCalls(status(201, createdBody), status(201, "")))
			got, err := r.Submit(t.Context(), r.fresh(), setup(agentType))
			if err != nil || got.Outcome != record.Created || got.Action != record.Setup {
				t.Fatalf("%+v, %v", got, err)
			}
			if !reflect.DeepEqual(r.maia.bodies, want) {
				t.Errorf("Maia got %q, want %q", r.maia.bodies, want)
			}
			only := r.only()
			if only.Name != "N" || only.Status != 201 || !only.Sent {
				t.Errorf("%+v", only)
			}
			if len(want) == 2 && (only.VaultSecretName != "vault-1" || only.SecretName != "N" || only.SecretKey != "password") {
				t.Errorf("%+v", only)
			}
			if only.Ticket+only.ProjectName != "" || strings.Contains(strings.Join([]string{only.Name, only.SecretName}, ""), canary) {
				t.Errorf("%+v", only)
			}
		})
	}
}

// Whatever becomes of the reference: the value is stored, which the record says, and nothing is sent again.
func TestSetupHalfWay(t *testing.T) {
	for why, tc := range map[string]struct {
		reference http.HandlerFunc
		step      record.Outcome
		calls     int
	}{
		"refused":        {status(400, `{"detail":"no"}`), record.Rejected, 2},
		"not accepted":   {status(401, ""), record.Unauthenticated, 3},
		"forbidden":      {status(403, ""), record.Forbidden, 2},
		"no such place":  {status(404, ""), record.NotFound, 2},
		"taken":          {status(409, ""), record.Conflict, 2},
		"too many":       {status(429, ""), record.RateLimited, 2},
		"failed":         {status(500, ""), record.Failed, 2},
		"a gateway":      {status(504, ""), record.Unknown, 2},
		"a lost answer":  {func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }, record.Unknown, 2},
		"another answer": {status(202, ""), record.Unknown, 2},
	} {
		t.Run(why, func(t *testing.T) {
			r := newRig(t, twoCalls(status(201, createdBody), tc.reference))
			r.tokens.renewed = "fresh"
			form := r.FormToken(alice)
			got, err := r.Submit(t.Context(), r.request(form), setup(maiaclient.AWS))
			if err != nil || got.Outcome != record.ValueStored || got.VaultSecretName != "vault-1" {
				t.Fatalf("%+v, %v", got, err)
			}
			again, err := r.Submit(t.Context(), r.request(form), setup(maiaclient.AWS))
			if err != nil || again.ID != got.ID || r.maia.calls() != tc.calls {
				t.Errorf("the form again: %v, %v, %d calls", again.ID == got.ID, err, r.maia.calls())
			}
			whole, err := r.rows.SubmissionByID(t.Context(), got.ID)
			if err != nil || len(whole.Steps) != 2 || whole.Steps[0].Outcome != record.Created || whole.Steps[1].Outcome != tc.step {
				t.Errorf("steps %+v, %v", whole.Steps, err)
			}

			// The reference alone finishes it.
			r.maia.then(status(201, ""))
			other := aws()
			other.SecretName = "elsewhere"
			if _, err := r.Submit(t.Context(), r.fresh(), other); err != nil {
				t.Fatal(err)
			}
			if r.records()[0].Outcome != record.ValueStored {
				t.Error("a reference to another secret has finished it")
			}
			finish := aws()
			finish.SecretName = "vault-1"
			if _, err := r.Submit(t.Context(), r.fresh(), finish); err != nil {
				t.Fatal(err)
			}
			if r.records()[0].Outcome != record.Created {
				t.Errorf("%+v", r.records()[0])
			}
		})
	}
}

// Where the value's own call did not succeed, no reference is sent.
func TestSetupWithoutItsValue(t *testing.T) {
	for code, want := range map[int]record.Outcome{
		400: record.Rejected, 403: record.Forbidden, 404: record.NotFound, 409: record.Conflict, 429: record.RateLimited,
		500: record.Failed, 504: record.Unknown,
	} {
		r := newRig(t, status(code, ""))
		_, _ = r.Submit(t.Context(), r.fresh(), setup(maiaclient.AWS))
		if r.maia.calls() != 1 || r.only().Outcome != want {
			t.Errorf("%d: %d calls, %s", code, r.maia.calls(), r.only().Outcome)
		}
	}
}

// S-29: the same name again, after an end that nobody knows: a vault that has it says so, and the value need not be
// entered a third time.
func TestSetupAgainAfterAnUnknownEnd(t *testing.T) {
	r := newRig(t, byTurns(status(504, ""), status(409, "")))
	if got, err := r.Submit(t.Context(), r.fresh(), setup(maiaclient.AWS)); err != nil || got.Outcome != record.Unknown {
		t.Fatalf("%+v, %v", got, err)
	}
	_, err := r.Submit(t.Context(), r.fresh(), setup(maiaclient.AWS))
	e := refusedOf(t, err)
	if e.Record.Outcome != record.Conflict || e.Earlier == nil || e.Earlier.Outcome != record.Unknown {
		t.Errorf("%+v", e)
	}
	if first := r.records()[0]; first.Outcome != record.ValueStored {
		t.Errorf("the first one is %s", first.Outcome)
	}
	// And once it is known, the user is told so.
	_, err = r.Submit(t.Context(), r.fresh(), setup(maiaclient.AWS))
	if e := refusedOf(t, err); e.Earlier == nil || e.Earlier.Outcome != record.ValueStored {
		t.Errorf("%+v", e)
	}
}

// A reference whose end nobody knows was created where its name is taken, and so was the one of a setup.
func TestConflictSettlesReferences(t *testing.T) {
	r := newRig(t, byTurns(status(504, ""), status(409, "")))
	_, _ = r.Submit(t.Context(), r.fresh(), aws())
	_, err := r.Submit(t.Context(), r.fresh(), aws())
	if refusedOf(t, err).Earlier == nil || r.records()[0].Outcome != record.Created {
		t.Errorf("%+v", r.records()[0])
	}

	r = newRig(t, twoCalls(status(201, createdBody), byTurns(status(504, ""), status(409, ""))))
	_, _ = r.Submit(t.Context(), r.fresh(), setup(maiaclient.AWS))
	finish := aws()
	finish.SecretName = "vault-1"
	_, _ = r.Submit(t.Context(), r.fresh(), finish)
	if first := r.records()[0]; first.Outcome != record.Created {
		t.Errorf("the setup is %s", first.Outcome)
	}

	// Where the setup's own reference was refused, somebody else has the name.
	r = newRig(t, twoCalls(status(201, createdBody), status(409, "")))
	_, _ = r.Submit(t.Context(), r.fresh(), setup(maiaclient.AWS))
	_, _ = r.Submit(t.Context(), r.fresh(), finish)
	if first := r.records()[0]; first.Outcome != record.ValueStored {
		t.Errorf("the setup is %s", first.Outcome)
	}
}

// A name that is taken in a project says nothing of a setup that stopped at its value: no reference of it was sent.
func TestConflictOfAReferenceLeavesValuesAlone(t *testing.T) {
	r := newRig(t, byTurns(status(504, ""), status(409, "")))
	_, _ = r.Submit(t.Context(), r.fresh(), setup(maiaclient.AWS))
	_, err := r.Submit(t.Context(), r.fresh(), setup(maiaclient.MatillionHosted))
	if e := refusedOf(t, err); e.Earlier != nil || r.records()[0].Outcome != record.Unknown {
		t.Errorf("the earlier one is %s, and named as %+v", r.records()[0].Outcome, e.Earlier)
	}

	r = newRig(t, twoCalls(status(201, createdBody), status(409, "")))
	_, _ = r.Submit(t.Context(), r.fresh(), setup(maiaclient.AWS))
	finish := aws()
	finish.SecretName = "vault-1"
	_, err = r.Submit(t.Context(), r.fresh(), finish)
	if e := refusedOf(t, err); e.Earlier != nil {
		t.Errorf("somebody else's reference counts as one's own: %+v", e.Earlier)
	}
}

// The answer to a commit can be lost: then the second call is not made, and its step is closed with the rest.
func TestSetupWhoseSecondBeginIsUncertain(t *testing.T) {
	r := newRig(t, twoCalls(status(201, createdBody), status(201, "")))
	rows := &uncertain{Store: r.rows.Store}
	r.o.Records = rows
	got, err := r.Submit(t.Context(), r.fresh(), setup(maiaclient.AWS))
	if err != nil || got.Outcome != record.ValueStored || r.maia.calls() != 1 {
		t.Fatalf("%+v, %v, %d calls", got, err, r.maia.calls())
	}
	whole, err := r.rows.SubmissionByID(t.Context(), got.ID)
	if err != nil || len(whole.Steps) != 2 {
		t.Fatalf("%+v, %v", whole.Steps, err)
	}
	if first, second := whole.Steps[0], whole.Steps[1]; first.Outcome != record.Created || second.Outcome != record.Failed || second.Sent {
		t.Errorf("%+v", whole.Steps)
	}
}

// uncertain writes that a call begins, and loses the answer.
type uncertain struct{ *store.Store }

func (u *uncertain) BeginCall(ctx context.Context, r record.Submission, ended *record.Step, begins record.Step) error {
	return errors.Join(record.ErrUncertain, u.Store.BeginCall(ctx, r, ended, begins))
}

// The provider may be away when the second call's turn has come.
func TestSetupWhoseTokenEnds(t *testing.T) {
	r := newRig(t, twoCalls(status(201, createdBody), status(401, "")))
	r.tokens.renewErr = ErrProviderAway
	got, err := r.Submit(t.Context(), r.fresh(), setup(maiaclient.AWS))
	if err != nil || got.Outcome != record.ValueStored || got.Status != 401 {
		t.Errorf("%+v, %v", got, err)
	}
}

func TestSetupRules(t *testing.T) {
	for why, tc := range map[string]struct {
		change func(*Setup)
		fields []string
		doubts []string
	}{
		"as it should be":       {func(*Setup) {}, nil, nil},
		"no kind, a known one":  {func(s *Setup) { s.AgentType, s.Cloud = "", CloudAWS }, nil, nil},
		"no kind, nobody knows": {func(s *Setup) { s.AgentType = "" }, []string{"agentType"}, nil},
		"no agent":              {func(s *Setup) { s.AgentType, s.AgentID = "", "" }, []string{"agentId"}, nil},
		"another kind":          {func(s *Setup) { s.AgentType = "GCP" }, []string{"agentType"}, nil},
		"Azure without vault":   {func(s *Setup) { s.AgentType = maiaclient.Azure }, []string{"vaultName"}, nil},
		"nothing": {func(s *Setup) { *s = Setup{Value: text("")} },
			[]string{"agentId", "projectId", "secretReferenceName", "valueText"}, nil},
		"an agent of another cloud": {func(s *Setup) { s.Cloud, s.Value.Check = CloudAzure, true }, nil, []string{"agentType"}},
		"of another cloud, and without a value": {func(s *Setup) { s.Cloud, s.Value.Check, s.Value.Text = CloudAzure, true, sec("") },
			[]string{"agentType", "valueText"}, nil},
		"not asked about it": {func(s *Setup) { s.Cloud = CloudAzure }, nil, nil},
		"a name for AWS alone": {func(s *Setup) {
			s.AgentType, s.VaultName, s.SecretName, s.Value.Check = maiaclient.Azure, "vault", "a/b", true
		}, nil, []string{"name"}},
		"a ticket that is a book": {func(s *Setup) { s.Ticket = strings.Repeat("é", 101) }, []string{"ticket"}, nil},
		"a ticket as long as may": {func(s *Setup) { s.Ticket = strings.Repeat("é", 100) }, nil, nil},
		"today":                   {func(s *Setup) { s.RenewBy = "2026-07-01" }, nil, nil},
		"yesterday":               {func(s *Setup) { s.RenewBy = "2026-06-30" }, []string{"renewBy"}, nil},
		"no date":                 {func(s *Setup) { s.RenewBy = "soon" }, []string{"renewBy"}, nil},
		"no such day":             {func(s *Setup) { s.RenewBy = "2027-02-30" }, []string{"renewBy"}, nil},
		"hosted, with a vault's":  {func(s *Setup) { s.AgentType, s.VaultName, s.SecretName = maiaclient.MatillionHosted, "/", "\n" }, nil, nil},
	} {
		t.Run(why, func(t *testing.T) {
			s := setup(maiaclient.AWS)
			tc.change(&s)
			p, e := s.prepare(checks{now: time.Date(2026, 7, 1, 23, 59, 0, 0, time.UTC)})
			if got := sortedKeys(e); strings.Join(got, " ") != strings.Join(tc.fields, " ") {
				t.Errorf("messages at %q, want %q: %v", got, tc.fields, map[string][]string(e))
			}
			if got := sortedKeys(p.doubts.byField()); len(e) == 0 && strings.Join(got, " ") != strings.Join(tc.doubts, " ") {
				t.Errorf("doubts at %q, want %q: %v", got, tc.doubts, p.doubts)
			}
		})
	}
}

// Two calls, and each has its events; a database that cannot take the second begin stops it.
func TestSetupWhoseSecondCallCannotBeRecorded(t *testing.T) {
	r := newRig(t, twoCalls(status(201, createdBody), status(201, "")))
	r.rows.fail["BeginCall"] = 1
	got, err := r.Submit(t.Context(), r.fresh(), setup(maiaclient.AWS))
	if err != nil || got.Outcome != record.ValueStored || r.maia.calls() != 1 {
		t.Errorf("%+v, %v, %d calls", got, err, r.maia.calls())
	}
	if whole, err := r.rows.SubmissionByID(t.Context(), got.ID); err != nil || len(whole.Steps) != 1 || whole.VaultSecretName != "vault-1" {
		t.Errorf("%+v, %v", whole, err)
	}
}
