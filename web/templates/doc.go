// Package templates has the portal's pages in three rooms: layout is the frame around each, parts is what
// pages are put together of, and pages are the pages themselves. Here are their tests.
//
// A page is a function of one view model: strings, flags and components, shaped like the screen. The
// packages call nothing, decide nothing and know no domain type. No view model has a field that could
// hold a secret value, so no page can show one.
package templates
