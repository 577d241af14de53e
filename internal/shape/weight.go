package shape

// Weight is how bad a finding is. The worst is told first, since people read the first lines.
type Weight int

// The weights.
const (
	// Blemish is what some programs do not mind, or what may well be meant.
	Blemish Weight = iota
	// Wrong is what most likely does not belong there, or is missing.
	Wrong
	// Useless is what is not the secret at all, or what nothing can be done with.
	Useless
)

// weights has what is not merely Wrong, by the ids of findings.
var weights = map[string]Weight{
	"base64-key":     Useless,
	"encrypted-text": Useless,
	"masked":         Useless,
	"only-space":     Useless,
	"own-name":       Useless,
	"placeholder":    Useless,
	"pointer":        Useless,
	"putty":          Useless,
	"redacted":       Useless,
	"template":       Useless,

	"bad-begin":      Useless,
	"escaped-twice":  Useless,
	"expired":        Useless,
	"lost-breaks":    Useless,
	"no-begin":       Useless,
	"no-end":         Useless,
	"no-key":         Useless,
	"not-base64":     Useless,
	"not-parsed":     Useless,
	"not-rsa":        Useless,
	"not-taken":      Useless,
	"public-key":     Useless,
	"too-short":      Useless,
	"written-breaks": Useless,

	"json":          Blemish,
	"lines-after":   Blemish,
	"lines-before":  Blemish,
	"no-newline":    Blemish,
	"not-yet":       Blemish,
	"odd-dots":      Blemish,
	"odd-hyphen":    Blemish,
	"odd-quote":     Blemish,
	"pkcs1":         Blemish,
	"several-lines": Blemish,
	"windows-lines": Blemish,
}

// Weight says how bad it is.
func (f Finding) Weight() Weight {
	w, known := weights[f.ID]
	switch {
	case f.Broken:
		return Useless
	case !known:
		return Wrong
	}
	return w
}
