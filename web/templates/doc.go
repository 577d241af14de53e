// Package templates draws the portal's pages.
//
// A page is a function of one view model: strings, flags and components, shaped like the screen. The
// package calls nothing, decides nothing and knows no domain type. No view model has a field that
// could hold a secret value, so no page can show one.
package templates
