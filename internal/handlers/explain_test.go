package handlers

import (
	"strings"
	"testing"
	"time"

	"maiaportal/internal/maiaclient"
	"maiaportal/internal/record"
)

// Each row of the table has an answer of Maia that is explained by it, in the words of a user, with whom to ask.
func TestEachMeaning(t *testing.T) {
	value := record.Submission{
		ID:     "id",
		Action: record.Value,
		Actor:  record.Actor{Name: "Ada"},
		Fields: record.Fields{AgentID: "agent-7", Name: "prod-db"},
		Sent:   true,

		RequestID: "request-9",
	}
	reference := value
	reference.Action = record.Reference
	reference.Fields = record.Fields{ProjectID: "project-5", ProjectName: "Finance", Name: "PROD_DB", AgentType: maiaclient.AWS}
	hosted := reference
	hosted.Action = record.Setup
	hosted.AgentType = maiaclient.MatillionHosted
	seen := map[string]bool{}
	for _, tc := range []struct {
		row    string
		of     record.Submission
		status int
		said   []string
		says   []string // words of the explanation
	}{
		{"ip-not-allowed", value, 403, []string{"IP not allowed"}, []string{"this portal’s is not among them", "not that of your own computer", "administrator"}},
		{"create-vault-secrets", value, 403, []string{`User does not have the permission "Create Vault Secrets"`}, []string{"lacks the permission “Create Vault Secrets”", "account role"}},
		{"agent-restricted", value, 403, []string{"Agent is restricted to other projects"}, []string{"agent-7 is restricted", "Name a project"}},
		{"account-id", reference, 400, []string{"Header account-id is missing"}, []string{"wrong account id", "PORTAL_MAIA_ACCOUNT_ID"}},
		{"wrong-region", reference, 404, []string{"The account is in another region"}, []string{"region eu1", "PORTAL_MAIA_REGION"}},
		{"wrong-audience", value, 401, []string{"Invalid audience"}, []string{"not meant for Maia", "portal administrator"}},
		{"vault-name", value, 400, []string{"Wrong request parameters used", "name: ValidationException: Invalid name. Must be a valid name containing alphanumeric characters"}, []string{"agent-7 does not take a secret of this name", "512", "127", "another name"}},
		{"vault-name", value, 400, []string{"name: 1 validation error detected: Value at 'name' failed to satisfy constraint"}, []string{"does not take a secret of this name"}},
		{"vault-name", value, 500, []string{"BadParameter: The request URI contains an invalid name: db_x"}, []string{"letters, digits and hyphens"}},
		{"vault-size", value, 400, []string{"value: Value at 'secretString' failed to satisfy constraint: Member must have length less than or equal to 65536"}, []string{"larger than the vault of the agent agent-7 takes", "65,536", "25,600", "less"}},
		{"vault-size", value, 500, []string{"The value of the secret is larger than 25600 bytes"}, []string{"25,600"}},
		{"agent-rights", value, 500, []string{"", "AccessDeniedException: not authorized to perform secretsmanager:CreateSecret"}, []string{"secretsmanager:CreateSecret", "Key Vault Secrets Officer", "set the agent up"}},
		{"agent-away", value, 504, []string{"Agent is not connected"}, []string{"does not reach the agent agent-7", "start it"}},
		{"bad-request", value, 400, []string{"Wrong request parameters used", "name: is odd, says the region"}, []string{"does not take something", "Correct it"}},
		{"unauthenticated", value, 401, nil, []string{"did not accept your login", "region eu1", "Sign in again"}},
		{"forbidden-value", value, 403, nil, []string{"“Create Vault Secrets”", "IP address", "administrator"}},
		{"forbidden-reference", hosted, 403, []string{"Forbidden"}, []string{"Owner or Contributor in the project Finance", "owners"}},
		{"not-found-value", value, 404, nil, []string{"no agent agent-7", "region eu1", "runners"}},
		{"not-found-reference", reference, 404, nil, []string{"no project Finance", "Super Admins", "invite"}},
		{"taken-value", value, 409, nil, []string{"vault already has a secret of this name", "vault’s own console"}},
		{"taken-reference", reference, 409, nil, []string{"Finance already has a reference of this name"}},
		{"too-large", value, 413, nil, []string{"larger than Maia takes", "smaller value"}},
		{"rate-limited", value, 429, nil, []string{"one limit of requests", "after the wait"}},
		{"token-too-long", value, 431, nil, []string{"too many groups", "portal administrator"}},
		{"other-refusal", value, 418, nil, []string{"proxy", "portal administrator"}},
		{"bad-gateway", value, 502, nil, []string{"in Maia’s place", "before you send it again"}},
		{"unavailable", value, 503, nil, []string{"Maia is unavailable", "status page"}},
		{"timeout-value", value, 504, nil, []string{"agent-7 did not answer", "before you send it again", "rights in AWS or Azure"}},
		{"timeout-reference", reference, 504, nil, []string{"did not answer in time", "before you send it again"}},
		{"failed-value", value, 500, []string{"Internal error"}, []string{"may only read", "set the agent up"}},
		{"failed-reference", reference, 501, nil, []string{"internal error", "Matillion"}},
		{"no-answer", value, 0, nil, []string{"no answer from Maia", "log"}},
		{"odd-answer", value, 302, nil, []string{"do not know", "before you send it again"}},
	} {
		r := tc.of
		r.Status = tc.status
		a := answerOf(r, tc.said...)
		if m := a.meaning(); m.id != tc.row {
			t.Errorf("%s: %d %q is explained by %q", tc.row, tc.status, tc.said, m.id)
			continue
		}
		seen[tc.row] = true
		h := Handlers{Site: Site{BaseURL: "https://portal.example", Region: "eu1", Zone: time.UTC}}
		d := h.explain(a)
		text := d.Means + " " + d.Ask
		for _, want := range tc.says {
			if !strings.Contains(text, want) {
				t.Errorf("%s: %q does not say %q", tc.row, text, want)
			}
		}
		if strings.ContainsAny(text, "{}") {
			t.Errorf("%s: %q", tc.row, text)
		}
		lines := strings.Join(d.Lines, "\n")
		for _, want := range append([]string{"When: ", "Who: Ada", "What: ", r.Name, "Maia’s status: ", "Request id: request-9"}, tc.said...) {
			if !strings.Contains(lines, want) {
				t.Errorf("%s: for the help desk %q is missing in %q", tc.row, want, lines)
			}
		}
	}
	for _, m := range meanings {
		if !seen[m.id] {
			t.Errorf("no answer is explained by %s", m.id)
		}
	}
}

