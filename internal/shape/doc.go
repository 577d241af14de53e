// Package shape looks at a secret value the way an experienced colleague would, before it is stored:
// does it look like what it is meant to be, or like something that went wrong while it was copied?
//
// A finding says what is odd and never shows, quotes or measures any of the value. The package keeps
// nothing, makes no string of a value, and clears whatever it had to decode. What is done about a
// finding, and which form the value came from, is for others to know.
package shape
