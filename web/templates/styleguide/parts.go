package styleguide

import (
	"strings"

	"github.com/a-h/templ"

	. "maiaportal/web/templates/parts" //nolint:staticcheck // the list below is about nothing else
)

// longName is as long as a name can be, with no place to break a line at.
var longName = strings.Repeat("SNOWFLAKE_PASSWORD_", 7)[:128]

var (
	links = []Link{{
		Label:   "Set up a secret",
		Href:    "#part-Links",
		Primary: true,
	}, {
		Label: "See your activity",
		Href:  "#part-Links",
	}}
	recipes = []RecipeLink{{
		Title: "A password or token",
		Text:  "One line, for a database, a service or an API",
		Href:  "#part-PickRecipe",
	}, {
		Title: "An OAuth client",
		Text:  "Client id and client secret",
		Href:  "#part-PickRecipe",
	}}
	moment = Moment{ISO: "2026-11-21T14:05:00Z", Exact: "21 November 2026, 14:05:09 UTC", Words: "3 minutes ago"}
	later  = Moment{ISO: "2026-11-21T22:04:00Z", Exact: "22:04 UTC", Words: "in 7 h 59 min"}
	groups = []OptionGroup{{
		Label:   "AWS",
		Options: []Option{{Value: "a1", Label: "Production, eu-west-1"}},
	}, {
		Label:   "Azure",
		Options: []Option{{Value: "a2", Label: "Events: takes no secrets", Disabled: true}},
	}}
)

// parts are all of them, in the order in which somebody meets them on a page.
func parts() []part {
	var list []part
	for _, some := range [][]part{signs(), said(), lists(), fields(), forms()} {
		list = append(list, some...)
	}
	return list
}

func kinds(one func(Kind) templ.Component) []state {
	var list []state
	for _, k := range []Kind{KindInfo, KindDone, KindWarning, KindProblem} {
		list = append(list, state{string(k), one(k)})
	}
	return list
}

func signs() []part {
	icons := []state{
		{"IconBrand", IconBrand},
		{"IconChevron", IconChevron},
		{"IconArrow", IconArrow},
		{"IconAWS", IconAWS},
		{"IconAzure", IconAzure},
		{"IconHosted", IconHosted},
	}
	return []part{{
		name:   "Icons",
		use:    "Signs next to words that say the same.",
		states: icons,
		each:   true,
	}, {
		name:   "KindIcon",
		use:    "The sign of a tone. Each has a shape of its own, so it works without colour.",
		states: kinds(KindIcon),
	}, {
		name: "Outcome",
		use:  "An outcome: a sign and a word.",
		states: append(kinds(func(k Kind) templ.Component { return Outcome(Badge{Kind: k, Label: "Result"}) }),
			state{"long", Outcome(Badge{Kind: KindInfo, Label: longName})}),
	}}
}

func said() []part {
	help := HelpDesk{
		Means: "The agent is restricted to certain projects.",
		Ask:   "An administrator of your company’s Maia account.",
		Lines: []string{"Maia answered 403.", "Agent: " + longName},
	}
	folded := help
	folded.Folded = true
	return []part{{
		name: "When",
		use:  "A moment in words, and exactly.",
		states: []state{
			{"past", When(moment)},
			{"without words", When(Moment{ISO: "2026-12-01", Exact: "1 December 2026"})},
		},
	}, {
		name:   "Ago",
		use:    "A moment in words, in a list whose entries lead to the exact time.",
		states: []state{{"past", Ago(moment)}},
	}, {
		name: "Until",
		use:  "When something ends.",
		states: []state{
			{"to come", Until(later)},
			{"without words", Until(Moment{ISO: later.ISO, Exact: later.Exact})},
		},
	}, {
		name:   "Links",
		use:    "Ways to go on.",
		states: []state{{"a main one and another", Links(links)}, {"others only", Links(links[1:])}},
	}, {
		name: "ForHelpDesk",
		use:  "What an answer of Maia usually means, and whom to ask.",
		once: true,
		states: []state{
			{"unfolded", ForHelpDesk(&help)},
			{"folded", ForHelpDesk(&folded)},
			{"nobody to ask", ForHelpDesk(&HelpDesk{Means: help.Means, Lines: help.Lines})},
		},
	}}
}

