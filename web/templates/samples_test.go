package templates_test

import (
	"slices"
	"strings"

	"github.com/a-h/templ"

	. "maiaportal/web/templates/layout"
	. "maiaportal/web/templates/pages"
	. "maiaportal/web/templates/parts"
)

// supportURL is the only address outside the portal that a sample hands to a page.
const supportURL = "https://help.example.com/secrets"

// maiaAddress is where a page says that Maia is. It is no link.
const maiaAddress = "https://eu1.api.matillion.com"

var (
	projects = []OptionGroup{{Options: []Option{
		{Value: "7f3c2a10-5b7e-4c55-9d0a-2f6f1f0c9a11", Label: "Finance, nightly loads"},
		{Value: "0b9d4e77-1c2f-4a3b-8e6d-5a4c3b2a1f00", Label: "Marketing"},
	}}}
	agents = []OptionGroup{
		{Label: "AWS", Options: []Option{{Value: "prod-agent-1", Label: "Production, AWS eu-west-1 · AWS"}}},
		{Label: "Azure", Options: []Option{
			{Value: "azure-agent-2", Label: "Azure West Europe · Azure · stopped"},
			{Value: "azure-agent-3", Label: "Events · Azure · streaming: takes no secrets", Disabled: true},
		}},
	}
	// longName has no place to break a line at.
	longName = strings.Repeat("SNOWFLAKE_PASSWORD_", 7)[:128]
)

// picker is a field with a list.
func picker(what string, groups []OptionGroup) *Picker {
	other := map[string]string{"project": "otherProjectId", "agent": "otherAgentId"}
	return &Picker{
		What:   what,
		Groups: groups,
		Other:  &Field{Name: other[what]},
	}
}

// linkedForm was opened by a link, with an agent that is not ready and a project that no list has.
func linkedForm() SecretForm {
	m := setupForm("", "text")
	agent, project := at(m, "agentId"), at(m, "projectId")
	agent.Value, agent.Linked = "azure-agent-2", true
	agent.Picker.Name = "Azure West Europe"
	agent.Picker.Against = []string{"This agent is stopped. It stores nothing until somebody starts it."}
	project.Value, project.Linked = "nowhere", true
	project.Picker.Nowhere = true
	project.Picker.Groups = append([]OptionGroup{{
		Label:   "In no list",
		Options: []Option{{Value: "nowhere", Label: "nowhere"}},
	}}, project.Picker.Groups...)
	at(m, "secretReferenceName").Value, at(m, "secretReferenceName").Linked = "SNOWFLAKE_PASSWORD", true
	return m
}

// typedForm came back with an id that was typed beside the list.
func typedForm() SecretForm {
	m := valueForm("text")
	m.Page.Error = true
	*at(m, "agentId").Picker.Other = Field{
		Name:   "otherAgentId",
		Value:  "not an id",
		Errors: []string{"An agent’s id has letters and digits only."},
	}
	m.Summary = []SummaryItem{{Text: "An agent’s id has letters and digits only.", Href: "#otherAgentId"}}
	return m
}

// hopelessForm has an agent that takes no secret.
func hopelessForm() SecretForm {
	m := valueForm("text")
	agent := at(m, "agentId")
	agent.Value, agent.Linked = "azure-agent-3", true
	agent.Picker.Name = "Events"
	agent.Picker.Against = []string{"This is a streaming agent. Streaming agents cannot use secrets."}
	m.Hopeless = &Notice{
		Kind:  KindWarning,
		Title: "This agent cannot take a secret",
		Text:  agent.Picker.Against,
		Links: []Link{{Label: "Look again", Href: "/secret-values/new?agentId=azure-agent-3"}},
	}
	return m
}

