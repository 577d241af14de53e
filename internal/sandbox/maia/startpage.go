package maia

import (
	"embed"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"maiaportal/internal/sandbox/fault"
	"maiaportal/internal/sandbox/provider"
	"maiaportal/internal/sandbox/web"
)

//go:embed pages
var own embed.FS

var pages = web.Pages(own)

// startPage is what the page at the API server's root shows.
type startPage struct {
	Portal, API, Issuer string
	Accounts            []provider.Account
	Projects            []Project
	Agents              []Agent
	Links               []deepLink
	Lists               []ListSwitch
	ListsNow            string
	Reserved            []fault.ReservedName
	Vaults              []vaultView
	References          []Reference
	Hosted              []storedSecret
}

type deepLink struct{ Text, Address string }

type storedSecret struct{ Name, Value string }

type vaultView struct {
	Agent   Agent
	Secrets []storedSecret
}

// servePages answers everything that is not the API: no token is needed there.
func (m *Maia) servePages(w http.ResponseWriter, r *http.Request, path string) {
	if path == fault.Elsewhere {
		// Where demo-redirect points to. Whoever followed it shows up among the calls.
		m.calls.add(Call{Method: r.Method, Path: path, Query: r.URL.RawQuery})(http.StatusOK)
		web.Message(w, http.StatusOK, "Elsewhere", "Nobody should come here: an API's redirect is not to be followed.")
		return
	}
	if path == "/sandbox/lists" && r.Method == http.MethodPost {
		m.serveSwitch(w, r)
		return
	}
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		http.Error(w, "Method not allowed", http.StatusMethodNotAllowed)
		return
	}
	if params, ok := match("/sandbox/agents/{agentId}/vault/{name}", path); ok {
		value, ok := m.VaultSecret(params[0], params[1])
		sendValue(w, value, ok)
		return
	}
	if params, ok := match("/sandbox/projects/{projectId}/hosted/{referenceName}", path); ok {
		value, ok := m.HostedSecret(params[0], params[1])
		sendValue(w, value, ok)
		return
	}
	switch path {
	case "/":
		web.Show(w, http.StatusOK, pages, "start.html", m.startPage())
	case web.StylesPath:
		web.Styles(w, r)
	case "/sandbox/calls":
		web.JSON(http.StatusOK, m.Calls()).Send(w)
	default:
		web.Message(w, http.StatusNotFound, "Not found",
			"There is no such page in the sandbox. The API begins at "+m.URL()+".")
	}
}

// sendValue answers with a value's bytes as they are in the vault.
func sendValue(w http.ResponseWriter, value []byte, ok bool) {
	w.Header().Set("Cache-Control", "no-store")
	w.Header().Set("X-Content-Type-Options", "nosniff")
	if !ok {
		http.Error(w, "No such secret", http.StatusNotFound)
		return
	}
	web.Answer{Status: http.StatusOK, ContentType: web.JSONType, Body: value}.Send(w)
}

func (m *Maia) startPage() startPage {
	p := startPage{
		Portal:   m.options.PortalURL,
		API:      m.URL(),
		Issuer:   m.options.Provider.Issuer(),
		Accounts: m.options.Provider.Accounts(),
		Projects: projects,
		Agents:   agents,
		Lists:    listSwitches,
		ListsNow: m.listsNow().Name,
		Reserved: fault.ReservedNames(),
		Links:    deepLinks(m.options.PortalURL),
	}
	if m.listsNow().allKinds {
		p.Agents = allAgents
	}
	for _, a := range allAgents {
		if secrets := m.agents[a.ID].secrets(); len(secrets) > 0 {
			p.Vaults = append(p.Vaults, vaultView{a, secrets})
		}
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	for id, reference := range m.references {
		p.References = append(p.References, reference)
		if value, ok := m.hosted[id]; ok {
			p.Hosted = append(p.Hosted, storedSecret{Name: id.name, Value: string(value)})
		}
	}
	slices.SortFunc(p.References, func(a, b Reference) int {
		return strings.Compare(a.Name+a.ProjectID, b.Name+b.ProjectID)
	})
	slices.SortFunc(p.Hosted, func(a, b storedSecret) int { return strings.Compare(a.Name, b.Name) })
	return p
}

// deepLinks are links into the portal as a wiki would have them.
func deepLinks(portal string) []deepLink {
	if portal == "" {
		return nil
	}
	to := func(path string, query url.Values) string {
		return strings.TrimSuffix(portal, "/") + path + "?" + query.Encode()
	}
	return []deepLink{
		{"A secret reference to AWS Secrets Manager", to("/secret-references/new", url.Values{
			"projectId": {ProjectFinance}, "agentType": {"AWS"}, "secretReferenceName": {"LEDGER_PASSWORD"},
			"secretName": {"finance/ledger"}, "secretKey": {"password"},
		})},
		{"A secret reference to Azure Key Vault", to("/secret-references/new", url.Values{
			"projectId": {ProjectMarketing}, "agentType": {"Azure"}, "secretReferenceName": {"CAMPAIGN_API"},
			"vaultName": {"maia-sandbox-kv"}, "secretName": {"campaign-api"},
		})},
		{"A Matillion hosted secret reference", to("/secret-references/new", url.Values{
			"projectId": {ProjectSandbox}, "agentType": {"Matillion hosted"}, "secretReferenceName": {"TRIAL_PASSWORD"},
			"agentId": {AgentHosted},
		})},
		{"A secret value in the vault of an AWS agent", to("/secret-values/new", url.Values{
			"agentId": {AgentAWS}, "projectId": {ProjectFinance}, "name": {"finance/ledger"}, "type": {"PASSWORD"},
			"key": {"password"},
		})},
		{"A secret value that Maia refuses, because its name exists", to("/secret-values/new", url.Values{
			"agentId": {AgentAWS}, "name": {"demo-conflict"}, "type": {"PASSWORD"},
		})},
	}
}
