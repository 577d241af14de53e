package auth

import (
	"log/slog"
	"slices"
	"strings"

	"maiaportal/internal/auth/oidc"
	"maiaportal/internal/auth/reason"
)

// notAllowed says why somebody with these groups may not log in.
func (rp *RelyingParty) notAllowed(f oidc.Groups) *reason.Refusal {
	why := f.Reason
	if why == "" {
		why = reason.NotAllowed
		if f.Pieces && several(f.Names[0], rp.Policy) {
			why = reason.GroupsOtherShape
		}
	}
	facts := []slog.Attr{slog.String("groups_claim", reason.Clip(rp.Groups.Name))}
	if f.Shape != "" {
		facts = append(facts, slog.String("groups_shape", f.Shape))
	}
	if f.Unread > 0 {
		facts = append(facts, slog.Int("groups_unread", f.Unread))
	}
	return reason.Refuse(reason.ErrNotAllowed, why, append(facts, f.Facts...)...)
}

// several says whether one string looks like several groups: one of those that the policy names is a piece
// of it, or it has the usual separators, and is no distinguished name, which has commas of its own.
func several(s string, p Policy) bool {
	pieces := func(separators string) []string {
		split := strings.FieldsFunc(s, func(r rune) bool { return strings.ContainsRune(separators, r) })
		for i := range split {
			split[i] = strings.Trim(split[i], ` "'[]`)
		}
		return split
	}
	for _, separators := range []string{",", ";", "|", "\r\n", " \t\r\n"} {
		if p.MayLogIn(pieces(separators)) {
			return true
		}
	}
	commas := pieces(",")
	dn := !slices.ContainsFunc(commas, func(piece string) bool { return !strings.Contains(piece, "=") })
	return strings.ContainsAny(s, ";|\n") || strings.HasPrefix(s, "[") || len(commas) > 1 && !dn
}