// choose is the second page of three of a filtered list.
func choose() Choose {
	return Choose{
		Page:    page("Choose an agent", ""),
		Heading: "Choose an agent",
		What:    "agent",
		Form:    "Store a value",
		Path:    "/choose/agent",
		Hidden:  []Hidden{{Name: "for", Value: "/secret-values/new"}, {Name: "name", Value: "prod"}},
		Q:       "azure",
		Back:    "/secret-values/new?name=prod",
		Total:   5000,
		Found:   250,
		Number:  2,
		Last:    3,
		Newer:   "/choose/agent?for=%2Fsecret-values%2Fnew&q=azure",
		Older:   "/choose/agent?for=%2Fsecret-values%2Fnew&q=azure&page=3",
		Rows: []ChooseRow{
			{Href: "/secret-values/new?agentId=a1", Name: "Azure West Europe", ID: "a1", Group: "Azure", Current: true},
			{Href: "/secret-values/new?agentId=a2", Name: longName, ID: strings.Repeat("x", 128), Group: "Azure", Brief: "stopped"},
			{Name: "Events", ID: "a3", Brief: "streaming: takes no secrets"},
		},
	}
}

func noChoice() Choose {
	return Choose{
		Page:    page("Choose a project", ""),
		Heading: "Choose a project",
		What:    "project",
		Form:    "Set up a secret",
		Path:    "/choose/project",
		Back:    "/setup",
		Why:     "Maia did not give the list of projects: your account may not see it.",
		Again:   "/choose/project?for=%2Fsetup",
	}
}

func wiki() Wiki {
	m := setupForm("", "text")
	project := *at(m, "projectId")
	return Wiki{
		Page:     page("Make a link", ""),
		Title:    "Set up a secret",
		For:      "/setup",
		URL:      supportURL + "/setup?secretReferenceName=" + longName,
		Markdown: "[Set up a secret](" + supportURL + "/setup?secretReferenceName=" + longName + ")",
		Open:     "/setup?secretReferenceName=" + longName,
		Fields: []WikiField{
			{ID: "projectId", Label: "Project", Field: project},
			{ID: "agentType", Label: "Agent type", Field: Field{Name: "agentType", Picker: &Picker{
				Groups: []OptionGroup{{Options: []Option{{Value: "AWS", Label: "AWS Secrets Manager"}}}},
			}}},
			{ID: "secretReferenceName", Label: "Reference name", Field: Field{Name: "secretReferenceName", Value: longName}},
			{ID: "pairKey-1", Label: "Property 1, name", Field: Field{Name: "pairKey"}},
		},
	}
}

// until is the end of the login on all samples.
var until = Moment{ISO: "2026-11-21T16:30:00Z", Exact: "16:30 UTC", Words: "in 7 h 59 min"}

func page(title, current string) Page {
	return Page{
		Title:   title,
		Product: "Maia secrets",
		Region:  "EU1",
		Support: supportURL,
		Nav: []NavItem{
			{Label: "Create a reference", Href: "/secret-references/new", Current: current == "reference"},
			{Label: "Store a value", Href: "/secret-values/new", Current: current == "value"},
			{Label: "Activity", Href: "/activity", Current: current == "activity"},
		},
		User: &User{Name: "Ada Admin", Initials: "AA", Detail: "ada@example.com", Until: until},
		Assets: Assets{
			Stylesheet:     "/static/portal.css",
			FormStylesheet: "/static/forms.css",
			Icon:           "/static/icon.svg",
		},
	}
}

// strangerPage is the frame where nobody is signed in, with nothing that is optional.
func strangerPage(title string) Page {
	return Page{
		Title:   title,
		Product: "Maia secrets",
		Assets: Assets{
			Stylesheet:     "/static/portal.css",
			FormStylesheet: "/static/forms.css",
			Icon:           "/static/icon.svg",
		},
	}
}

// crowdedPage is the frame with everything in it, and all of it long.
func crowdedPage(title string) Page {
	p := page(title, "")
	p.Product = "Contoso Group Data Platform, secrets for Maia pipelines"
	p.Notice = "Maintenance on Saturday from 08:00 to 10:00 UTC. Forms that are open then should be sent before."
	p.User = &User{
		Name:     strings.Repeat("Wolfeschlegelstein", 4),
		Initials: "WW",
		Detail:   strings.Repeat("wolfe", 20) + "@example.com",
		Until:    until,
	}
	return p
}

// layouts are the frames that look different, without a page in them.
func layouts() map[string]Page {
	failed := page("Store a value", "value")
	failed.Error = true
	return map[string]Page{
		"layout":          failed,
		"layout-crowded":  crowdedPage("Start"),
		"layout-stranger": strangerPage("Signed out"),
	}
}

