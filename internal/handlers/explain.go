package handlers

import (
	"cmp"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"maiaportal/internal/maiaclient"
	"maiaportal/internal/record"
	"maiaportal/web/templates/parts"
)

// This file has the one table that says, for each status and each known text of Maia, what it usually means here and
// whom to ask.

// meaning is a row of the table. The first one that fits an answer counts, so those with a text stand before those of
// the status alone.
type meaning struct {
	id string // for tests
	// from and to are the statuses that it fits, both included. 0 is no answer, or none that could be read.
	from, to int
	call     record.Call // empty: either
	// says are pieces of Maia's words, in lower case, of which one is enough; none: any words.
	says []string
	// means and ask are sentences. In both, {agent}, {project} and {where} stand for what the answer is about.
	means, ask string
}

// The people to ask, who are the same in many rows.
const (
	askAccount = "an administrator of your company’s Maia account"
	askPortal  = "Your portal administrator."
	askAgent   = "The people who set the agent up."
	lookFirst  = " Look whether it is there before you send it again."
)

var meanings = []meaning{{
	id:    "ip-not-allowed",
	from:  http.StatusForbidden,
	to:    http.StatusForbidden,
	says:  []string{"ip not allowed", "ip address", "ip is not", "not allowed ip", "allowed ips"},
	means: "The Maia account takes calls from certain IP addresses only, and this portal’s is not among them. It is the address that the portal calls from, not that of your own computer.",
	ask:   "Ask " + askAccount + " to put the portal’s address on the account’s IP allow list. Your portal administrator knows the address.",
}, {
	id:    "create-vault-secrets",
	from:  http.StatusForbidden,
	to:    http.StatusForbidden,
	says:  []string{"create vault secrets"},
	means: "Your role in the Maia account lacks the permission “Create Vault Secrets”, which you need to store a value.",
	ask:   "Ask " + askAccount + " for an account role that has this permission.",
}, {
	id:    "agent-restricted",
	from:  http.StatusForbidden,
	to:    http.StatusForbidden,
	says:  []string{"restricted", "allowlist", "allow list"},
	means: "The agent {agent} is restricted to certain projects, and {project} is not one of them, or no project was given.",
	ask:   "Name a project that the agent serves, or ask " + askAccount + " to add this one to the agent’s list of projects.",
}, {
	id:    "account-id",
	from:  http.StatusBadRequest,
	to:    http.StatusNotFound,
	says:  []string{"account-id", "account id", "accountid"},
	means: "The portal sends a wrong account id to Maia, or none where Maia wants one. Nothing in the form can change that.",
	ask:   askPortal + " The setting is PORTAL_MAIA_ACCOUNT_ID.",
}, {
	id:    "wrong-region",
	from:  http.StatusUnauthorized,
	to:    http.StatusNotFound,
	says:  []string{"wrong region", "another region", "different region", "region mismatch", "not in this region"},
	means: "Your company’s Maia account is probably in another region than {where}. An account works in its own region only.",
	ask:   askPortal + " The setting is PORTAL_MAIA_REGION.",
}, {
	id:    "wrong-audience",
	from:  http.StatusUnauthorized,
	to:    http.StatusForbidden,
	says:  []string{"audience", "issuer", "signature"},
	means: "Your company’s sign-in gives the portal tokens that are not meant for Maia.",
	ask:   askPortal + " It is about the audience of the tokens.",
}, {
	id:    "vault-name",
	from:  http.StatusBadRequest,
	to:    599,
	call:  record.StoreValue,
	says:  []string{"invalid name", "value at 'name'"},
	means: "The vault of the agent {agent} does not take a secret of this name. AWS Secrets Manager takes up to 512 letters, digits and / _ + = . @ -; Azure Key Vault takes up to 127 letters, digits and hyphens.",
	ask:   "Nobody, if another name works. If it has to be this one: the people who set the agent up.",
}, {
	id:    "vault-size",
	from:  http.StatusBadRequest,
	to:    599,
	call:  record.StoreValue,
	says:  []string{"65536", "25600", "value at 'secretstring'"},
	means: "The value is larger than the vault of the agent {agent} takes, with the names of its properties: AWS Secrets Manager takes 65,536 bytes, Azure Key Vault 25,600.",
	ask:   "Nobody, if less can be stored in one secret. If it has to be that large: the people who set the agent up.",
}, {
	id:    "agent-rights",
	from:  http.StatusInternalServerError,
	to:    599,
	says:  []string{"access denied", "accessdenied", "not authorized", "unauthorized", "forbidden", "permission", "rbac"},
	means: "The agent {agent} may read its vault, but most likely not write to it. On AWS its role needs secretsmanager:CreateSecret; on Azure its identity needs the role Key Vault Secrets Officer, or the access policy Set.",
	ask:   askAgent + " They give the agent that right in AWS or Azure.",
}, {
	id:    "agent-away",
	from:  http.StatusInternalServerError,
	to:    599,
	says:  []string{"not connected", "disconnected", "agent is stopped", "agent unavailable"},
	means: "Maia does not reach the agent {agent}: it is stopped, or not connected." + lookFirst,
	ask:   askAgent + " They can start it.",
}, {
	id:    "bad-request",
	from:  http.StatusBadRequest,
	to:    http.StatusBadRequest,
	means: "Maia does not take something that was entered. Where Maia names a field, its words stand at that field.",
	ask:   "Correct it first. If you see nothing wrong, give the text below to your portal administrator.",
}, {
	id:    "unauthenticated",
	from:  http.StatusUnauthorized,
	to:    http.StatusUnauthorized,
	means: "Maia did not accept your login. It has expired, Maia does not know your account, the account is in another region than {where}, or the tokens of your company’s sign-in are not meant for Maia.",
	ask:   "Sign in again first. If Maia refuses that login, too: your portal administrator.",
}, {
	id:    "forbidden-value",
	from:  http.StatusForbidden,
	to:    http.StatusForbidden,
	call:  record.StoreValue,
	means: "What usually helps: an account role with the permission “Create Vault Secrets”, and, for an agent that is restricted to projects, naming one of them. If Maia mentions an IP address, it is the portal’s. Ask an administrator to put it on the account’s allow list.",
	ask:   "Ask " + askAccount + ".",
}, {
	id:    "forbidden-reference",
	from:  http.StatusForbidden,
	to:    http.StatusForbidden,
	call:  record.CreateReference,
	means: "What usually helps: the role Owner or Contributor in the project {project}. If Maia mentions an IP address, it is the portal’s. Ask an administrator to put it on the account’s allow list.",
	ask:   "Ask one of the project’s owners, or " + askAccount + ".",
}, {
	id:    "not-found-value",
	from:  http.StatusNotFound,
	to:    http.StatusNotFound,
	call:  record.StoreValue,
	means: "Maia knows no agent {agent}, your account may not see it, or the account is in another region than {where}.",
	ask:   "Compare the id with the list of agents (“runners”) in Maia. If it is right: " + askAccount + ".",
}, {
	id:    "not-found-reference",
	from:  http.StatusNotFound,
	to:    http.StatusNotFound,
	call:  record.CreateReference,
	means: "Maia knows no project {project}, your account has no role in it, or the account is in another region than {where}. Only Super Admins see a project that was made by an API, until people are invited.",
	ask:   "Compare the id with the project’s address in Maia. If it is right, ask one of the project’s owners to invite you.",
}, {
	id:    "taken-value",
	from:  http.StatusConflict,
	to:    http.StatusConflict,
	call:  record.StoreValue,
	means: "The agent’s vault already has a secret of this name. Maia only creates: change a value in the vault’s own console.",
	ask:   "The vault’s administrators, if you do not know what the secret is for.",
}, {
	id:    "taken-reference",
	from:  http.StatusConflict,
	to:    http.StatusConflict,
	call:  record.CreateReference,
	means: "The project {project} already has a reference of this name.",
	ask:   "One of the project’s owners, if you do not know what the reference is for.",
}, {
	id:    "too-large",
	from:  http.StatusRequestEntityTooLarge,
	to:    http.StatusRequestEntityTooLarge,
	means: "What was sent is larger than Maia takes, or a proxy between the portal and Maia.",
	ask:   "Use a smaller value first. If it has to be that large: your portal administrator.",
}, {
	id:    "rate-limited",
	from:  http.StatusTooManyRequests,
	to:    http.StatusTooManyRequests,
	means: "All programs and people of your company’s Maia account share one limit of requests a minute, and it is used up for now.",
	ask:   "Nobody, if it works after the wait. If it goes on: " + askAccount + ", who can find what sends so many requests.",
}, {
	id:    "token-too-long",
	from:  http.StatusRequestHeaderFieldsTooLarge,
	to:    http.StatusRequestHeaderFieldsTooLarge,
	means: "Your login’s token is too long for Maia. Most often it lists too many groups. Signing in again will not help.",
	ask:   "Your portal administrator, who can have the token for Maia issued with fewer groups.",
}, {
	id:    "other-refusal",
	from:  400,
	to:    499,
	means: "Maia refused this with a status that its documentation does not list. A proxy between the portal and Maia may have answered in its place.",
	ask:   askPortal,
}, {
	id:    "bad-gateway",
	from:  http.StatusBadGateway,
	to:    http.StatusBadGateway,
	means: "Something between the portal and Maia answered in Maia’s place, so nobody knows what Maia did." + lookFirst,
	ask:   askPortal + " A proxy, or Maia’s own gateway, has trouble.",
}, {
	id:    "unavailable",
	from:  http.StatusServiceUnavailable,
	to:    http.StatusServiceUnavailable,
	means: "Maia is unavailable, or does not reach the agent. Try again in a few minutes.",
	ask:   "Nobody, if it works soon. If it goes on, look at Maia’s status page, then ask " + askAccount + ".",
}, {
	id:    "timeout-value",
	from:  http.StatusGatewayTimeout,
	to:    http.StatusGatewayTimeout,
	call:  record.StoreValue,
	means: "The agent {agent} did not answer Maia in time. It may be paused, busy or cut off, or may not write to its vault." + lookFirst,
	ask:   askAgent + " They see its state, its log, and its rights in AWS or Azure.",
}, {
	id:    "timeout-reference",
	from:  http.StatusGatewayTimeout,
	to:    http.StatusGatewayTimeout,
	call:  record.CreateReference,
	means: "Maia, or what it asked, did not answer in time." + lookFirst,
	ask:   "Nobody, if it works soon. If it goes on: " + askAccount + ".",
}, {
	id:    "failed-value",
	from:  500,
	to:    599,
	call:  record.StoreValue,
	means: "Maia failed while it stored the value. Often the agent {agent} may not write to its vault: some agents on Azure may only read.",
	ask:   askAgent + " They see its log, and its rights in AWS or Azure.",
}, {
	id:    "failed-reference",
	from:  500,
	to:    599,
	call:  record.CreateReference,
	means: "Maia reported an internal error. What was entered is most likely not the cause.",
	ask:   "Nobody, if it works soon. If it goes on: " + askAccount + ", who can open a ticket at Matillion.",
}, {
	id:    "no-answer",
	from:  0,
	to:    0,
	means: "The portal had no answer from Maia: the network between the two, a proxy, or Maia itself.",
	ask:   askPortal + " The log has the reason under the request id below.",
}, {
	id:    "odd-answer",
	from:  100,
	to:    399,
	means: "Maia, or something in its place, answered in a way that its documents do not know." + lookFirst,
	ask:   askPortal + " A proxy between the portal and Maia may answer in its place.",
}}

