package submission

import (
	"slices"
	"strings"

	"maiaportal/internal/maiaclient"
	"maiaportal/internal/record"
	"maiaportal/internal/scrub"
	"maiaportal/internal/secret/plainjson"
)

const (
	maxMessage    = 300 // characters of one message that are shown
	maxViolations = 20
	maxAnswerName = 1024 // characters of a name that Maia gave
)

// messages are Maia's words, fit to be shown: without the secret that was sent, and shortened.
func (j plan) messages(p *maiaclient.Problem) (detail string, violations []string) {
	said := append([][]byte{p.Detail}, p.Violations[:min(len(p.Violations), maxViolations)]...)
	clean := scrub.Words(j.parts, j.openWords(), maxMessage, said...)
	return clean[0], clean[1:]
}

// names are the names out of Maia's answer, each empty where it repeats the secret or is no name.
func (j plan) names(s maiaclient.Stored) (resolverRef, vaultSecretName string) {
	names := []string{s.ResolverRef, s.VaultSecretName}
	open := j.openWords()
	looked := slices.Clone(names)
	for i, name := range names {
		// Often it is what was entered, whatever else that is a piece of. Then the value need not be looked at.
		entered := slices.ContainsFunc(open, func(w string) bool { return strings.Contains(w, name) })
		if entered && scrub.Printable(name, maxAnswerName) == name {
			looked[i] = ""
		}
	}
	for i, clean := range scrub.Words(j.parts, open, maxAnswerName, looked...) {
		if clean != looked[i] {
			names[i] = ""
		}
	}
	return names[0], names[1]
}

// answerWords are the fixed parts of the addresses of vaults, which Maia's answers are made of.
var answerWords = []string{"arn:aws:secretsmanager", ":secret:", "vault.azure.net", "secrets"}

// openWords are those that an answer may have, even where they are a piece of the value, too: what the user
// entered where nothing is secret, the names of those fields, and the fixed parts of addresses. The
// description is none of them: people write much into it, and it is not recorded.
func (j plan) openWords() []string {
	open := slices.Clone(answerWords)
	for field, values := range j.plain {
		open = append(open, field)
		if field != "description" {
			open = append(open, values...)
		}
	}
	return open
}

// parts gives each text of the value that was sent, in a copy: in JSON each string and number. The names of
// properties are secret only where they were typed in the secret field itself, and may be more than names.
func (j plan) parts(part func([]byte)) {
	if j.object.Empty() {
		return
	}
	longest := 0
	j.object.Each(func(b []byte, _ bool) { longest = max(longest, len(b)) })
	room := make([]byte, 0, longest) // no part is longer
	defer func() { clear(room[:cap(room)]) }()
	w := plainjson.Walk{
		Leaf: func(raw []byte, isString bool, _ int) {
			if isString {
				part(plainjson.Unescape(room, raw))
			} else {
				part(append(room, raw...))
			}
		},
		Name: func(name []byte) {
			if !scrub.OrdinaryName(name) {
				part(append(room, name...))
			}
		},
	}
	format := j.plain["valueFormat"]
	entered := len(format) == 1 && format[0] == string(record.FormatJSON)
	j.object.Each(func(b []byte, isText bool) {
		switch {
		case isText:
			part(append(room, b...))
		case entered:
			_, _ = w.Object(b) // it was checked by this package
		}
	})
}
