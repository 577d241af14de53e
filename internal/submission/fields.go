package submission

import (
	"slices"
	"strings"
	"time"

	"maiaportal/internal/maiaclient"
	"maiaportal/internal/record"
)

// What is said of a choice that there is not.
const (
	onlyPassword    = "PASSWORD is the only type of reference that Maia supports."
	chooseAgentType = "Choose one of AWS, Azure and Matillion hosted."
	chooseFormat    = "Choose one of text, pairs, JSON and file."
)

// GivenField is the value that an operator gives to one field ahead of time, for those who fill in the rest.
type GivenField struct {
	Name  string
	Value string
	// Whole says that nobody can add to the value: the beginning of a name is not enough.
	Whole bool
	// AgentType is where the secret is kept, as far as that is certain; it may be empty.
	AgentType string
}

// Check says what is wrong with the value, or nothing. The rules are those of submissions but for the company's own
// rules for names. A date may be in the past: what was right when it was written is no fault later.
func (g GivenField) Check() string {
	if g.Value != strings.Trim(g.Value, " \t\u00a0") {
		return "Remove the spaces at its beginning and end."
	}
	said := g.check(g.Value)
	if said == "" || g.Whole || !slices.Contains(namesByHand, g.Name) {
		return said
	}
	for _, longer := range continued(g.Value) {
		if g.check(longer) == "" {
			return ""
		}
	}
	return said
}

// namesByHand are the fields whose values people finish.
var namesByHand = []string{"secretReferenceName", "name", "secretName", "secretKey", "vaultName", "key"}

func (g GivenField) check(value string) string {
	e := FieldErrors{}
	switch g.Name {
	case "projectId":
		e.checkProject(value, true)
	case "agentId":
		e.checkAgent(value)
	case "secretReferenceName":
		e.checkReferenceName(value, NameRule{})
	case "agentType":
		if !slices.Contains(agentTypes, value) {
			e.add(g.Name, chooseAgentType)
		}
	case "secretReferenceType":
		if value != passwordType {
			e.add(g.Name, onlyPassword)
		}
	case "vaultName":
		if e.checkName(g.Name, value) {
			e.checkVaultName(value)
		}
	case "secretName":
		e.checkName(g.Name, value)
		e.checkSecretName(g.AgentType, value)
	case "description":
		e.checkDescription(value)
	case "valueFormat":
		if !slices.Contains(formats, record.Format(value)) {
			e.add(g.Name, chooseFormat)
		}
	case "recipe":
		if _, known := FindRecipe(value); !known {
			e.add(g.Name, "This use does not exist. Choose one of "+strings.Join(recipeIDs(), ", ")+".")
		}
	case "ticket":
		e.checkTicket(value)
	case "renewBy":
		if _, err := time.Parse(time.DateOnly, value); err != nil {
			e.add(g.Name, "Enter a date such as 2027-03-31.")
		}
	default:
		e.checkName(g.Name, value)
	}
	if len(e[g.Name]) == 0 {
		return ""
	}
	return e[g.Name][0]
}

var (
	agentTypes = []string{maiaclient.AWS, maiaclient.Azure, maiaclient.MatillionHosted}
	formats    = []record.Format{record.FormatText, record.FormatPairs, record.FormatJSON, record.FormatFile}
)

func recipeIDs() []string {
	ids := make([]string, len(Recipes))
	for i, r := range Recipes {
		ids[i] = r.ID
	}
	return ids
}

// anARN is a secret's ARN, to finish one with that has only begun.
var anARN = strings.Split("arn:aws:secretsmanager:eu-central-1:000000000000:secret:x", ":")

var digits = pattern(`\A[0-9]{1,11}\z`)

// continued are names that begin with the given one and that somebody might want to make of it.
func continued(name string) []string {
	list := []string{name + "x"}
	parts := strings.Split(name, ":")
	last := len(parts) - 1
	if last >= len(anARN)-1 {
		return list
	}
	end := parts[last]
	switch {
	case end == "", strings.HasPrefix(anARN[last], end):
		end = anARN[last]
	case digits().MatchString(end):
		end = (end + anARN[last])[:len(anARN[last])]
	}
	whole := slices.Concat(parts[:last], []string{end}, anARN[last+1:])
	return append(list, strings.Join(whole, ":"))
}
