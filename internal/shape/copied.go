package shape

import (
	"bytes"
	"regexp"
	"slices"
	"sync"
)

// row is one thing that is copied along with a secret, or stands in its place.
type row struct {
	id      string
	pattern string // RE2, looked for in the value without the blanks around it
	kinds   []Kind // where it is looked for
	text    string // what it is, and the one thing to do
	broken  bool   // it can never be what a strict kind expects
}

var (
	typedKinds = []Kind{Anything, Line}
	textKinds  = []Kind{Anything, Line, Leaf}
	allKinds   = []Kind{Anything, Line, PrivateKey, Leaf, File}
	oneLine    = []Kind{Line}
)

// rows are what is looked for. To add one, add it here, and an example of it to the tests' corpus of broken values.
var rows = []row{
	// In place of the secret.
	{"putty", `\APuTTY-User-Key-File-`, allKinds, "This is a key in PuTTY’s own form. Open it in PuTTYgen, choose Conversions, Export OpenSSH key, and store what it exports.", true},
	{"base64-key", `\ALS0tLS1CRUdJTi`, allKinds, "This is the Base64 form of a key or certificate. Decode it first, for example with base64 -d, and store what comes out.", true},
	{"masked", `\*{4,}|[•●⬤∙]{3,}|[*•●]{2,}\z`, textKinds, "It is masked, in whole or in part: stars or dots stand where the secret should be. Copy it where it is shown.", false},
	{"redacted", `(?i)\A[\[(<{]+ ?(redacted|masked|hidden|filtered|removed|sensitive|sensitive value|secret value|known after apply) ?[\])>}]+\z`, textKinds, "A program put these words where the secret was. Copy the secret itself.", false},
	{"pointer", `\A(@Microsoft\.KeyVault\(|arn:aws[a-z-]*:(secretsmanager|ssm):|op://|(https://)?[0-9A-Za-z-]+\.vault\.azure\.net/secrets/|\{\{resolve:|(vault|keyvault|awssm|aws-sm|gcpsm|gcp-sm|gcp|azkv|akv|ref\+[a-z]+)://|projects/[^/\s]+/secrets/|vault:[a-z]+/\S+#)`, textKinds, "It points to a secret and is not the secret itself. Store what it points to, or create a reference to it.", false},
	{"encrypted-text", `\A(ENC\[AES256_GCM,|\$ANSIBLE_VAULT;|ENC\([0-9A-Za-z+/=]+\)\z|vault:v[0-9]+:|\{cipher\}|AQICAH[0-9A-Za-z+/=]{60,}\z|AgB[0-9A-Za-z+/=]{200,}\z)`, textKinds, "It is encrypted by another program (SOPS, Ansible, a sealed secret or the like). Decrypt it first, and store what comes out.", false},
	{"template", `\A(\$\([A-Za-z_][\w.]*\)|%[A-Za-z_]\w*%|\$\{[A-Za-z_][\w.:-]*\}|\$?\{\{[^\n]*\}\}|#\{[A-Za-z_][\w.]*\}#?|<%=?[^\n]*%>|__[A-Z][A-Z_]*__|\$env:\w+|process\.env\.\w+|\$[A-Z]+(_[A-Z]+)+)\z`, textKinds, placeholderText, false},
	{"placeholder", `\A<[A-Za-z]{1,20}([ _-][A-Za-z]{1,20}){0,5}>\z`, textKinds, placeholderText, false},

	// Copied along.
	{"quotes", "\\A(\"[^\"\\n]+\"|'[^'\\n]+'|`[^`\\n]+`)[,;]?\\z", typedKinds, "It has quotation marks around it, which are usually not part of the secret. Remove them.", false},
	{"member", `\A"[^"\n]+"\s*:\s*"[^"\n]*"?,?\z`, typedKinds, "It is a property of a JSON text, with its name. Enter what is between the second pair of quotation marks.", false},
	{"assignment", `\A((export|set|setx|SET)\s+[A-Za-z_]\w*[= ]|\$env:\w+\s*=|[A-Z][A-Z0-9]*(_[A-Z0-9]+)+ ?= ?\S|(?i:password|passwd|pwd|secret|token|api_?key|client_?secret|access_?key)( ?= ?|: )[^\s;]+\z)`, typedKinds, "There is a name and an equals sign before it. Enter what follows them.", false},
	// A passphrase may begin with most of these words, so that what stands behind them is no plain word. None begins with
	// Bearer.
	{"bearer", `\A((?i:(proxy-)?authorization|private-token|x-[a-z-]*(key|token))\s*:|(?i:bearer)\s+\S+\z|(?i:basic|token|api-?key|ssws|geniekey|zoho-oauthtoken|negotiate|ntlm)\s+(\S*[0-9=+/_]|\S+[A-Z])\S*\z)`, textKinds, "A word such as Bearer or Basic stands in front of it, as in the header of a request. Enter what stands behind that word.", false},
	{"csv", `(?i)\A"?(user name|access key id)"?,.*secret access key`, typedKinds, "It begins with the head of a CSV file. Enter one cell of it.", false},
	{"cells", `\A[^\t\n]*[^\t\n ]\t[^\n]*\z`, oneLine, "There is a tab between two texts: these are two cells of a table. Enter one of them.", false},
	{"end-of-line", `\A[0-9A-Za-z_-]{20,}[,;]\z`, oneLine, "It ends with a comma or semicolon, which is usually not part of the secret. Remove it.", false},
}

const placeholderText = "It looks like a placeholder for the secret."

// maxRow bounds what the patterns are run over: the rows are about short texts, and about how longer ones begin.
const maxRow = 4096

type compiled struct {
	row
	expression *regexp.Regexp
}

var compiledRows = sync.OnceValue(func() []compiled {
	list := make([]compiled, len(rows))
	for i, r := range rows {
		list[i] = compiled{r, regexp.MustCompile(r.pattern)}
	}
	return list
})

// copied gives what of the table b is, the most telling first.
func copied(b []byte, k Kind) []Finding {
	b = trim(b)
	begins := b[:min(len(b), maxRow)]
	var found []Finding
	for _, r := range compiledRows() {
		if !slices.Contains(r.kinds, k) || len(b) > maxRow && bytes.HasSuffix([]byte(r.pattern), []byte(`\z`)) {
			continue
		}
		if r.expression.Match(begins) {
			found = append(found, Finding{ID: r.id, Text: r.text, Broken: r.broken && k.Strict()})
			if r.id != "quotes" {
				break // the others would say the same in other words
			}
		}
	}
	return found
}
