package handlers

import (
	"fmt"
	"math"
	"net/http"
	"time"

	"maiaportal/internal/maiaclient"
	"maiaportal/internal/record"
	"maiaportal/internal/submission"
	"maiaportal/web/templates/pages"
	"maiaportal/web/templates/parts"
)

// This file has the words for what can go wrong on the way to Maia.

// defaultWait is what people are told where Maia does not say how long to wait.
const defaultWait = time.Minute

func retryAfter(r *submission.RefusedError) time.Duration {
	if r.RetryAfter > 0 {
		return r.RetryAfter
	}
	return defaultWait
}

// waitWords is a length of time for people.
func waitWords(d time.Duration) string {
	if s := int(math.Ceil(d.Seconds())); s < 90 {
		if s == 1 {
			return "one second"
		}
		return fmt.Sprintf("%d seconds", s)
	}
	return fmt.Sprintf("%d minutes", int(math.Ceil(d.Minutes())))
}

// byField puts Maia's violations at the fields that this form shows.
func byField(f formSpec, in input, violations []string) map[string][]string {
	out := maiaclient.ByField(violations, f.byMaia(in))
	for field, messages := range out {
		for i, m := range messages {
			out[field][i] = "Maia says: " + m
		}
	}
	return out
}

// words are what is said of an action and of what it makes.
type words struct {
	kind    string // in lists
	noun    string // in sentences
	notDone string // after the name, where it was refused
	// unknown says how to find out whether it happened, and failed the same on the form.
	unknown func(record.Fields) string
	failed  func(record.Fields) string
	// taken says, at which field, that a name exists already.
	taken func(in input) (field, text string)
	// later are links that come first where nobody knows how it ended; nil: none.
	later func(r record.Submission) []parts.Link
	// where says in lists where it was made.
	where func(record.Fields) string
	// created fills in the receipt of what was made.
	created func(f formSpec, m *pages.Receipt, r record.Submission, name string, own bool)
	// forbidden says what Maia refused.
	forbidden func(record.Fields) string
	// notFound are the fields that Maia may not have found.
	notFound func(in input) submission.FieldErrors
}

// orID is a name, or the id of what has none that is known.
func orID(name, id string) string {
	if name != "" {
		return name
	}
	return id
}

// unknownWords are for records of a newer portal, which this one sees while both run.
var unknownWords = words{
	kind:    "Another kind",
	noun:    "submission",
	notDone: "was not made",
	unknown: func(record.Fields) string { return "To find out, look in Maia." },
	where:   func(record.Fields) string { return "" },
	created: func(_ formSpec, m *pages.Receipt, _ record.Submission, name string, _ bool) {
		m.Heading = name + " was made"
	},
}

// takenErrors are for a name that exists already.
func (f formSpec) takenErrors(d dates, in input, r *submission.RefusedError) submission.FieldErrors {
	at, text := f.words.taken(in)
	if r.Earlier == nil {
		return submission.FieldErrors{at: {text}}
	}
	outcome := r.Earlier.Outcome
	if outcome == record.ValueStored && at == "secretReferenceName" {
		outcome = record.Unknown // the value is there for sure; the reference only perhaps
	}
	switch outcome {
	case record.Created, record.ValueStored:
		text += " You created it yourself, on " + d.moment(r.Earlier.CreatedAt) + "."
	case record.Unknown, record.Failed, record.Pending, record.Rejected, record.Unauthenticated, record.Forbidden,
		record.NotFound, record.Conflict, record.RateLimited:
		text = "This name already exists: your earlier attempt, whose result was unknown, probably created it. Check it before you choose another name."
	}
	return submission.FieldErrors{at: {text}}
}

// earlierNotice leads to the user's own submission of the same name.
func earlierNotice(d dates, earlier record.Submission) parts.Notice {
	return parts.Notice{
		Kind:  parts.KindInfo,
		Title: "You have sent this name before",
		Text:  []string{"On " + d.moment(earlier.CreatedAt) + ". Its receipt says what there is, and how to go on from it."},
		Links: []parts.Link{{Label: "See the result for " + earlier.Name, Href: receiptPath(earlier.ID)}},
	}
}

