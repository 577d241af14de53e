package submission

import (
	"regexp"
	"strings"
	"unicode/utf8"

	"maiaportal/internal/maiaclient"
)

// The clouds whose vaults an agent writes to, as Maia names them.
const (
	CloudAWS   = "aws"
	CloudAzure = "azure"
)

// NameRule is the company's own rule for names that are created here. The zero rule allows every name.
type NameRule struct {
	Expression *regexp.Regexp
	Sentence   string // says the rule to people
}

func (r NameRule) allows(name string) bool {
	return r.Expression == nil || r.Expression.MatchString(name)
}

const (
	awsText = `\A[0-9A-Za-z/_+=.@-]{1,512}\z`
	arnText = `\Aarn:[a-z-]+:secretsmanager:[a-z0-9-]+:[0-9]{12}:secret:[0-9A-Za-z/_+=.@-]{1,512}\z`
)

// The rules of those who keep the names: Maia's own, and those of the vaults' makers.
var (
	nameRule  = pattern(`\A[0-9A-Za-z_()-]{1,128}\z`)
	notInName = pattern(`[^0-9A-Za-z_()-]+`)

	// AWS Secrets Manager, CreateSecret.
	awsRule  = pattern(awsText)
	notInAWS = pattern(`[^0-9A-Za-z/_+=.@-]+`)
	// A reference may also name its secret by ARN.
	arnRule  = pattern(arnText)
	awsOrARN = pattern(awsText + "|" + arnText)
	// AWS puts a hyphen and six characters behind a name to make the ARN.
	awsSuffix = pattern(`-[0-9A-Za-z]{6}\z`)

	// Azure Key Vault, objects and vaults.
	azureRule  = pattern(`\A[A-Za-z][0-9A-Za-z-]{0,126}\z`)
	notInAzure = pattern(`[^0-9A-Za-z-]+`)
	// Azure wants three characters at least. That is not held: no slip of the hand makes a name that short.
	vaultRule = pattern(`\A[A-Za-z](-?[0-9A-Za-z]){0,23}\z`)
	vaultURL  = pattern(`\A(?i:https://)?([0-9A-Za-z-]+)\.vault\.(?:azure\.net|azure\.cn|usgovcloudapi\.net)(?:/.*)?\z`)
)

var (
	secretURL = pattern(`\A(?i:https://)?[0-9A-Za-z-]+\.vault\.(?:azure\.net|azure\.cn|usgovcloudapi\.net)/secrets/([0-9A-Za-z-]+)(?:/.*)?\z`)
	arnAndKey = pattern(`\A(arn:[^:]+:secretsmanager:[^:]+:[^:]+:secret:[^:]+):`)
)

// nameIn proposes, of an address or an ARN, the name that is in it: its signs replaced, it would be the
// name of nothing.
func nameIn(name, proposal string) string {
	switch m, n := secretURL().FindStringSubmatch(name), arnAndKey().FindStringSubmatch(name); {
	case m != nil:
		return m[1]
	case n != nil:
		return n[1]
	case strings.Contains(name, "://") || strings.HasPrefix(name, "arn:"):
		return ""
	}
	return proposal
}

// wouldDo ends a sentence with a name that is allowed, made of one that is not.
func wouldDo(name string, rule *regexp.Regexp) string {
	if !rule.MatchString(name) {
		return "."
	}
	return ": " + name + " would do."
}

// checkReferenceName holds the rule of secretReferenceName, over the whole string, and the company's.
func (e FieldErrors) checkReferenceName(name string, own NameRule) {
	const field = "secretReferenceName"
	switch {
	case name == "":
		e.add(field, "Enter the name that pipelines will use, for example SNOWFLAKE_PASSWORD.")
	case unseen(name, true) != "":
		e.checkName(field, name)
	case utf8.RuneCountInString(name) > 128:
		e.add(field, "Shorten the name: it may have up to 128 characters.")
	case !nameRule().MatchString(name):
		e.add(field, "Use letters, digits, _ - ( and ) only"+wouldDo(strings.Trim(notInName().ReplaceAllString(name, "_"), "_"), nameRule()))
	default:
		e.checkOwnRule(field, name, own)
	}
}

