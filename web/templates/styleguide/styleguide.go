// Package styleguide shows the parts that pages are put together of, each in every state, for people who change them.
//
// The demo has it. What is released does not: nothing but the demo imports this package.
package styleguide

import (
	"context"
	"io"
	"strconv"

	"github.com/a-h/templ"

	"maiaportal/web/templates/layout"
)

// part is a component with its states. Where a page can have it only once, each state has a page of its own.
type part struct {
	name   string // as the code calls it
	use    string
	states []state
	once   bool
	each   bool // each state is a component of its own, under its name
}

// state is one look of a part.
type state struct {
	label string
	shown templ.Component
}

// Page shows all parts. With only it shows one state of the part of that name; ok is false where there is no such one.
func Page(p layout.Page, only, number string) (page templ.Component, ok bool) {
	if only == "" {
		return all(p, parts()), true
	}
	n, err := strconv.Atoi(number)
	for _, one := range parts() {
		if one.name == only && err == nil && n >= 0 && n < len(one.states) {
			p.Title = one.name + ": " + one.states[n].label
			return alone(p, one, one.states[n]), true
		}
	}
	return nil, false
}

// Names are the parts that are shown.
func Names() []string {
	var names []string
	for _, one := range parts() {
		if !one.each {
			names = append(names, one.name)
			continue
		}
		for _, it := range one.states {
			names = append(names, it.label)
		}
	}
	return names
}

// address is the page of one state.
func address(p part, n int) string { return "/styleguide?only=" + p.name + "&state=" + strconv.Itoa(n) }

// with gives a part its children.
func with(one templ.Component, children ...templ.Component) templ.Component {
	return templ.ComponentFunc(func(ctx context.Context, w io.Writer) error {
		return one.Render(templ.WithChildren(ctx, templ.Join(children...)), w)
	})
}

// text is a child that is nothing but words.
func text(words string) templ.Component {
	return templ.ComponentFunc(func(_ context.Context, w io.Writer) error {
		_, err := io.WriteString(w, templ.EscapeString(words))
		return err
	})
}

// none is a child where there is nothing to say.
var none = text("")
