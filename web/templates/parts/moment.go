package parts

// Moment is a time or a day: in words, as seen when the page was drawn, and exactly.
type Moment struct {
	ISO   string // for the datetime attribute
	Exact string // for people, with its zone
	Words string // "3 minutes ago", "in 7 h 59 min"; may be empty
}
