package submission

import (
	"regexp"
	"strings"
	"testing"

	"maiaportal/internal/maiaclient"
)

// Each name is held against the rule of whoever keeps it, and people get one that would do.
func TestNames(t *testing.T) {
	own := NameRule{Expression: regexp.MustCompile(`^(DEV|PRD)_`), Sentence: "Begin with DEV_ or PRD_."}
	const none = "none"
	for _, tc := range []struct {
		check func(FieldErrors, string)
		rule  string // what the message begins with
		// wrong names, each with the one that is proposed, or nothing.
		wrong map[string]string
		right []string
	}{
		{func(e FieldErrors, n string) { e.checkReferenceName(n, NameRule{}) }, "Use letters, digits, _ - ( and ) only",
			map[string]string{"my secret.name": "my_secret_name", "é": "", "a--é--b": "a--_--b", "***": ""},
			[]string{"aZ09_(x)-", strings.Repeat("n", 128)}},
		{func(e FieldErrors, n string) { e.checkReferenceName(n, own) }, "Your company requires: Begin with DEV_ or PRD_.",
			map[string]string{"SNOWFLAKE": none, "dev_x": none}, []string{"DEV_X", "PRD_"}},
		{func(e FieldErrors, n string) { e.checkSecretName(maiaclient.Azure, n) }, "A Key Vault takes letters, digits and hyphens only, a letter first",
			map[string]string{"DB_PASSWORD": "DB-PASSWORD", "prod/snowflake": "prod-snowflake", "1st": "st", "_x_": "x", "x\n": "x", "123": "", "https://contoso-kv.vault.azure.net/secrets/db-password/0123456789abcdef": "db-password", "https://example.com/x": ""},
			[]string{"DB-PASSWORD", "a", "a--b-", strings.Repeat("n", 127)}},
		{func(e FieldErrors, n string) { e.checkSecretName(maiaclient.AWS, n) }, "Secrets Manager takes letters, digits and / _ + = . @ - only",
			map[string]string{"prod snowflake": "prod-snowflake", "a(b)": "a-b", "ä": "", "arn:aws:s3:::bucket": "", "https://example.com/x": "", "arn:aws:secretsmanager:eu-west-1:123456789012:secret:prod/x-AbCdEf:password::": "arn:aws:secretsmanager:eu-west-1:123456789012:secret:prod/x-AbCdEf", "x\n": "x"},
			[]string{"prod/snowflake_1+2=3.@-", strings.Repeat("n", 512), "arn:aws:secretsmanager:eu-west-1:123456789012:secret:prod/x-AbCdEf", "arn:aws-cn:secretsmanager:cn-north-1:123456789012:secret:x"}},
		{func(e FieldErrors, n string) { e.checkVaultName(n) }, "A Key Vault’s name has up to 24 letters, digits and single hyphens, a letter first",
			map[string]string{"contoso_kv": "contoso-kv", "contoso--kv": "contoso-kv", "-kv1": "kv1", "1kv": "kv", "x." + strings.Repeat("y", 30): "", "kv\n1": "kv-1"},
			[]string{"contoso-kv", "abc", "kv", "a" + strings.Repeat("1", 23)}},
		{func(e FieldErrors, n string) { e.checkVaultName(n) }, "Enter the vault’s name, not its address",
			map[string]string{"https://contoso-kv.vault.azure.net/": "contoso-kv", "contoso-kv.vault.azure.net": "contoso-kv", "https://contoso-kv.vault.azure.net/secrets/x": "contoso-kv"}, nil},
		{func(e FieldErrors, n string) { e.checkNewName(CloudAzure, n) }, "A Key Vault takes letters, digits and hyphens only, a letter first", map[string]string{"DB_PASSWORD": "DB-PASSWORD"}, []string{"DB-PASSWORD"}},
		{func(e FieldErrors, n string) { e.checkNewName(CloudAWS, n) }, "Secrets Manager takes letters, digits and / _ + = . @ - only", map[string]string{"DB PASSWORD": "DB-PASSWORD", "arn:aws:secretsmanager:eu-west-1:123456789012:secret:prod/x-AbCdEf": ""}, []string{"DB_PASSWORD"}},
		{func(e FieldErrors, n string) { e.checkNewName("", n) }, "Secrets Manager takes letters, digits and / _ + = . @ - only", map[string]string{"DB PASSWORD": "DB-PASSWORD"}, []string{"DB_PASSWORD"}},
	} {
		for name, proposal := range tc.wrong {
			want := tc.rule + ": " + proposal + " would do."
			switch proposal {
			case "":
				want = tc.rule + "."
			case none:
				want = tc.rule
			}
			e := FieldErrors{}
			tc.check(e, name)
			if len(e) != 1 {
				t.Errorf("%q: %v", name, map[string][]string(e))
				continue
			}
			for field, got := range e {
				if len(got) != 1 || got[0] != want {
					t.Errorf("%q at %s: %q, want %q", name, field, got, want)
				}
			}
			if proposal == "" || proposal == none {
				continue
			}
			e = FieldErrors{}
			if tc.check(e, proposal); len(e) != 0 {
				t.Errorf("%q is proposed, and refused: %v", proposal, map[string][]string(e))
			}
		}
		for _, name := range tc.right {
			e := FieldErrors{}
			if tc.check(e, name); len(e) != 0 {
				t.Errorf("%q is refused: %v", name, map[string][]string(e))
			}
		}
	}
}

// Names that are too long are told so, and not what letters they may have.
func TestLongNames(t *testing.T) {
	for why, check := range map[string]func(FieldErrors){
		"AWS":   func(e FieldErrors) { e.checkAWSName("f", strings.Repeat("n", 513), awsRule()) },
		"Azure": func(e FieldErrors) { e.checkAzureName("f", strings.Repeat("n", 128)) },
	} {
		e := FieldErrors{}
		if check(e); len(e["f"]) != 1 || !strings.HasPrefix(e["f"][0], "Shorten the name") {
			t.Errorf("%s: %v", why, map[string][]string(e))
		}
	}
}

// AWS advises against an ending that looks like its own. It is advice: such a name can be sent.
func TestNameAdvice(t *testing.T) {
	for _, tc := range []struct {
		cloud, name string
		advice      bool
	}{
		{CloudAWS, "prod-a1B2c3", true}, {"", "db-secret", true}, {CloudAzure, "prod-a1b2c3", false},
		{CloudAWS, "prod-a1b2c", false}, {CloudAWS, "prod-a1b2c3d", false}, {CloudAWS, "a1b2c3", false}, {CloudAWS, "prod/a1b2c3", false}, {CloudAWS, "", false},
	} {
		if got := NameAdvice(tc.cloud, tc.name) != ""; got != tc.advice {
			t.Errorf("%s %q: %v", tc.cloud, tc.name, got)
		}
	}
	v := value("p")
	v.Name, v.Value.Check = "prod-a1b2c3", true
	if j, e := v.prepare(checks{}); len(e)+len(j.doubts) != 0 {
		t.Errorf("%v %v", e, j.doubts)
	}
}

// A reference is proposed under a name like its secret's, where Maia takes one.
func TestProposedName(t *testing.T) {
	for secret, want := range map[string]string{
		"prod/snowflake": "prod_snowflake", "SNOWFLAKE_(PROD)-1": "SNOWFLAKE_(PROD)-1", "/a//b.c/": "a_b_c", "…": "", "": "",
	} {
		if got := ProposedName(secret); got != want {
			t.Errorf("%q: %q, want %q", secret, got, want)
		}
	}
}