func valueFields(format string) ValueFields {
	return ValueFields{
		Format:  Choice{Name: "valueFormat", Chosen: format},
		Key:     Field{Name: "key"},
		Text:    SecretField{Name: "valueText"},
		JSON:    SecretField{Name: "valueJSON"},
		File:    SecretField{Name: "valueFile"},
		Pairs:   make([]Pair, 8),
		Formats: []string{"text", "pairs", "json", "file"},
		ShowKey: true,
		Check:   true,
		Picker: RecipePicker{Links: []RecipeLink{
			{
				Title: "A password or token",
				Text:  "One line",
				Href:  "/secret-values/new?recipe=password",
			}, {
				Title: "An OAuth client",
				Text:  "Client id and client secret",
				Href:  "/secret-values/new?recipe=oauth-client",
			},
			{Title: "A service account’s JSON file", Text: "Kept as it is", Href: "/secret-values/new?recipe=service-account"},
		}},
	}
}

// recipe is a value form for one use.
func recipe(id, title string, formats ...string) SecretForm {
	m := valueForm(formats[0])
	m.Value.Picker = RecipePicker{
		ID: id,
		Chosen: RecipeLink{
			Title: title,
			Text:  "What it is",
		},
		Change: "/secret-values/new",
	}
	m.Value.Formats, m.Value.ShowKey = formats, false
	return m
}

func passwordRecipe() SecretForm {
	m := recipe("password", "A password or token", "text")
	m.Value.TextLabel, m.Value.TextHint, m.Value.Short = "Password or token", "Exactly as it was issued.", true
	at(m, "name").Rule, at(m, "name").Value, at(m, "name").Advice = "Begin with DEV- or PRD-.", "PRD-a1b2c3", "Better do not end it like that."
	return m
}

func keyRecipe() SecretForm {
	m := recipe("snowflake-key", "A Snowflake key", "text", "file")
	m.Value.TextLabel, m.Value.TextHint, m.Value.FileHint, m.Value.ShowKey = "Private key", "All of it.", "The key’s PEM file.", true
	m.Value.Key.Value = "privateKey"
	return m
}

func propertiesRecipe() SecretForm {
	m := recipe("snowflake-component-key", "A Snowflake key for a component", "pairs")
	m.Value.Properties = []PropertyField{{
		Name:  "privateKey",
		Label: "Private key",
		Hint:  "All of it.",
	}, {
		Name:     "passphrase",
		Label:    "Passphrase",
		Optional: true,
		Short:    true,
	}}
	m.Value.OtherNames = "/secret-values/new?recipe=anything&valueFormat=pairs"
	return m
}

// doubts is an answer to a value that looks odd.
func doubts() SecretForm {
	m := propertiesRecipe()
	m.Page.Error, m.SecretDropped, m.Doubt, m.SummaryHeading = true, true, "Correct it, or send it again.", "The value looks odd"
	m.Value.Check, m.Value.Doubted = false, true
	m.Value.Properties[1].Errors = []string{"It ends with a blank, which copying often adds."}
	m.Summary = []SummaryItem{{Text: "It ends with a blank, which copying often adds.", Href: "#pairValue-2"}}
	return m
}

// at is a field of a form, to fill in.
func at(m SecretForm, name string) *Field {
	i := slices.IndexFunc(m.Fields, func(f Field) bool { return f.Name == name })
	return &m.Fields[i]
}

func referenceForm(agentType, format string) SecretForm {
	return SecretForm{
		Page: page("Create a reference", "reference"),
		Form: Form{Token: "token-1"},
		Fields: Fields{
			{Name: "projectId", Picker: picker("project", projects)},
			{Name: "secretReferenceName"},
			{Name: "agentType", Value: agentType},
			{Name: "secretReferenceType", Value: "PASSWORD"},
			{Name: "description"},
			{Name: "vaultName"},
			{Name: "secretName"},
			{Name: "secretKey"},
			{Name: "agentId", Picker: picker("agent", agents)},
			{Name: "ticket"},
			{Name: "renewBy"},
		},
		Value: valueFields(format),
	}
}

