package provider

import "slices"

// Account is somebody who can sign in to the sandbox.
type Account struct {
	// Username and Password are what the login page takes.
	Username, Password string
	// Role is admin, auditor, viewer or outsider.
	Role string
	// Name, Email, Subject and Groups become claims.
	Name, Email, Subject string
	Groups               []string
	// Purpose says, for people, what the account is good for.
	Purpose string
}

// accounts begins with an admin: whoever takes the first one can do everything.
var accounts = []Account{
	{
		Username: "ada",
		Password: "ada-password",
		Role:     "admin",
		Name:     "Ada Winter",
		Email:    "ada@example.com",
		Subject:  "sandbox-ada",
		Groups:   []string{"maia-admins"},
		Purpose:  "May create secret references and store secret values",
	},
	{
		Username: "grace",
		Password: "grace-password",
		Role:     "admin",
		Name:     "Grace Moreno",
		Email:    "grace@example.com",
		Subject:  "sandbox-grace",
		Groups:   []string{"maia-admins"},
		Purpose:  "A second admin, to see that each one's work stays their own",
	},
	{
		Username: "audrey",
		Password: "audrey-password",
		Role:     "auditor",
		Name:     "Audrey Lindqvist",
		Email:    "audrey@example.com",
		Subject:  "sandbox-audrey",
		Groups:   []string{"maia-auditors"},
		Purpose:  "Sees everybody's activity and may not write",
	},
	{
		Username: "victor",
		Password: "victor-password",
		Role:     "viewer",
		Name:     "Victor Okafor",
		Email:    "victor@example.com",
		Subject:  "sandbox-victor",
		Groups:   []string{"maia-admins"},
		Purpose:  "May use the portal, but Maia forbids everything",
	},
	{
		Username: "otto",
		Password: "otto-password",
		Role:     "outsider",
		Name:     "Otto Brandt",
		Email:    "otto@example.com",
		Subject:  "sandbox-otto",
		Groups:   []string{"everyone-else"},
		Purpose:  "Is in no group that the portal lets in",
	},
}

// Accounts lists who can sign in; the first one is an admin.
func (p *Provider) Accounts() []Account {
	list := slices.Clone(accounts)
	for i := range list {
		list[i].Groups = slices.Clone(list[i].Groups)
	}
	return list
}

func accountByUsername(username string) *Account {
	i := slices.IndexFunc(accounts, func(a Account) bool { return a.Username == username })
	if i < 0 {
		return nil
	}
	return &accounts[i]
}
