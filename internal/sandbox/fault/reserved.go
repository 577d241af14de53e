package fault

import (
	"net/http"
	"slices"
	"strings"
	"time"

	"maiaportal/internal/sandbox/web"
)

// ReservedName is a name of a secret reference or of a secret value that makes the API fail, so
// that a newcomer can see each error. The name may be followed by a hyphen and anything else.
type ReservedName struct {
	// Name is what to type.
	Name string
	// Status is Maia's answer, in words where there is none.
	Status string
	// What says what happens.
	What string
	// Values says that it means something for values only.
	Values bool

	fault Fault
}

// Elsewhere is the path that demo-redirect points to.
const Elsewhere = "/sandbox/elsewhere"

const (
	badRequest = "demo-bad-request"
	expired    = "demo-expired"
	renamed    = "demo-renamed"
)

// forbidden is the answer of Maia to somebody who may not do something, for one reason or another.
func forbidden(detail string) Fault {
	refusal := web.Problem(http.StatusForbidden, "", detail)
	return Fault{Status: refusal.Status, Body: string(refusal.Body)}
}

var reservedNames = []ReservedName{
	{
		Name:   badRequest,
		Status: "400",
		What:   "Maia refuses what was sent, with violations for name and secretName",
	},
	{
		Name:   "demo-unauthenticated",
		Status: "401",
		What:   "Maia takes no token at all",
		fault:  Fault{Status: 401},
	},
	{
		Name:   expired,
		Status: "401, then 201",
		What:   "Maia refuses the first token that it sees with this name and takes a fresher one",
	},
	{
		Name:   "demo-forbidden",
		Status: "403",
		What:   "Your account may not do this",
		fault:  forbidden(`User does not have the permission "Create Vault Secrets"`),
	},
	{
		Name:   "demo-ip-blocked",
		Status: "403",
		What:   "The account has an IP allow list that the portal's address is not on",
		fault:  forbidden("IP not allowed"),
	},
	{
		Name:   "demo-not-found",
		Status: "404",
		What:   "Maia knows no such project or agent",
		fault:  Fault{Status: 404},
	},
	{
		Name:   "demo-conflict",
		Status: "409",
		What:   "The name exists already",
		fault:  Fault{Status: 409},
	},
	{
		Name:   "demo-rate-limited",
		Status: "429",
		What:   "Too many calls; the next one may come in 30 seconds",
		fault:  Fault{Status: 429, Header: http.Header{"Retry-After": {"30"}}},
	},
	{
		Name:   "demo-error",
		Status: "500",
		What:   "Maia says that it failed",
		fault:  Fault{Status: 500},
	},
	{
		Name:   "demo-bad-gateway",
		Status: "502",
		What:   "A gateway answers with a page of HTML; nobody knows what Maia did",
		fault: Fault{
			Status:      502,
			ContentType: "text/html",
			Body:        "<!doctype html><title>502 Bad Gateway</title><h1>502 Bad Gateway</h1>",
		},
	},
	{
		Name:   "demo-unavailable",
		Status: "503",
		What:   "Maia is away for a while",
		fault:  Fault{Status: 503},
	},
	{
		Name:   "demo-timeout",
		Status: "504",
		What:   "The agent does not answer Maia in time",
		fault:  Fault{Status: 504},
	},
	{
		Name:   "demo-hang",
		Status: "no answer",
		What:   "Maia never answers",
		fault:  Fault{Hang: true},
	},
	{
		Name:   "demo-lost",
		Status: "no answer",
		What:   "The connection is lost after Maia has read the request",
		fault:  Fault{Reset: true},
	},
	{
		Name:   "demo-accepted",
		Status: "202",
		What:   "An answer that Maia's documents do not know",
		fault:  Fault{Status: 202, Body: `{}`},
	},
	{
		Name:   "demo-redirect",
		Status: "302",
		What:   "An answer that points to another address",
		fault:  Fault{Status: 302, Body: `{}`, Header: http.Header{"Location": {Elsewhere}}},
	},
	{
		Name:   "demo-malformed",
		Status: "201",
		What:   "It is created, but the answer is not JSON",
		fault:  Fault{Status: 201, Body: `{"resolver_ref": "cut off`, After: true},
	},
	{
		Name:   renamed,
		Status: "201",
		What:   "The vault gives the value another name, with -in-the-vault behind it",
		Values: true,
	},
	{
		Name:   "demo-slow",
		Status: "201",
		What:   "It is created after three seconds",
		fault:  Fault{Delay: 3 * time.Second},
	},
}

// ReservedNames lists the names that make the API fail.
func ReservedNames() []ReservedName { return slices.Clone(reservedNames) }

// Renamed tells whether a vault gives a value of this name another one.
func Renamed(name string) bool {
	reserved, ok := reservedFor(name)
	return ok && reserved.Name == renamed
}

// reservedFor finds the longest reserved name that a name is or begins with.
func reservedFor(name string) (ReservedName, bool) {
	var found ReservedName
	for _, reserved := range reservedNames {
		if name == reserved.Name || strings.HasPrefix(name, reserved.Name+"-") {
			if len(reserved.Name) > len(found.Name) {
				found = reserved
			}
		}
	}
	return found, found.Name != ""
}