func setupForm(agentType, format string) SecretForm {
	m := referenceForm(agentType, format)
	m.Page = page("Set up a secret", "setup")
	m.Fields = append(m.Fields,
		Field{Name: "name", Advice: "Better do not end it like that."},
		Field{Name: "type", Options: []Option{{Value: "PASSWORD", Label: "One password"}}},
	)
	return m
}

func valueForm(format string) SecretForm {
	return SecretForm{
		Page: page("Store a value", "value"),
		Form: Form{Token: "token-2"},
		Fields: Fields{
			{Name: "agentId", Picker: picker("agent", agents)},
			{Name: "projectId", Picker: &Picker{
				What: "project",
				Why:  "Maia could not give the list of projects just now.",
			}},
			{Name: "name"},
			{
				Name: "type",
				Options: []Option{{
					Value: "PASSWORD",
					Label: "One password",
				}, {
					Value: "OAUTH_CLIENT_CREDENTIALS",
					Label: "Client id and secret",
				}},
			},
			{Name: "ticket", Value: "CHG-4711"},
			{Name: "renewBy", Value: "2027-01-31"},
		},
		Value: valueFields(format),
	}
}

// referenceErrors has everything wrong that can be.
func referenceErrors() SecretForm {
	m := referenceForm("", "text")
	m.Page.Error = true
	m.SecretDropped = true
	at(m, "projectId").Errors = []string{"This is not a project id. It has 36 characters, four of them hyphens."}
	at(m, "projectId").Value = "finance"
	*at(m, "secretReferenceName") = Field{
		Name:   "secretReferenceName",
		Value:  "SNOWFLAKE PASSWORD",
		Errors: []string{"Take the space out. SNOWFLAKE_PASSWORD would do."},
	}
	at(m, "agentType").Errors = []string{"Choose where the secret is kept."}
	m.Summary = []SummaryItem{
		{Text: "This is not a project id. It has 36 characters, four of them hyphens.", Href: "#projectId"},
		{Text: "Take the space out. SNOWFLAKE_PASSWORD would do.", Href: "#secretReferenceName"},
		{Text: "Choose where the secret is kept.", Href: "#agentType-AWS"},
		{Text: "Maia says: the project is archived.", Href: ""},
	}
	m.Help = &HelpDesk{
		Means:  "Maia does not take something that was entered.",
		Ask:    "Correct it first.",
		Lines:  []string{"Maia’s status: 400 Bad Request", "Maia says: the project is archived.", "Request id: 0123"},
		Folded: true,
	}
	return m
}

// azureErrors has errors in one of two fields that stand side by side.
func azureErrors() SecretForm {
	m := referenceForm("Azure", "text")
	m.Page.Error = true
	at(m, "vaultName").Value = "contoso-kv"
	at(m, "secretName").Errors = []string{"Enter the name of the secret in the Key Vault.", "Maia says: secretName must not be blank, because a reference that points to nothing cannot be resolved by a pipeline at run time."}
	m.Summary = []SummaryItem{{Text: "Enter the name of the secret in the Key Vault.", Href: "#secretName"}}
	return m
}

func pairErrors() SecretForm {
	m := valueForm("pairs")
	m.Page.Error = true
	m.SecretDropped = true
	at(m, "agentId").Value, at(m, "name").Value = "prod-agent-1", "prod-oauth"
	m.Value.MoreRows = "/secret-values/new?rows=16"
	m.Value.Pairs[0].Key = "clientId"
	m.Value.Pairs[1] = Pair{
		Key:       "clientId",
		KeyErrors: []string{"Property 2 has the name of property 1. Give each its own."},
	}
	m.Value.Pairs[5] = Pair{
		KeyErrors:   []string{"Enter a name for property 6."},
		ValueErrors: []string{"Enter the value of property 6."},
	}
	m.Value.PairsErr = []string{"All values together are larger than 256 KiB."}
	m.Value.Key = Field{Name: "key", Value: "token", Errors: []string{"There is no property of this name."}}
	m.Value.Format.Errors = []string{"Choose another way."}
	m.Summary = []SummaryItem{
		{Text: "Property 2 has the name of property 1. Give each its own.", Href: "#pairKey-2"},
		{Text: "Enter a name for property 6.", Href: "#pairKey-6"},
	}
	return m
}

