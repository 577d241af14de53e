package pages

import (
	"maiaportal/web/templates/layout"
	"maiaportal/web/templates/parts"
)

// About is the page at /about.
type About struct {
	Page      layout.Page
	Maia      string // scheme and host of the Maia API
	MaiaTLS   bool   // calls to Maia are encrypted
	HTTPS     bool   // users come over TLS
	Exchanged bool   // the token for Maia is exchanged for that of the login
	Account   bool   // calls to Maia carry the id of the company's account
	Calls     []AboutCall
	Record    []parts.Fact // what a submission's record has
	Kept      []parts.Fact // what is kept beside the records, and for how long
	KeptFor   string       // how long records are kept, as a sentence
	Version   string
}

// AboutCall is one of the calls that the portal can make to Maia.
type AboutCall struct {
	Method, Path, What string
	Secret             string // when it carries a secret value; empty: never
}
