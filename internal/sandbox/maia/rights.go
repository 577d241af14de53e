package maia

import "maiaportal/internal/sandbox/provider"

// rights are what the API lets somebody do.
type rights int

const (
	mayNothing rights = iota
	mayRead
	mayWrite
)

// rightsOf gives somebody's rights by the role of the account.
func rightsOf(account *provider.Account) rights {
	switch account.Role {
	case "admin":
		return mayWrite
	case "auditor":
		return mayRead
	}
	return mayNothing
}
