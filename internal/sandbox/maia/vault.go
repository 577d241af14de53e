package maia

import (
	"cmp"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"
)

// vaultRules is what the makers of a vault say that it takes. The zero rules take everything, as those of a vault
// do that nobody has described.
type vaultRules struct {
	// name is what names are made of.
	name *regexp.Regexp
	// maxName and maxValue are in characters and in bytes.
	maxName, maxValue int
	// anyCase says that names that differ by case only are the same one.
	anyCase bool
	// oddName, longName and largeValue are what the vault says of what it does not take.
	oddName, longName, largeValue string
}

// The rules of the vaults, by the agentType of the agents that write to them. The vault of a Matillion hosted agent is
// Matillion's own.
//
// What Maia makes of a vault's refusal is on no page. The sandbox puts the vault's words into the violations of a 400.
// The words about names, and those of AWS, are those that people have reported.
var rulesOfVaults = map[string]vaultRules{
	"AWS": { // Secrets Manager, CreateSecret
		name:       regexp.MustCompile(`^[0-9A-Za-z/_+=.@-]+$`),
		maxName:    512,
		maxValue:   65_536,
		oddName:    "ValidationException: Invalid name. Must be a valid name containing alphanumeric characters, or any of the following: -/_+=.@!",
		longName:   "ValidationException: 1 validation error detected: Value at 'name' failed to satisfy constraint: Member must have length less than or equal to 512",
		largeValue: "ValidationException: 1 validation error detected: Value at 'secretString' failed to satisfy constraint: Member must have length less than or equal to 65536",
	},
	"Azure": { // Key Vault, Set Secret
		name:       regexp.MustCompile(`^[0-9A-Za-z-]+$`),
		maxName:    127,
		maxValue:   25_600,
		anyCase:    true,
		oddName:    "BadParameter: The request URI contains an invalid name",
		longName:   "BadParameter: The request URI contains an invalid name",
		largeValue: "BadParameter: The value of the secret is larger than 25600 bytes",
	},
}

// vaultError is a vault's refusal, as a violation of Maia's.
type vaultError string

// Error implements error.
func (e vaultError) Error() string { return "sandbox: vault: " + string(e) }

// refuses gives the vault's words about what it does not take.
func (r vaultRules) refuses(name string, value []byte) error {
	switch {
	case r.name == nil:
		return nil
	case utf8.RuneCountInString(name) > r.maxName:
		return vaultError("name: " + r.longName)
	case !r.name.MatchString(name):
		return vaultError("name: " + r.oddName)
	case len(value) > r.maxValue:
		return vaultError("value: " + r.largeValue)
	}
	return nil
}

// vault keeps secrets. Its owner holds the lock.
type vault struct {
	rules   vaultRules
	secrets map[string]storedSecret
}

// newVault makes an empty vault as the agents of an agentType have one.
func newVault(agentType string) vault {
	return vault{rules: rulesOfVaults[agentType], secrets: map[string]storedSecret{}}
}

// id is what tells secrets apart.
func (v vault) id(name string) string {
	if v.rules.anyCase {
		return strings.ToLower(name)
	}
	return name
}

// put writes a secret, unless the name is taken or the vault does not take it.
func (v vault) put(name string, value []byte) (created bool, err error) {
	if err := v.rules.refuses(name, value); err != nil {
		return false, fmt.Errorf("sandbox: store: %w", err)
	}
	if _, taken := v.secrets[v.id(name)]; taken {
		return false, nil
	}
	v.secrets[v.id(name)] = storedSecret{Name: name, Value: string(value)}
	return true, nil
}

// get reads a secret.
func (v vault) get(name string) ([]byte, bool) {
	secret, ok := v.secrets[v.id(name)]
	return []byte(secret.Value), ok
}

// list gives all secrets by their names.
func (v vault) list() []storedSecret {
	list := make([]storedSecret, 0, len(v.secrets))
	for _, secret := range v.secrets {
		list = append(list, secret)
	}
	slices.SortFunc(list, func(x, y storedSecret) int { return cmp.Compare(x.Name, y.Name) })
	return list
}
