// Package scrub takes a secret value out of somebody else's words: plain, escaped for JSON, URLs or
// HTML in any order, in base64 or hex, whole or cut off.
//
// A text is short and a value may be long. So a text is looked at in each of the ways in which it may
// be read (views.go), what was read is indexed by its pieces (index.go), and the value goes past that
// index once. Both sides are compared in one form: as they stand, and with every escape undone
// (undo.go), blanks and line ends alike.
//
// All that may be a piece of the value is bytes, with all their room from the beginning, and is cleared
// before Words returns. No strings are made of it.
package scrub