// answer is what Maia said of one call, as far as it is known.
type answer struct {
	record record.Submission
	call   record.Call
	status int
	words  []string // Maia's own, scrubbed; none: it said nothing, or it is no longer known
}

// answerOf is the answer that a record ended with. The words are not recorded.
func answerOf(r record.Submission, words ...string) answer {
	a := answer{record: r, call: record.StoreValue, status: r.Status}
	if r.Action == record.Reference || r.AgentType == maiaclient.MatillionHosted {
		a.call = record.CreateReference
	}
	if n := len(r.Steps); n > 0 {
		a.call = r.Steps[n-1].Call
		a.status = r.Steps[n-1].Status
	}
	a.words = slices.DeleteFunc(words, func(w string) bool { return w == "" })
	return a
}

// meaning finds the row of an answer.
func (a answer) meaning() meaning {
	said := strings.ToLower(strings.Join(a.words, "\n"))
	for _, m := range meanings {
		if a.status < m.from || a.status > m.to || m.call != "" && m.call != a.call {
			continue
		}
		if len(m.says) == 0 || slices.ContainsFunc(m.says, func(piece string) bool { return strings.Contains(said, piece) }) {
			return m
		}
	}
	return meaning{means: "Maia answered in a way that the portal does not know.", ask: askPortal}
}

