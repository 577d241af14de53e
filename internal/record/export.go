package record

// ExportedKind is the kind of the event of an export.
const ExportedKind EventKind = "exported"

// Exported is the event of an export that begins: what is exported, with which filters, as they stand in an address,
// and how many rows it has.
func Exported(by By, what, filters string, rows int) Event {
	return Event{
		Kind:          ExportedKind,
		Actor:         by.Actor,
		ClientAddress: by.ClientAddress,
		RequestID:     by.RequestID,
		Details:       []Detail{text("what", what), text("filters", filters), number("rows", rows)},
	}
}