func secretErrors(format string) SecretForm {
	m := valueForm(format)
	m.Page.Error = true
	m.SecretDropped = true
	m.Value.Text.Errors = []string{"Enter the secret value."}
	m.Value.JSON.Errors = []string{"Line 3, column 14: a comma is missing here."}
	m.Value.File.Errors = []string{"The file is not text in UTF-8."}
	m.Summary = []SummaryItem{{Text: "There is something wrong with the value.", Href: "#valueText"}}
	return m
}

func noticeForm() SecretForm {
	m := referenceForm("AWS", "text")
	m.Page.Notice = "Maintenance on Saturday from 08:00 to 10:00 UTC."
	at(m, "projectId").Picker = &Picker{What: "project"}
	at(m, "secretReferenceName").Value = longName
	at(m, "secretName").Value = "prod/snowflake"
	m.SecretDropped = true
	m.Notices = []Notice{
		{
			Kind:  KindInfo,
			Title: "The link that brought you here had parts that were taken out",
			Text:  []string{"It had a parameter that this form does not know."},
		},
		{
			Kind:  KindProblem,
			Title: "Your account may not do this",
			Text: []string{
				"Maia does not let ada@example.com create references in the project " + projects[0].Options[0].Value + ".",
				"Ask an owner of the project for the role Contributor, then send the form again.",
			},
			Links: []Link{{
				Label:   "Try again",
				Href:    "/secret-references/new",
				Primary: true,
			}, {
				Label: "See your activity",
				Href:  "/activity",
			}},
		},
		{
			Kind:  KindWarning,
			Title: "The list of agents could not be read",
			Text:  []string{"Enter the agent’s id yourself."},
		},
	}
	return m
}

var outcomes = []Badge{{
	Kind:  KindDone,
	Label: "Created",
}, {
	Kind:  KindProblem,
	Label: "Forbidden",
}, {
	Kind:  KindWarning,
	Label: "Unknown",
}, {
	Kind:  KindInfo,
	Label: "Under way",
}, {
	Kind:  KindProblem,
	Label: "Rejected",
}}

func activityRows(who string) []ActivityRow {
	names := []string{"SNOWFLAKE_PASSWORD", "prod-oauth", "demo-timeout", "S3_ACCESS(eu)", longName}
	var rows []ActivityRow
	for i, name := range names {
		action, where := "Reference", "Finance, nightly loads"
		if i%2 == 1 {
			action, where = "Value", "prod-agent-1"
		}
		if i == 4 {
			where = projects[0].Options[0].Value
		}
		rows = append(rows, ActivityRow{
			Href:    "/activity/" + strings.Repeat("a", i+1),
			When:    Moment{ISO: "2026-11-21T14:05:09Z", Exact: "21 Nov 2026, 14:05 UTC", Words: "3 minutes ago"},
			Who:     who,
			Action:  action,
			Name:    name,
			Where:   where,
			Outcome: outcomes[i],
		})
	}
	return rows
}

// home is the start page of somebody who has used the portal, with something due where there is activity.
func home(latest []ActivityRow, guide *Guide) Home {
	m := Home{
		Page:    page("Start", ""),
		Heading: "What would you like to do?",
		Main:    &Task{Text: "Enter it once.", Href: "/setup", Action: "Set up a secret"},
		Presets: []Task{{
			Title: "Snowflake password, production",
			Text:  "For the loaders of the finance team.",
			Href:  "/setup?preset=snowflake-prod",
		}},
		Single: []Task{{
			Text:   "The secret is already in AWS or Azure.",
			Href:   "/secret-references/new",
			Action: "Create a reference",
		}, {
			Text:   "Only the value goes into the vault.",
			Href:   "/secret-values/new",
			Action: "Store a value",
		}},
		Latest: latest,
		Guide:  guide,
	}
	for i, row := range latest {
		m.Due = append(m.Due, DueRow{
			ActivityRow: row,
			Day:         Moment{ISO: "2026-12-01", Exact: "1 December 2026", Words: "in 10 days"},
			Overdue:     i == 0,
		})
		m.AllDue = "See all renewal dates"
	}
	return m
}

