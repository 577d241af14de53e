// Package sandbox runs an OpenID provider and a Maia API on loopback, in this process.
//
// The portal's demo and its tests talk to them as they would to the real ones: the provider
// signs real tokens and the API checks them, validates what it gets by the published rules, and
// passes secret values, encrypted for the agent's certificate, to agents that keep them in
// vaults in memory. Beyond that it can be told to fail in every way that matters.
//
// Package provider is the one, package maia the other, package fault its ways to fail, and web what
// both servers are made of; here they are put together. Package line is a bad network in front of them.
//
// It knows nothing of the portal's own packages, so it can contradict them. It shows passwords
// and secret values on its pages, on purpose: nothing in it is ever meant to be secret.
package sandbox
