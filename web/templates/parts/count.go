package parts

import "strconv"

// Count is how many there are of something.
type Count struct {
	Label  string
	Number int
	More   bool // there are more than were counted
}

func (c Count) words() string {
	if c.More {
		return "more than " + strconv.Itoa(c.Number)
	}
	return strconv.Itoa(c.Number)
}