// firstHome is the start page at the first use, which explains what there is.
func firstHome() Home {
	m := home(nil, nil)
	m.Heading, m.Main = "Where is the secret now?", nil
	m.Cards = []Task{{
		Title:  "I have it, for our own vault",
		Text:   "Maia stores it there, and pipelines get a name for it.",
		Href:   "/setup",
		Action: "Set up a secret",
	}, {
		Title:  "It is already in AWS or Azure",
		Text:   "Pipelines need a name that points there.",
		Href:   "/secret-references/new",
		Action: "Create a reference",
	}}
	m.Single = m.Single[1:]
	return m
}

var demoGuide = &Guide{
	Text:  []string{"Everything here is a sandbox: nothing leaves this computer. A few reserved names cause each of the errors, so that you can see them."},
	Links: []Link{{Label: "A form that is filled in", Href: "/secret-references/new?agentType=AWS"}},
	Entries: []GuideEntry{
		{Name: "demo-conflict", Href: "/secret-values/new?name=demo-conflict", What: "The name exists already."},
		{
			Name: "demo-forbidden",
			Href: "/secret-values/new?name=demo-forbidden",
			What: "Maia refuses: your account may not do this.",
		},
		{
			Name: "demo-rate-limited",
			Href: "/secret-values/new?name=demo-rate-limited",
			What: "Too many requests; it says how long to wait.",
		},
		{Name: "demo-hang", What: "No answer in time. The outcome is unknown."},
	},
}

func receipt(outcome Badge, name string) Receipt {
	return Receipt{
		Page:    page("Receipt", "activity"),
		Outcome: outcome,
		Heading: "The reference " + name + " was created",
		Text:    []string{"Pipelines in the project Finance, nightly loads can use it now."},
		Snippet: `password: "` + name + `"`,
		Facts: []Fact{
			{
				Label: "Name",
				Value: name,
				Code:  true,
			}, {
				Label: "Project",
				Value: projects[0].Options[0].Value,
				Code:  true,
			}, {
				Label: "Agent type",
				Value: "AWS",
			},
			{Label: "Secret name", Value: "prod/snowflake", Code: true}, {Label: "When", Value: "21 Nov 2026, 14:05 UTC"},
			{
				Label: "Who",
				Value: "Ada Admin (ada@example.com)",
			}, {
				Label: "Maia’s answer",
				Value: "201",
			}, {
				Label: "Request id",
				Value: "01JD7Z3QK9V3S8E2M4X6C0B1A5",
				Code:  true,
			},
		},
		Next: []Link{{
			Label:   "Create another reference",
			Href:    "/secret-references/new?agentType=AWS",
			Primary: true,
		}, {
			Label: "All activity",
			Href:  "/activity",
		}},
	}
}

func waitingReceipt() Receipt {
	m := receipt(Badge{Kind: KindInfo, Label: "Under way"}, "SNOWFLAKE_PASSWORD")
	m.Heading, m.Snippet, m.Waiting, m.Next = "The reference SNOWFLAKE_PASSWORD is being created", "", true, nil
	m.Text = []string{"It has gone to Maia; the answer is not there yet."}
	return m
}

func unknownReceipt() Receipt {
	m := receipt(Badge{Kind: KindWarning, Label: "Unknown"}, longName)
	m.Heading, m.Snippet = "The reference "+longName+" may have been created, or not", ""
	m.Text = []string{"Maia did not answer in time. The portal never sends a second time by itself.", "Look in Maia whether the reference is there. If it is not, create it once more."}
	return m
}