// forbiddenNotice has Maia's own words and whom to ask: it is what the user reads first. The help below then need not
// say it again.
func forbiddenNotice(f formSpec, r *submission.RefusedError, help *parts.HelpDesk) parts.Notice {
	n := parts.Notice{
		Kind:  parts.KindWarning,
		Title: "Your Maia account is not allowed to do this",
		Text:  []string{f.words.forbidden(r.Record.Fields)},
	}
	if r.Detail != "" {
		n.Text = append(n.Text, "Maia says: "+r.Detail)
	}
	if help != nil {
		n.Text = append(n.Text, help.Ask)
		help.Ask = ""
	}
	return n
}

func rateLimitedNotice(wait time.Duration) parts.Notice {
	return parts.Notice{
		Kind:  parts.KindWarning,
		Title: "Maia is busy: wait " + waitWords(wait),
		Text:  []string{"Your company’s account has made too many requests to Maia in a short time. Nothing was created. Send the form again after " + waitWords(wait) + "."},
	}
}

func failedNotice(f formSpec, r *submission.RefusedError) parts.Notice {
	if !r.Record.Sent || r.Record.Status == 0 || r.Record.Status == http.StatusUnauthorized {
		n := parts.Notice{
			Kind:  parts.KindProblem,
			Title: "Nothing was sent to Maia",
			Text:  []string{"The portal could not reach Maia, so nothing was created. Send the form again in a minute. If it happens again, tell your portal administrator."},
		}
		if providerAway(r) {
			n.Title = "Nothing was created"
			n.Text = []string{"Your login has to be renewed for this, and your company’s sign-in does not answer. Send the form again in a minute."}
		}
		return n
	}
	n := parts.Notice{
		Kind:  parts.KindProblem,
		Title: "Maia failed",
		Text:  []string{fmt.Sprintf("Maia reported an internal error (status %d). Most likely nothing was created.", r.Record.Status)},
	}
	if r.Record.Status == http.StatusServiceUnavailable {
		n.Text = append(n.Text, laterWords(r.Record))
	}
	n.Text = append(n.Text, f.words.failed(r.Record.Fields))
	return n
}

// laterWords say that what was sent may still be done, although no answer or only a refusal came: an agent that is
// paused queues its work.
func laterWords(r record.Submission) string {
	if r.AgentID == "" {
		return "It may still happen a little later."
	}
	return "It may still happen: an agent that is paused or busy queues what it is sent, and does it later. Check the agent’s state in Maia before you send it again."
}

// tokenTooLong says whether Maia refused a call because the user's token makes its header too long. Nothing that stands
// in the form can change that.
func tokenTooLong(r record.Submission) bool {
	return r.Status == http.StatusRequestHeaderFieldsTooLarge
}

func tokenTooLongNotice() parts.Notice {
	n := parts.Notice{
		Kind:  parts.KindProblem,
		Title: "Your login’s token is too long for Maia",
		Text: []string{
			"Maia refused the request because of the length of your login’s token (status 431), not because of anything in this form. Nothing was created.",
		},
	}
	return n
}

func tooManyNotice(wait time.Duration) parts.Notice {
	return parts.Notice{
		Kind:  parts.KindWarning,
		Title: "Too many submissions: wait " + waitWords(wait),
		Text:  []string{"One person can send a limited number of forms in a minute, so that Maia stays usable for the others. Nothing was sent now."},
	}
}

func usedNotice(u *submission.UsedTokenError) parts.Notice {
	n := parts.Notice{
		Kind:  parts.KindWarning,
		Title: "This form was already used for the " + formOf(u.First.Action).words.noun + " " + u.First.Name,
		Text:  []string{"Nothing was sent now. You may have returned to an old page. To send what the form shows now, submit it again."},
	}
	if u.First.ID != "" {
		n.Links = []parts.Link{{Label: "See the result for " + u.First.Name, Href: receiptPath(u.First.ID)}}
	}
	return n
}