func lists() []part {
	return []part{{
		name: "Facts",
		use:  "Names and values.",
		states: []state{{"text, a moment and a value to pick", Facts([]Fact{{
			Label: "Project",
			Value: "Finance – nightly loads",
		}, {
			Label: "When",
			When:  moment,
		}, {
			Label: "Name",
			Value: longName,
			Code:  true,
		}})}, {"text only", Facts([]Fact{{Label: "By", Value: "Ada Winter"}})}},
	}, {
		name: "Counts",
		use:  "Numbers in a row.",
		states: []state{
			{"exact", Counts([]Count{{Label: "Entries", Number: 4}, {Label: "Created", Number: 3}})},
			{"more than were counted", Counts([]Count{{Label: "Newest entries", Number: 1000, More: true}})},
		},
	}, {
		name: "FilterField",
		use:  "A control that narrows a list.",
		states: []state{
			{"text", FilterField(Filter{Name: "f-text", Label: "Name begins with", Value: "SNOW"})},
			{"certain values", FilterField(Filter{
				Name:    "f-options",
				Label:   "Outcome",
				Value:   "created",
				Options: []Option{{Value: "created", Label: "Created"}, {Value: "unknown", Label: "Result unknown"}},
			})},
			{"a day", FilterField(Filter{Name: "f-day", Label: "From", Day: true})},
		},
	}, {
		name:   "ValuePromises",
		use:    "What happens to a secret, next to the fields that take it.",
		states: []state{{"as it is", ValuePromises}},
	}}
}

func fields() []part {
	field := func(f Field, optional bool) templ.Component {
		return with(TextField(f, "Reference name", optional), text("Pipelines use this name."))
	}
	pick := func(f Field, p Picker) templ.Component {
		p.What = "agent"
		f.Picker = &p
		return with(PickField(f, "Agent", false), text("It stores the value in its vault."))
	}
	wrong := []string{"Use letters, digits, _ - ( and ) only, for example SNOWFLAKE_PASSWORD."}
	// The values differ from group to group, since what describes one has its id.
	card := func(c Choice) templ.Component {
		return with(Radios(c, "Where is the secret kept?", "two", true),
			with(Card(c, "aws-"+c.Name, "AWS", "Secrets Manager"), IconAWS), with(Card(c, "azure-"+c.Name, "Azure", "Key Vault"), IconAzure))
	}
	return []part{{
		name: "TextField",
		use:  "One line of text that is not secret.",
		states: []state{
			{"empty", field(Field{Name: "t-empty"}, false)},
			{"optional, with suggestions and a rule", field(Field{
				Name:    "t-optional",
				Rule:    "Your company requires: begin with DEV_ or PRD_.",
				Options: []Option{{Value: "DEV_LOADS", Label: "Development"}},
			}, true)},
			{"filled in by a link, with advice", field(Field{
				Name:   "t-linked",
				Value:  longName,
				Linked: true,
				Advice: "It is very long.",
			}, false)},
			{"fixed by a preset", field(Field{Name: "t-locked", Value: "SNOWFLAKE_", Locked: true}, false)},
			{"wrong", field(Field{Name: "t-wrong", Value: "my secret", Errors: wrong}, false)},
		},
	}, {
		name: "PlainField",
		use:  "One line of text without a hint.",
		states: []state{
			{"text", PlainField("p-text", Field{Name: "p-text", Value: longName}, "Name")},
			{"a day", PlainField("p-day", Field{Name: "renewBy"}, "Renew by")},
		},
	}, {
		name: "FieldErrors",
		use:  "What is wrong with a field.",
		states: []state{
			{"one", FieldErrors("e-one", wrong)},
			{"several", FieldErrors("e-two", []string{wrong[0], "Maia says: " + longName})},
		},
	}, {
		name: "PickField",
		use:  "A project or an agent.",
		states: []state{
			{"from a list", pick(Field{Name: "k-list"}, Picker{
				Groups: groups,
				Other:  &Field{Name: "k-list-other"},
			})},
			{"chosen, with something against it", pick(Field{Name: "k-against", Value: "a1", Linked: true}, Picker{
				Groups:  groups,
				Name:    "Production, eu-west-1",
				Against: []string{"This agent is stopped."},
			})},
			{"in no list", pick(Field{Name: "k-nowhere", Value: longName}, Picker{Groups: groups, Nowhere: true})},
			{"no list", pick(Field{Name: "k-none"}, Picker{Why: "Maia did not give the list of agents."})},
			{"fixed by a preset", pick(Field{Name: "k-locked", Value: "a1", Locked: true}, Picker{Name: "Production"})},
			{"wrong", pick(Field{Name: "k-wrong", Errors: []string{"Choose the agent."}}, Picker{Groups: groups})},
		},
	}, {
		name: "Radios",
		use:  "A choice that changes the form.",
		states: []state{
			{"nothing chosen", card(Choice{Name: "r-none"})},
			{"chosen by a link", card(Choice{Name: "r-linked", Chosen: "aws-r-linked", Linked: true})},
			{"fixed by a preset", card(Choice{Name: "r-locked", Chosen: "azure-r-locked", Locked: true})},
			{"wrong", card(Choice{Name: "r-wrong", Errors: []string{"Choose where the secret is kept."}})},
		},
	}, {
		name:   "Card",
		use:    "One radio button of a choice.",
		states: []state{{"without a sign", with(Card(Choice{Name: "c-one"}, "one", "Text", "A password or a token"), none)}},
	}, {
		name:   "HiddenFields",
		use:    "Fields that a form carries along. There is nothing to see.",
		states: []state{{"one", HiddenFields([]Hidden{{Name: "for", Value: "/setup"}})}},
	}}
}

