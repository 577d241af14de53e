package main

import "context"

// contest is one case: some servers, and what they are asked for.
type contest struct {
	name    string
	subject string // the server that the others are compared with
	run     func(context.Context, *stage, record) error
}

// Names of the servers, as results have them.
const (
	portalName  = "portal"
	proxyName   = "oauth2-proxy"
	bareName    = "bare"
	reverseName = "ReverseProxy"
)

// allCases in the order in which they are measured.
var allCases = []contest{
	{name: "page", subject: portalName, run: formPage},
	submissions("submit-40B", shortForm, alone, sixteen, many, open200),
	submissions("submit-PEM", keyForm, alone, two, sixteen, open200),
	submissions("submit-250KB", longForm, alone, two, sixteen),
	submissions("refused", refusedForm, alone, sixteen),
	submissions("slow-maia", slowForm, twenty),
	{name: "activity", subject: manyName, run: activity},
	{name: "start", subject: portalName, run: start},
}

var (
	alone   = load{name: "1", connections: 1}
	two     = load{name: "2", connections: 2}
	sixteen = load{name: "16", connections: 16}
	many    = load{name: "64", connections: 64}
	open200 = load{name: "200/s", rate: 200}

	// A round is not longer than the stand-in for Maia takes to answer, so each connection has one request.
	twenty = load{name: "20 at once", connections: 20}
)
