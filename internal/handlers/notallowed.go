package handlers

import (
	"errors"
	"log/slog"
	"net/http"

	"maiaportal/internal/auth"
	"maiaportal/internal/auth/reason"
	"maiaportal/web/templates/parts"
)

// notAllowed is for somebody whom the provider knows and the portal does not let in: because of the groups, or
// because nobody can tell which ones they are.
func (h *Handlers) notAllowed(login auth.Login, returnTo auth.ReturnPath, err error) error {
	groups := groupWords(append(append([]string{}, h.Policy.Allowed...), h.Policy.Auditors...))
	e := &pageError{
		status:  http.StatusForbidden,
		heading: "Your account may not use this portal",
		cause:   err,
		link:    parts.Link{Label: "Sign in with another account", Href: loginLink(returnTo.String(), "login")},
		text:    []string{"You are signed in at your company as " + login.Name + ", but the portal is for members of " + groups + "."},
		logged:  []slog.Attr{slog.String("issuer", login.Issuer), slog.String("subject", login.Subject)},
	}
	claim := "the claim " + h.RP.Groups.Name
	why := reason.NotAllowed
	var refusal *reason.Refusal
	if errors.As(err, &refusal) {
		why = refusal.Reason
	}
	if why != reason.NotAllowed {
		e.heading = "The portal cannot tell whether you may use it"
	}
	switch why {
	case reason.GroupsMissing:
		e.text = append(e.text,
			"Your company’s sign-in did not say which groups you are in. If you are in none, ask to be added to one of them.",
			"If you are in one, this is for your portal administrator: the provider does not send "+claim+". Either it has to, or PORTAL_OIDC_GROUPS_CLAIM has to name the claim that it sends.",
		)
	case reason.GroupsEmpty:
		e.text = append(e.text,
			"Your company’s sign-in says that you are in no group at all. If that is true, ask to be added to one of them.",
			"If you are in one, this is for your portal administrator: the provider sends "+claim+" without your groups. Check there which groups it sends to this portal.",
		)
	case reason.GroupsOverage:
		e.text = append(e.text,
			"You are in so many groups that your company’s sign-in does not list them. Being added to another group will not help.",
			"This is for your portal administrator: have the provider send only the groups assigned to this portal, or use app roles with PORTAL_OIDC_GROUPS_CLAIM=roles.",
		)
	case reason.GroupsOtherShape:
		e.text = append(e.text,
			"Your company’s sign-in sends your groups in a form that the portal does not read. Being added to a group will not help.",
			"This is for your portal administrator: "+claim+" is not a list of names. Set PORTAL_OIDC_GROUPS_SEPARATOR where it is one text with several groups, or PORTAL_OIDC_GROUPS_MEMBER where it lists objects.",
		)
	default:
		e.text = append(e.text, "Ask an administrator of these groups to add you, then sign in again.")
	}
	return e
}

// tokenNotTaken is for a login whose access token the provider itself does not take, so that the groups cannot
// be had.
func tokenNotTaken(err error, again parts.Link) error {
	return &pageError{
		status:  http.StatusUnauthorized,
		heading: "Sign in again",
		cause:   err,
		link:    again,
		text: []string{
			"Your company’s sign-in did not say which groups you are in: it does not accept the login that it has just confirmed.",
			"A new login may help. If this happens again, give your portal administrator the request id below. The log says what to change.",
		},
	}
}