// explains says whether there is something of Maia's to explain on the receipt of a record.
func explains(r record.Submission) bool {
	switch r.Outcome {
	case record.Created, record.Pending:
		return false
	case record.Unknown, record.Rejected, record.Forbidden, record.NotFound, record.Conflict, record.RateLimited:
		return r.Sent
	case record.Unauthenticated:
		return r.Status == http.StatusUnauthorized
	case record.ValueStored:
		return len(r.Steps) > 1 && r.Steps[len(r.Steps)-1].Sent
	case record.Failed:
		return r.Sent && !foundOut(r.Status) && r.Status != http.StatusUnauthorized
	}
	return false
}

// explain says what an answer usually means and whom to ask, with a text for the help desk. Nothing in it is secret.
func (h *Handlers) explain(a answer) *parts.HelpDesk {
	m := a.meaning()
	where := "the address of Maia that the portal is set up for"
	if h.Site.Region != "" {
		where = "the region " + h.Site.Region + " that the portal is set up for"
	}
	r := a.record
	fill := strings.NewReplacer(
		"{agent}", cmp.Or(orID(r.AgentName, r.AgentID), "that was chosen"),
		"{project}", cmp.Or(orID(r.ProjectName, r.ProjectID), "that was chosen"),
		"{where}", where,
	)
	d := &parts.HelpDesk{Means: fill.Replace(m.means), Ask: fill.Replace(m.ask)}
	add := func(label, value string) {
		if value != "" {
			d.Lines = append(d.Lines, label+": "+value)
		}
	}
	add("Portal", h.Site.BaseURL)
	add("When", h.dates().moment(r.CreatedAt))
	add("Who", r.Actor.Name)
	what := map[record.Call]string{record.StoreValue: "Store a value", record.CreateReference: "Create a reference"}
	add("What", what[a.call])
	add("Name", r.Name)
	add("Project", r.ProjectID)
	add("Agent", r.AgentID)
	add("Maia’s region", h.Site.Region)
	status := "no answer"
	if a.status != 0 {
		status = strings.TrimSpace(strconv.Itoa(a.status) + " " + http.StatusText(a.status))
	}
	add("Maia’s status", status)
	for _, w := range a.words {
		add("Maia says", w)
	}
	add("Request id", r.RequestID)
	return d
}
