package audit

import (
	"strconv"

	"maiaportal/internal/record"
)

// AppendLine appends an event as one line of JSON, its members in the order of log lines. Details that somebody has
// brought into another form stand there as a text.
func AppendLine(b []byte, e record.Stored) []byte {
	b = append(b, `{"seq":`...)
	b = strconv.AppendInt(b, e.Seq, 10)
	for _, m := range []struct{ name, value string }{
		{"time", Time(e.Time)},
		{"event", string(e.Kind)},
		{"actor_issuer", e.Actor.Issuer},
		{"actor_subject", e.Actor.Subject},
		{"actor_name", e.Actor.Name},
		{"client_address", e.ClientAddress},
		{"request_id", e.RequestID},
		{"submission_id", e.SubmissionID},
	} {
		b = appendMember(b, m.name, m.value)
	}
	if inCanonicalForm(e.DetailsText) {
		b = append(b, `,"details":`...)
		b = append(b, e.DetailsText...)
	} else {
		b = appendMember(b, "details", e.DetailsText)
	}
	b = appendMember(b, "prev", e.Prev)
	b = appendMember(b, "hash", e.Hash)
	return append(b, '}', '\n')
}

func appendMember(b []byte, name, value string) []byte {
	b = append(b, ',', '"')
	b = append(b, name...)
	b = append(b, '"', ':')
	return appendString(b, value)
}
