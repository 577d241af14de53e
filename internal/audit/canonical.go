package audit

import (
	"encoding/json"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"maiaportal/internal/record"
)

// This file writes the one form of an event that is hashed: RFC 8785, the JSON Canonicalization Scheme. Of
// that it needs strings, whole numbers and objects whose names are plain ASCII.

// appendCanonical appends an event without its hash. Members stand in the order of their names; details are
// in this form already.
func appendCanonical(b []byte, e record.Event, details string) []byte {
	b = append(b, `{"actor_issuer":`...)
	b = appendString(b, e.Actor.Issuer)
	b = append(b, `,"actor_name":`...)
	b = appendString(b, e.Actor.Name)
	b = append(b, `,"actor_subject":`...)
	b = appendString(b, e.Actor.Subject)
	b = append(b, `,"client_address":`...)
	b = appendString(b, e.ClientAddress)
	b = append(b, `,"details":`...)
	b = append(b, details...)
	b = append(b, `,"event":`...)
	b = appendString(b, string(e.Kind))
	b = append(b, `,"prev":`...)
	b = appendString(b, e.Prev)
	b = append(b, `,"request_id":`...)
	b = appendString(b, e.RequestID)
	b = append(b, `,"seq":`...)
	b = strconv.AppendInt(b, e.Seq, 10)
	b = append(b, `,"submission_id":`...)
	b = appendString(b, e.SubmissionID)
	b = append(b, `,"time":`...)
	b = appendString(b, Time(e.Time))
	return append(b, '}')
}

// Details gives the details of an event as one JSON object in canonical form.
func Details(list []record.Detail) string {
	sorted := slices.Clone(list)
	slices.SortFunc(sorted, func(a, b record.Detail) int { return strings.Compare(a.Name, b.Name) })
	b := make([]byte, 0, 256)
	b = append(b, '{')
	for i, d := range sorted {
		if i > 0 {
			b = append(b, ',')
		}
		b = appendString(b, d.Name)
		b = append(b, ':')
		switch d.Is {
		case record.IsText:
			b = appendString(b, d.Text)
		case record.IsNumber:
			b = strconv.AppendInt(b, int64(d.Number), 10)
		}
	}
	return string(append(b, '}'))
}

// inCanonicalForm says whether details, as the database has them, are the object that Details writes. Else an event
// could be told from another one by what stands around them.
func inCanonicalForm(details string) bool {
	d := json.NewDecoder(strings.NewReader(details))
	d.UseNumber()
	members := map[string]any{}
	if err := d.Decode(&members); err != nil {
		return false
	}
	list := make([]record.Detail, 0, len(members))
	for name, value := range members {
		switch v := value.(type) {
		case string:
			list = append(list, record.Detail{Name: name, Text: v})
		case json.Number:
			n, err := strconv.Atoi(v.String())
			if err != nil {
				return false
			}
			list = append(list, record.Detail{Name: name, Number: n, Is: record.IsNumber})
		default:
			return false
		}
	}
	return Details(list) == details
}

// appendString appends a string with no more escapes than RFC 8785 section 3.2.2.2 allows. What is no UTF-8
// becomes the replacement character: the database keeps it so, too.
func appendString(b []byte, s string) []byte {
	const hexDigits = "0123456789abcdef"
	b = append(b, '"')
	for _, r := range s {
		switch r {
		case '"', '\\':
			b = append(b, '\\', byte(r))
		case '\b':
			b = append(b, '\\', 'b')
		case '\t':
			b = append(b, '\\', 't')
		case '\n':
			b = append(b, '\\', 'n')
		case '\f':
			b = append(b, '\\', 'f')
		case '\r':
			b = append(b, '\\', 'r')
		default:
			if r < 0x20 {
				b = append(b, '\\', 'u', '0', '0', hexDigits[r>>4], hexDigits[r&15])
				continue
			}
			b = utf8.AppendRune(b, r)
		}
	}
	return append(b, '"')
}
