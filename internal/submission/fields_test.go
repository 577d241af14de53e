package submission

import (
	"strings"
	"testing"

	"maiaportal/internal/maiaclient"
)

// What an operator gives to a field follows the field's rule. The beginning of a name will do where people finish it.
func TestGivenFields(t *testing.T) {
	const id = "3fa85f64-5717-4562-b3fc-2c963f66afa6"
	const arn = "arn:aws:secretsmanager:eu-central-1:123456789012:secret:"
	for _, tc := range []struct {
		field, value string
		open, whole  bool // whether it is right as a beginning, and as a whole
	}{
		{"projectId", id, true, true},
		{"projectId", id[:20], false, false},
		{"projectId", "Finance", false, false},
		{"agentId", "runner-1", true, true},
		{"agentId", "a b", false, false},
		{"secretReferenceName", "SNOWFLAKE_", true, true},
		{"secretReferenceName", "SNOW FLAKE", false, false},
		{"secretReferenceName", strings.Repeat("x", 129), false, false},
		{"agentType", maiaclient.MatillionHosted, true, true},
		{"agentType", "aws", false, false},
		{"agentType", "A", false, false},
		{"secretReferenceType", "PASSWORD", true, true},
		{"secretReferenceType", "PASS", false, false},
		{"vaultName", "contoso-kv", true, true},
		{"vaultName", "contoso-", true, false},
		{"vaultName", "contoso--", false, false},
		{"vaultName", "1x", false, false},
		{"vaultName", "x\ny", false, false},
		{"secretName", "prod/", true, true},
		{"secretName", "prod snow", false, false},
		{"secretName", arn + "prod/snow", true, true},
		{"secretName", arn, true, false},
		{"secretName", arn[:len(arn)-1], true, false},
		{"secretName", arn[:42], true, false}, // in the middle of the account
		{"secretName", "arn:aws:secretsm", true, false},
		{"secretName", "arn:", true, false},
		{"secretName", "arn:aws:s3:", false, false},
		{"secretName", arn + "a b", false, false},
		{"name", "prod/", true, true},
		{"name", "a\u0007", false, false},
		{"name", " a", false, false},
		{"key", strings.Repeat("x", 1025), false, false},
		{"pairKey", "clientId", true, true},
		{"type", "PASSWORD", true, true},
		{"description", strings.Repeat("ü", 256), true, true},
		{"description", strings.Repeat("ü", 257), false, false},
		{"recipe", "oauth-client", true, true},
		{"recipe", "oauth", false, false},
		{"valueFormat", "pairs", true, true},
		{"valueFormat", "pair", false, false},
		{"ticket", strings.Repeat("ü", 100), true, true},
		{"ticket", strings.Repeat("ü", 101), false, false},
		{"renewBy", "2020-02-29", true, true},
		{"renewBy", "2027-02-29", false, false},
		{"renewBy", "2027", false, false},
	} {
		for whole, right := range map[bool]bool{false: tc.open, true: tc.whole} {
			said := GivenField{Name: tc.field, Value: tc.value, Whole: whole}.Check()
			if (said == "") != right {
				t.Errorf("%s %q, whole %v: %q", tc.field, tc.value, whole, said)
			}
		}
	}
	for agentType, right := range map[string]bool{"": true, maiaclient.AWS: true, maiaclient.Azure: false} {
		if said := (GivenField{Name: "secretName", Value: "prod/snow", AgentType: agentType}).Check(); (said == "") != right {
			t.Errorf("a slash in %q: %q", agentType, said)
		}
	}
}
