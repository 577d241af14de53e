package handlers

import (
	"net/http"
	"net/url"
	"slices"

	"maiaportal/internal/auth"
	"maiaportal/internal/catalogue"
	"maiaportal/internal/secret/form"
	"maiaportal/internal/submission"
	"maiaportal/web/templates/pages"
	"maiaportal/web/templates/parts"
)

// This file brings the presets of the operators' catalogue onto the forms.

// presetField carries a preset's id along. What counts is the catalogue at the time of the POST.
var presetField = field{name: "preset", quiet: true}

// preset gives a preset that the user may use.
func (h *Handlers) preset(s *auth.Session, id string) (catalogue.Preset, bool) {
	p, ok := h.Operators.Catalogue().Preset(id)
	return p, ok && p.For(s.Login.Groups)
}

// presetPage is the page of the form that a preset is for.
func presetPage(p catalogue.Preset) string {
	for _, f := range forms {
		if presetForm(f.action) == p.Form {
			return f.page
		}
	}
	return setupForm.page
}

// withPreset fills in what a link's preset says and the link does not. elsewhere is where to go first, for a preset of
// another form. A preset that is not there for this user is a notice; a locked field to which the link gives another
// value has a message, and the form's status says so.
func (h *Handlers) withPreset(f formSpec, s *auth.Session, st *formState, rawQuery string) (elsewhere string) {
	id := st.in.get(presetField.name)
	if id == "" {
		delete(st.in.values, presetField.name)
		return ""
	}
	p, ok := h.preset(s, id)
	if !ok {
		delete(st.in.values, presetField.name)
		st.notices = append(st.notices, unknownPresetNotice())
		return ""
	}
	if page := presetPage(p); page != f.page {
		return page + "?" + rawQuery
	}
	st.usePreset(p)
	for _, filled := range p.Fields {
		if given := st.in.values[filled.Name]; !filled.Locked && allEmpty(given) {
			st.in.values[filled.Name] = slices.Clone(filled.Values)
		}
	}
	if len(st.errs) > 0 {
		st.status = http.StatusUnprocessableEntity
	}
	return ""
}

// usePreset has the locked fields take the preset's values, with a message where another one was given.
func (st *formState) usePreset(p catalogue.Preset) {
	st.preset = &p
	for _, filled := range p.Fields {
		if !filled.Locked {
			continue
		}
		if given := st.in.values[filled.Name]; !allEmpty(given) && !slices.Equal(given, filled.Values) {
			if st.errs == nil {
				st.errs = submission.FieldErrors{}
			}
			st.errs[filled.Name] = []string{"The preset “" + p.Title + "” fixes this field, but another value was given. Send the form as it is now, or open it without the preset."}
		}
		st.in.values[filled.Name] = slices.Clone(filled.Values)
	}
}

// lockedBody checks a body that was made under a preset, and gives its locked fields the preset's values. Where that is
// not right, st has the answer and nothing is to be sent.
func (h *Handlers) lockedBody(f formSpec, s *auth.Session, body *form.Body, st *formState) (ok bool) {
	id := body.Get(presetField.name)
	if id == "" {
		return true
	}
	p, known := h.preset(s, id)
	if !known || presetPage(p) != f.page {
		delete(st.in.values, presetField.name)
		st.status = http.StatusUnprocessableEntity
		st.errs = submission.FieldErrors{"": {"The preset of this form is gone, or it is not for your account any more. Nothing was sent. Look at every field, then send the form without it."}}
		return false
	}
	st.usePreset(p)
	if len(st.errs) > 0 {
		st.status = http.StatusUnprocessableEntity
		return false
	}
	for _, filled := range p.Fields {
		if filled.Locked {
			body.Set(filled.Name, filled.Values...)
		}
	}
	return true
}

func allEmpty(values []string) bool {
	return !slices.ContainsFunc(values, func(v string) bool { return v != "" })
}

// locked says whether the preset of a form fixes a field.
func (st formState) locked(name string) bool {
	if st.preset == nil {
		return false
	}
	filled, ok := st.preset.Field(name)
	return ok && filled.Locked
}

func unknownPresetNotice() parts.Notice {
	return parts.Notice{
		Kind:  parts.KindInfo,
		Title: "The link names an unknown preset",
		Text:  []string{"It is not in the catalogue, or not for your account. The form below is without it. If the link is on a page of your company, tell the page’s author."},
	}
}

// presetNotice says what a form was opened for.
func presetNotice(p catalogue.Preset) parts.Notice {
	n := parts.Notice{Kind: parts.KindInfo, Title: p.Title}
	if p.Description != "" {
		n.Text = []string{p.Description}
	}
	if p.Help != "" {
		n.Links = []parts.Link{{Label: "Read more about it", Href: p.Help}}
	}
	return n
}

// presetTasks are the presets for a user's groups, for the start page.
func (h *Handlers) presetTasks(s *auth.Session) []pages.Task {
	var tasks []pages.Task
	for _, p := range h.Operators.Catalogue().PresetsFor(s.Login.Groups) {
		tasks = append(tasks, pages.Task{
			Title:  p.Title,
			Text:   p.Description,
			Href:   presetPage(p) + "?" + presetField.name + "=" + url.QueryEscape(p.ID),
			Action: "Open",
		})
	}
	return tasks
}
