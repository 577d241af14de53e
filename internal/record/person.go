package record

// The kinds of events that are about a person rather than a submission.
const (
	Login        EventKind = "login"
	LoginRefused EventKind = "login_refused" // of a person whom a verified ID token names
	Logout       EventKind = "logout"
	SessionEnded EventKind = "session_ended" // before its time, and not by signing out
)

// Request is over which request something was done. It is empty where there was none.
type Request struct {
	ClientAddress string
	RequestID     string
}

// Ender is what ended a session before its time.
type Ender string

// The enders of sessions.
const (
	ByUser     Ender = "user"     // on the page of sessions
	ByLogin    Ender = "login"    // the same browser signed in anew
	ByProvider Ender = "provider" // its logout token
	ByOperator Ender = "operator" // a command
	ByRefusal  Ender = "refusal"  // a refresh whose answer is about somebody else
)

// Held is a session as events tell of it.
type Held struct {
	Actor   Actor
	Handle  string // names the session to people; it opens nothing
	Browser string
}

// Began is the event of a login: the session that begins with it.
func (h Held) Began(over Request) Event {
	return h.about(Login, over, text("browser", h.Browser), text("session", h.Handle))
}

// SignedOut is the event of a session's end that its user asked for by signing out.
func (h Held) SignedOut(over Request) Event {
	return h.about(Logout, over, text("session", h.Handle))
}

// EndedBy is the event of any other end of a session before its time. Its actor is whose session it was.
func (h Held) EndedBy(by Ender, over Request) Event {
	return h.about(SessionEnded, over, text("by", string(by)), text("session", h.Handle))
}

func (h Held) about(kind EventKind, over Request, details ...Detail) Event {
	return Event{
		Kind:          kind,
		Actor:         h.Actor,
		ClientAddress: over.ClientAddress,
		RequestID:     over.RequestID,
		Details:       details,
	}
}

// Refused is the event of a login that was refused to somebody whom a verified ID token names. reason is a word of a
// closed list.
func Refused(by By, reason string) Event {
	return Event{
		Kind:          LoginRefused,
		Actor:         by.Actor,
		ClientAddress: by.ClientAddress,
		RequestID:     by.RequestID,
		Details:       []Detail{text("reason", reason)},
	}
}