// historyReceipt tells what happened to its name: to this entry, and to others by other people.
func historyReceipt() Receipt {
	m := receipt(Badge{Kind: KindDone, Label: "Created"}, "SNOWFLAKE_PASSWORD")
	m.History = History{
		Rows: []HistoryRow{{
			When: Moment{ISO: "2026-11-24T08:00:00Z", Exact: "24 Nov 2026, 08:00 UTC", Words: "3 days ago"},
			What: "Reference: Name taken",
			Who:  longName,
			Href: "/activity/01935f0a-0000-7000-8000-000000000003",
		}, {
			When: Moment{ISO: "2026-11-22T09:30:00Z", Exact: "22 Nov 2026, 09:30 UTC", Words: "3 days ago"},
			What: "Marked as used by a pipeline",
			Who:  "Ada Admin",
		}, {
			When: Moment{ISO: "2026-11-21T14:05:00Z", Exact: "21 Nov 2026, 14:05 UTC", Words: "3 days ago"},
			What: "Reference: Created",
			Who:  "Ada Admin",
		}, {
			When: Moment{ISO: "2026-11-21T13:58:00Z", Exact: "21 Nov 2026, 13:58 UTC", Words: "3 days ago"},
			What: "Reference: Refused by Maia",
			Who:  "Zoë <O’Neill>",
			Href: "/activity/01935f0a-0000-7000-8000-000000000001",
		}},
		All: "/activity?name=SNOWFLAKE_PASSWORD&project_id=5d1c6f0e-3b0a-4a58-9a1e-1f5f0c2b7a01",
	}
	return m
}

func about(p Page) About {
	p.Title = "How secrets are handled"
	return About{
		Page:    p,
		Maia:    maiaAddress,
		MaiaTLS: true,
		HTTPS:   true,
		Version: "1.4.0",
		Calls: []AboutCall{
			{
				Method: "POST",
				Path:   "/dpc/v1/projects/{projectId}/secret-references/{secretReferenceName}",
				What:   "Creates a secret reference in a project.",
				Secret: "only where Matillion hosts the secret",
			},
			{Method: "GET", Path: "/dpc/v1/projects", What: "Lists the projects that you may see, as suggestions in a form."},
		},
		Record: []Fact{{
			Label: "Who",
			Value: "Your name, and the id that your company’s sign-in has for you.",
		}, {
			Label: "When",
			Value: "When it began and when it ended.",
		}},
		KeptFor: "Records are kept until an operator of the portal deletes them.",
		Kept: []Fact{{
			Label: "Your session",
			Value: "It ends when you sign out, after 30 minutes without use, and after 8 hours in any case.",
		}},
	}
}