// Where nothing was sent, or all went well, there is nothing of Maia's to explain on a receipt.
func TestWhatIsExplained(t *testing.T) {
	for name, tc := range map[string]struct {
		record record.Submission
		want   bool
	}{
		"created":      {record.Submission{Outcome: record.Created, Sent: true, Status: 201}, false},
		"under way":    {record.Submission{Outcome: record.Pending, Sent: true}, false},
		"never sent":   {record.Submission{Outcome: record.Failed}, false},
		"Maia failed":  {record.Submission{Outcome: record.Failed, Sent: true, Status: 500}, true},
		"found out":    {record.Submission{Outcome: record.Failed, Sent: true, Status: 504}, false},
		"unknown":      {record.Submission{Outcome: record.Unknown, Sent: true, Status: 504}, true},
		"not allowed":  {record.Submission{Outcome: record.Forbidden, Sent: true, Status: 403}, true},
		"half-way":     {record.Submission{Outcome: record.ValueStored, Steps: []record.Step{{Sent: true}, {Sent: true, Status: 403}}}, true},
		"cut in half":  {record.Submission{Outcome: record.ValueStored, Steps: []record.Step{{Sent: true}}}, false},
		"login at 401": {record.Submission{Outcome: record.Unauthenticated, Sent: true, Status: 401}, true},
	} {
		if got := explains(tc.record); got != tc.want {
			t.Errorf("%s: %v", name, got)
		}
	}
}