func forms() []part {
	value := ValueFields{
		Formats: []string{"text", "pairs", "json", "file"},
		Format:  Choice{Name: "valueFormat", Chosen: "text"},
		Key:     Field{Name: "key"},
		Text:    SecretField{Name: "valueText"},
		JSON:    SecretField{Name: "valueJSON"},
		File:    SecretField{Name: "valueFile"},
		Pairs:   make([]Pair, 8),
		ShowKey: true,
		Check:   true,
	}
	format := func(name string) ValueFields {
		v := value
		v.Format.Chosen = name
		return v
	}
	wrong := value
	wrong.Text.Errors = []string{"Enter the value."}
	doubted := value
	doubted.Check, doubted.Doubted = false, true
	known := format("pairs")
	known.Formats, known.ShowKey = []string{"pairs"}, false
	known.Properties = []PropertyField{
		{Name: "clientId", Label: "Client id", Short: true},
		{Name: "clientSecret", Label: "Client secret", Short: true, Errors: []string{"Enter the client secret."}},
	}
	known.OtherNames = "/styleguide"

	asked := RecipePicker{Question: "What is it for? Choose first, or fill in the form for anything else.", Links: recipes}
	problems := []SummaryItem{{Text: "Enter the name that pipelines will use.", Href: "#main"}, {Text: "Maia says: no."}}
	notice := func(k Kind) templ.Component {
		return FormTop(Form{Notices: []Notice{{
			Kind:  k,
			Title: "Something to know",
			Text:  []string{"It is said in a sentence."},
			Links: links[1:],
		}}})
	}
	return []part{{
		name:   "SectionHead",
		use:    "What a part of a form is about.",
		states: []state{{"with a word on it", with(SectionHead("The secret"), text("It goes into the vault."))}},
	}, {
		name: "PickRecipe",
		use:  "What the secret is for.",
		states: []state{
			{"nothing chosen", PickRecipe(asked)},
			{"chosen", PickRecipe(RecipePicker{ID: "password", Chosen: recipes[0], Change: "/styleguide"})},
			{"fixed by a preset", PickRecipe(RecipePicker{ID: "password", Chosen: recipes[0]})},
		},
	}, {
		name: "First",
		use:  "What decides the rest of a form: it is chosen before anything is typed.",
		once: true,
		states: []state{
			{"nothing chosen, with lists", First(asked, []Link{{Label: "projects", Href: "/styleguide"}, {Label: "agents", Href: "/styleguide"}})},
			{"without lists", First(asked, nil)},
		},
	}, {
		name: "Fold",
		use:  "The fields that few people need. It is open where one of them has something, or is wrong.",
		states: []state{
			{"closed", with(Fold(false, text("ticket")), PlainField("f-closed", Field{Name: "ticket"}, "Ticket"))},
			{"open", with(Fold(true, text("ticket")), PlainField("f-open", Field{Name: "ticket", Value: "CHG-4711"}, "Ticket"))},
		},
	}, {
		name: "KeyField",
		use:  "The name of the property of a value.",
		once: true,
		states: []state{
			{"of any format", KeyField(value, KeyForAll)},
			{"of text and files", KeyField(value, KeyForText)},
		},
	}, {
		name: "FormTop",
		use:  "What stands above the first field: what is wrong, and what to know.",
		once: true,
		states: append(kinds(notice),
			state{"one problem", FormTop(Form{Summary: problems[:1]})},
			state{"several problems, the secret dropped", FormTop(Form{Summary: problems, SecretDropped: true})},
			state{"a doubtful value", FormTop(Form{
				Summary:        append(problems, problems...),
				SummaryHeading: "The value looks wrong and was not sent",
				Doubt:          "Fix it where it comes from.",
			})},
			state{"the secret dropped", FormTop(Form{SecretDropped: true})}),
	}, {
		name: "TakeValue",
		use:  "A secret value in one of four formats.",
		once: true,
		states: []state{
			{"nothing chosen", TakeValue(format(""), false)},
			{"text", TakeValue(value, false)},
			{"pairs", TakeValue(format("pairs"), false)},
			{"JSON", TakeValue(format("json"), false)},
			{"file", TakeValue(format("file"), false)},
			{"wrong, the secret dropped", TakeValue(wrong, true)},
			{"checked already", TakeValue(doubted, false)},
			{"known properties", TakeValue(known, false)},
		},
	}, {
		name: "SecretOr",
		use:  "The fields of a value, or why there are none.",
		states: []state{
			{"none", with(SecretOr(&Notice{Kind: KindWarning, Title: "This agent cannot take a secret"}, ValueFields{}), none)},
			{"fields", with(SecretOr(nil, ValueFields{}), text("The fields of a value."))},
		},
	}, {
		name:   "FormEnd",
		use:    "The only submit button of a form.",
		states: []state{{"with a word on it", with(FormEnd("Create a reference"), text("Nothing is sent before."))}},
	}}
}