func notRecordedNotice() parts.Notice {
	return parts.Notice{
		Kind:  parts.KindProblem,
		Title: "Nothing was sent to Maia",
		Text:  []string{"The portal records every request before sending it, and its database is unavailable. Send the form again in a minute."},
	}
}

func removedNotice(removed string) parts.Notice {
	if removed == removedSecret {
		return parts.Notice{
			Kind:  parts.KindProblem,
			Title: "The link carried a secret",
			Text:  []string{"A secret value in an address is in browser histories and logs. The portal did not read it. Treat it as leaked and replace it at its source. Then correct the link, and never put a secret into one."},
		}
	}
	return parts.Notice{
		Kind:  parts.KindInfo,
		Title: "Part of the link was ignored",
		Text:  []string{"It had a parameter that this form does not have. The rest is filled in below."},
	}
}

func unknownRecipeNotice() parts.Notice {
	return parts.Notice{
		Kind:  parts.KindInfo,
		Title: "The link names an unknown use",
		Text:  []string{"Choose below what the secret is for. If the link is on a page of your company, tell the page’s author."},
	}
}

// unrecordedPage is for a submission that went out but whose end the database did not take.
func unrecordedPage(u *submission.UnrecordedError, in input) error {
	text := "The result is unknown: it may or may not have been created, and it may still happen."
	switch {
	case u.Record.Outcome == record.ValueStored:
		text = "The value is stored, and the reference is missing."
	case u.Record.Outcome == record.Created:
		text = "Maia said that it was created."
	case u.Record.Outcome.Definite():
		text = "It was not created."
	}
	return &pageError{
		status:     http.StatusServiceUnavailable,
		heading:    "Sent, but not recorded yet",
		cause:      u,
		retryAfter: 30 * time.Second,
		text: []string{
			"“" + u.Record.Name + "” was sent to Maia. " + text,
			"The portal’s database is unavailable, so this result is not in your activity yet. The portal keeps trying. Do not send it again: open the receipt in a minute.",
		},
		link: parts.Link{Label: "Open the receipt", Href: receiptOf(u.Record, in)},
	}
}

// noTokenPage is for a provider that does not exchange a user's token for one for Maia.
func noTokenPage(cause error) error {
	return &pageError{
		status:  http.StatusUnauthorized,
		heading: "Your company’s sign-in gives you no token for Maia",
		cause:   cause,
		text: []string{
			"The portal asked it for a token that Maia accepts, in your name, and was refused. Nothing was sent to Maia. Signing in again is unlikely to help.",
			"Either your account may not use Maia, or the token exchange is not set up for the portal. Give your portal administrator the request id below: the log has the reason.",
		},
		link: parts.Link{Label: "See your activity", Href: "/activity"},
	}
}

// refusedAgainPage is for a fresh token that Maia refuses like the one before: another login would be
// refused too.
func (h *Handlers) refusedAgainPage(r *submission.RefusedError) error {
	where := "the address of Maia that the portal is set up for"
	if h.Site.Region != "" {
		where = "the region " + h.Site.Region + " that the portal is set up for"
	}
	return &pageError{
		status:  http.StatusUnauthorized,
		heading: "Maia does not accept your login",
		cause:   r,
		text: []string{
			"You have just signed in, and Maia refused that login as well. Signing in again will not help. Nothing was created.",
			"One of these is the cause: your account is not known in Maia; your company’s Maia account is in another region than " + where + "; or your company’s sign-in issues tokens that are not meant for Maia (their audience). Give your portal administrator the request id below.",
		},
		link: parts.Link{Label: "See your activity", Href: "/activity"},
		help: h.explain(answerOf(r.Record, append([]string{r.Detail}, r.Violations...)...)),
	}
}