// ProposedName is a reference's name that is like the name of its secret, or nothing where none can be made of it.
func ProposedName(secret string) string {
	name := strings.Trim(notInName().ReplaceAllString(secret, "_"), "_")
	if !nameRule().MatchString(name) {
		return ""
	}
	return name
}

// checkOwnRule holds the company's own rule.
func (e FieldErrors) checkOwnRule(field, name string, own NameRule) {
	if !own.allows(name) {
		e.add(field, "Your company requires: "+own.Sentence)
	}
}

// checkProjectRule holds the rule of the project, where the name is one at all.
func (e FieldErrors) checkProjectRule(field, name string, rule NameRule) {
	if len(e[field]) == 0 && !rule.allows(name) {
		e.add(field, "This project requires: "+rule.Sentence)
	}
}

// checkAWSName holds the rule of a secret's name in Secrets Manager. What is proposed keeps the rule would.
func (e FieldErrors) checkAWSName(field, name string, would *regexp.Regexp) {
	switch {
	case len(name) > 512:
		e.add(field, "Shorten the name: Secrets Manager takes up to 512 characters.")
	case !awsRule().MatchString(name):
		e.add(field, "Secrets Manager takes letters, digits and / _ + = . @ - only"+wouldDo(nameIn(name, strings.Trim(notInAWS().ReplaceAllString(name, "-"), "-")), would))
	}
}

// checkAzureName holds the rule of a secret's name in a Key Vault.
func (e FieldErrors) checkAzureName(field, name string) {
	switch {
	case len(name) > 127:
		e.add(field, "Shorten the name: a Key Vault takes up to 127 characters.")
	case !azureRule().MatchString(name):
		e.add(field, "A Key Vault takes letters, digits and hyphens only, a letter first"+wouldDo(nameIn(name, hyphenated(name)), azureRule()))
	}
}

// hyphenated makes of a name what Azure might take.
func hyphenated(name string) string {
	return strings.Trim(strings.TrimLeft(notInAzure().ReplaceAllString(name, "-"), "0123456789-"), "-")
}

// checkVaultName holds the rule of a Key Vault's own name.
func (e FieldErrors) checkVaultName(name string) {
	const field = "vaultName"
	if vaultRule().MatchString(name) && len(name) <= 24 {
		return
	}
	if m := vaultURL().FindStringSubmatch(name); m != nil && vaultRule().MatchString(m[1]) {
		e.add(field, "Enter the vault’s name, not its address: "+m[1]+" would do.")
		return
	}
	p := regexp.MustCompile(`-+`).ReplaceAllString(hyphenated(name), "-")
	if len(p) > 24 {
		p = ""
	}
	e.add(field, "A Key Vault’s name has up to 24 letters, digits and single hyphens, a letter first"+wouldDo(p, vaultRule()))
}

// checkSecretName holds the rule of the vault that a reference points into.
func (e FieldErrors) checkSecretName(agentType, name string) {
	const field = "secretName"
	switch {
	case len(e[field]) > 0:
	case agentType == maiaclient.Azure:
		e.checkAzureName(field, name)
	case !arnRule().MatchString(name):
		e.checkAWSName(field, name, awsOrARN())
	}
}

// checkNewName holds the rule of the vault that an agent writes to. An agent whose cloud is not known
// may write to either.
func (e FieldErrors) checkNewName(cloud, name string) {
	const field = "name"
	if len(name) == 0 {
		return
	}
	switch cloud {
	case CloudAzure:
		e.checkAzureName(field, name)
	default:
		e.checkAWSName(field, name, awsRule())
	}
}

// NameAdvice is what is better known about a new secret's name before it is stored, or nothing. It is
// no fault: many a good name ends like that.
func NameAdvice(cloud, name string) string {
	if cloud == CloudAzure || !awsSuffix().MatchString(name) {
		return ""
	}
	return "On AWS, avoid ending a name with a hyphen and six characters: AWS appends such a suffix itself and may confuse the two."
}
