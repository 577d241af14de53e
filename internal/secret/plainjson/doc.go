// Package plainjson reads JSON that holds a secret, in place: it makes no strings of values, and no copies but the
// ones that are asked for, each in a slice that can be wiped.
//
// Walk is the strict reader, for what is sent: it tells faults by line and column. encoding/json is not used there,
// because it copies what it reads more than once, takes the last of two equal names in silence, and does not tell
// the place of a fault. Member, Elements and Text are for an answer, which may repeat a secret and is taken as it
// comes: encoding/json says beforehand whether it is valid, which it does without copying.
package plainjson