// samples are all pages in every state that looks different.
func samples() map[string]templ.Component {
	lost := Message{
		Page:    page("Sign in again", ""),
		Heading: "Your login has run out. Your work is kept.",
		Text:    []string{"Nothing was sent to Maia. Sign in again, and the form comes back as you left it, except for the secret."},
		Links: []Link{{
			Label:   "Sign in and go on",
			Href:    "/login?return_to=%2Fsecret-references%2Fnew",
			Primary: true,
		}},
		FactsName: "What is kept",
		Facts:     []Fact{{Label: "Reference name", Value: longName, Code: true}, {Label: "Agent type", Value: "Azure"}},
	}
	lost.Page.User, lost.Page.Error = nil, true
	refused := Message{
		Page:      strangerPage("Not allowed"),
		Heading:   "You may not use this portal",
		Text:      []string{"Your account is in none of the groups that may."},
		Links:     []Link{{Label: "Sign in with another account", Href: "/login"}},
		RequestID: "01JD7Z3QK9V3S8E2M4X6C0B1A5",
	}
	failed := Message{
		Page:      page("Something went wrong", ""),
		Heading:   "Something went wrong here",
		Text:      []string{"It is the portal’s fault, not yours."},
		RequestID: "01JD7Z3QK9V3S8E2M4X6C0B1A5",
		Links: []Link{{
			Label:   "To the start page",
			Href:    "/",
			Primary: true,
		}},
	}
	failed.Page.Error = true
	bye := Message{
		Page:    strangerPage("Signed out"),
		Heading: "You are signed out",
		Links: []Link{{
			Label:   "Sign in",
			Href:    "/login",
			Primary: true,
		}},
	}
	missing := Message{
		Page:    page("Not found", ""),
		Heading: "There is no such page",
		Text:    []string{"The address may be mistyped, or what it showed belongs to somebody else."},
		Links: []Link{{
			Label:   "To the start page",
			Href:    "/",
			Primary: true,
		}},
	}

	crowded := home(activityRows("")[4:], nil)
	crowded.Page = crowdedPage("Start")

	loopback := about(strangerPage(""))
	loopback.MaiaTLS, loopback.HTTPS, loopback.Exchanged = false, false, true

	all := map[string]templ.Component{
		"about":          AboutPage(about(page("", ""))),
		"about-stranger": AboutPage(loopback),
		"help": HelpPage(Help{
			Page: page("", ""),
			Outcomes: []HelpOutcome{{
				Badge:   Badge{Kind: KindDone, Label: "Created"},
				Meaning: "It is there.",
				Next:    "Run a pipeline to confirm that it works.",
			}},
		}),
		"home-crowded":       HomePage(crowded),
		"home":               HomePage(home(activityRows("")[:3], demoGuide)),
		"home-first":         HomePage(firstHome()),
		"setup-linked":       SetupFormPage(linkedForm()),
		"value-typed":        ValueFormPage(typedForm()),
		"value-hopeless":     ValueFormPage(hopelessForm()),
		"choose":             ChoosePage(choose()),
		"choose-none":        ChoosePage(noChoice()),
		"wiki":               WikiPage(wiki()),
		"setup-none":         SetupFormPage(setupForm("", "text")),
		"setup-azure":        SetupFormPage(setupForm("Azure", "text")),
		"setup-hosted":       SetupFormPage(setupForm("Matillion hosted", "text")),
		"reference-none":     ReferenceFormPage(referenceForm("", "text")),
		"reference-errors":   ReferenceFormPage(referenceErrors()),
		"reference-azure-ko": ReferenceFormPage(azureErrors()),
		"reference-notices":  ReferenceFormPage(noticeForm()),
		"value-none":         ValueFormPage(valueForm("")),
		"value-pairs-ko":     ValueFormPage(pairErrors()),
		"value-password":     ValueFormPage(passwordRecipe()),
		"value-key":          ValueFormPage(keyRecipe()),
		"value-properties":   ValueFormPage(propertiesRecipe()),
		"value-doubts":       ValueFormPage(doubts()),
		"receipt":            ReceiptPage(receipt(Badge{Kind: KindDone, Label: "Created"}, "SNOWFLAKE_PASSWORD")),
		"receipt-history":    ReceiptPage(historyReceipt()),
		"receipt-waiting":    ReceiptPage(waitingReceipt()),
		"receipt-unknown":    ReceiptPage(unknownReceipt()),
		"activity": ActivityPage(Activity{
			Page:    page("Activity", "activity"),
			Heading: "Your activity",
			Rows:    activityRows(""),
			Older:   "/activity?before=7",
			CSV:     "/activity.csv",
			JSON:    "/activity.jsonl",
			Counts:  []Count{{Label: "Newest entries", Number: 1001, More: true}, {Label: "Created", Number: 900}},
			Filter: ActivityFilter{
				Set: "Name begins with “P”",
				Fields: []Filter{{
					Name:  "name",
					Label: "Name begins with",
					Value: "P",
				}, {
					Name:    "outcome",
					Label:   "Outcome",
					Options: []Option{{Value: "created", Label: "Created"}},
				}, {
					Name:  "from",
					Label: "From",
					Day:   true,
				}},
			},
		}),
		"activity-all": ActivityPage(Activity{
			Page:    page("Activity", "activity"),
			Heading: "Everybody’s activity",
			ShowWho: true,
			Rows:    activityRows("Adalbert Administrator-Featherstonehaugh"),
		}),
		"activity-empty":  ActivityPage(Activity{Page: page("Activity", "activity"), Heading: "Your activity"}),
		"message-login":   MessagePage(lost),
		"message-refused": MessagePage(refused),
		"message-failed":  MessagePage(failed),
		"message-bye":     MessagePage(bye),
		"message-missing": MessagePage(missing),
	}
	for _, format := range []string{"text", "pairs", "json", "file"} {
		all["reference-hosted-"+format] = ReferenceFormPage(referenceForm("Matillion hosted", format))
		all["value-"+format] = ValueFormPage(valueForm(format))
		if format != "pairs" {
			all["value-"+format+"-ko"] = ValueFormPage(secretErrors(format))
		}
	}
	for _, agentType := range []string{"AWS", "Azure"} {
		all["reference-"+strings.ToLower(agentType)] = ReferenceFormPage(referenceForm(agentType, "text"))
	}
	return all
}
