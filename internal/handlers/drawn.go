package handlers

import (
	"bytes"
	"context"
	"crypto/rand"
	"strconv"
	"sync"

	"github.com/a-h/templ"
	"github.com/labstack/echo/v4"

	"maiaportal/internal/auth"
	"maiaportal/internal/catalogue"
	"maiaportal/internal/record"
	"maiaportal/web/templates/layout"
)

// This file keeps forms in which nothing is filled in, as most people open them. All that differs from one of them to
// the next is who is signed in, until when, and the form's token; the rest is drawn once.

// drawnMost is how many of them are kept: each form with each recipe, for some groups of users who see the same lists.
const drawnMost = 64

// drawnForms may be used by many goroutines at once.
type drawnForms struct {
	mu   sync.Mutex
	kept map[drawnKey]drawnForm
}

// drawnKey is all that a form depends on in which nothing but a recipe was filled in. What comes from the settings is
// the same as long as the process lives.
type drawnKey struct {
	form      record.Action
	recipe    string
	lists     catalogue.Version
	operators *catalogue.Catalogue
	// gaps are the blanks that the form has no place for.
	gaps [blanksOfForm]bool
}

// blanksOfForm is how many blanks a form can have.
const blanksOfForm = 7

// blanks are what differs from user to user, and from form to form.
type blanks [blanksOfForm]string

func blanksOf(token string, u layout.User) blanks {
	return blanks{token, u.Name, u.Initials, u.Detail, u.Until.ISO, u.Until.Exact, u.Until.Words}
}

// parts are what blanksOf has put together.
func (b blanks) parts() (token string, u layout.User) {
	u.Name, u.Initials, u.Detail = b[1], b[2], b[3]
	u.Until.ISO, u.Until.Exact, u.Until.Words = b[4], b[5], b[6]
	return b[0], u
}

// gaps tells which blanks have nothing: a page may look different without them.
func (b blanks) gaps() (gaps [blanksOfForm]bool) {
	for i, text := range b {
		gaps[i] = text == ""
	}
	return gaps
}

// marked has a mark in the place of each blank that has something. Nobody can know a mark: whoever names a project like
// one must not get somebody's token there.
func marked(gaps [blanksOfForm]bool) (mark string, b blanks) {
	mark = rand.Text()
	for i := range b {
		if !gaps[i] {
			b[i] = mark + strconv.Itoa(i)
		}
	}
	return mark, b
}

// drawnForm is a page in pieces, and the blank that stands before each but the first.
type drawnForm struct {
	pieces [][]byte
	blanks []int
}

// cut takes a page apart at its marks.
func cut(html []byte, mark string) drawnForm {
	pieces := bytes.Split(html, []byte(mark))
	d := drawnForm{blanks: make([]int, len(pieces))}
	for i, piece := range pieces {
		if i > 0 {
			d.blanks[i] = int(piece[0] - '0')
			piece = piece[1:]
		}
		d.pieces = append(d.pieces, piece)
	}
	return d
}

// fill writes the page with its blanks, which are escaped as templates do it.
func (d drawnForm) fill(out *bytes.Buffer, b blanks) {
	for i := range b {
		b[i] = templ.EscapeString(b[i])
	}
	for i, piece := range d.pieces {
		if i > 0 {
			out.WriteString(b[d.blanks[i]])
		}
		out.Write(piece)
	}
}

// get gives what is kept, or draws it. Where there is too much of it, all is forgotten: lists change, and what is used
// is soon there again.
func (d *drawnForms) get(key drawnKey, draw func() (drawnForm, error)) (drawnForm, error) {
	d.mu.Lock()
	form, ok := d.kept[key]
	d.mu.Unlock()
	if ok {
		return form, nil
	}
	form, err := draw()
	if err != nil {
		return form, err
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.kept == nil || len(d.kept) >= drawnMost {
		d.kept = map[drawnKey]drawnForm{}
	}
	d.kept[key] = form
	return form, nil
}

// bare says whether a link fills nothing in, but for a recipe.
func (in input) bare() bool {
	for name := range in.values {
		if name != recipeField.name {
			return false
		}
	}
	return in.rows == standardRows
}

// showBare draws a form in which nothing is filled in but what its recipe says.
func (h *Handlers) showBare(c echo.Context, f formSpec, s *auth.Session, st formState) error {
	out, _ := buffers.Get().(*bytes.Buffer)
	out.Reset()
	defer buffers.Put(out)
	page := func() layout.Page { return h.page(c, s, f.title) }
	if err := h.drawBare(out, f, st, h.lists(c.Request().Context(), s), *h.user(s), page); err != nil {
		return err
	}
	return answerHTML(c, st.status, out.Bytes())
}

// drawBare writes the page of such a form for a user, or draws it first where it is not kept.
func (h *Handlers) drawBare(out *bytes.Buffer, f formSpec, st formState, lists catalogue.Lists, u layout.User,
	page func() layout.Page) error {
	b := blanksOf(st.token, u)
	key := drawnKey{
		form:      f.action,
		recipe:    st.in.get(recipeField.name),
		lists:     lists.Version(),
		operators: h.Operators.Catalogue(),
		gaps:      b.gaps(),
	}
	form, err := h.drawn.get(key, func() (drawnForm, error) {
		p := page()
		mark, marks := marked(key.gaps)
		token, user := marks.parts()
		st.token = token
		p.User = &user
		var html bytes.Buffer
		err := h.view(f, st, lists).page(p).Render(context.Background(), &html)
		return cut(html.Bytes(), mark), err
	})
	if err != nil {
		return err
	}
	form.fill(out, b)
	return nil
}
