package main

import "math"

// goal is what a ratio should be at most. done is what it has to be, aim where it should end.
type goal struct {
	text      string
	pair      pair
	figure    figure
	done, aim float64
}

// goals of the portal's speed, on SQLite.
var goals = []goal{
	{
		text:   "form page : bare page of the same bytes, CPU",
		pair:   pair{"page", sixteen.name, portalName, bareName},
		figure: cpuFigure,
		done:   3.5,
		aim:    2.5,
	},
	{
		text:   "form page : oauth2-proxy passing a page on, CPU",
		pair:   pair{"page", sixteen.name, portalName, proxyName},
		figure: cpuFigure,
		done:   0.4,
		aim:    0.3,
	},
	{
		text:   "submission of 40 B : oauth2-proxy passing its JSON on, CPU",
		pair:   pair{"submit-40B", sixteen.name, portalName, proxyName},
		figure: cpuFigure,
		done:   1.5,
		aim:    1.0,
	},
	{
		text:   "the same, p99",
		pair:   pair{"submit-40B", sixteen.name, portalName, proxyName},
		figure: p99Figure,
		done:   5,
		aim:    2,
	},
	{
		text:   "the same, 1 connection, p50",
		pair:   pair{"submit-40B", alone.name, portalName, proxyName},
		figure: p50Figure,
		done:   4,
		aim:    3,
	},
	{
		text:   "submission of 1.7 KB : ReverseProxy, 2 connections, CPU",
		pair:   pair{"submit-PEM", two.name, portalName, reverseName},
		figure: cpuFigure,
		done:   7,
		aim:    5,
	},
	{
		text:   "submission of 250 KB without check : ReverseProxy, 2 connections, CPU",
		pair:   pair{"submit-250KB", two.name, portalName, reverseName},
		figure: cpuFigure,
		done:   6,
		aim:    3,
	},
	{
		text:   "activity page, 1,000,000 records of one user : 1,000, CPU",
		pair:   pair{"activity", sixteen.name, manyName, fewName},
		figure: cpuFigure,
		done:   1.5,
		aim:    1.2,
	},
	{
		text:   "submission of 40 B : oauth2-proxy, memory",
		pair:   pair{"submit-40B", sixteen.name, portalName, proxyName},
		figure: peakFigure,
		done:   1.3,
		aim:    1.2,
	},
	{
		text:   "start to /healthz : oauth2-proxy",
		pair:   pair{"start", "start", portalName, proxyName},
		figure: p50Figure,
		done:   1.7,
		aim:    1.2,
	},
}

// verdict says how a ratio stands to its goal. A hundredth less or more says nothing.
func (g goal) verdict(ratio float64) string {
	ratio = math.Round(ratio*100) / 100
	switch {
	case ratio <= g.aim:
		return "reached, and the aim"
	case ratio <= g.done:
		return "reached"
	}
	return "NOT reached"
}
