package handlers

import (
	"maps"
	"slices"

	"maiaportal/internal/record"
	"maiaportal/internal/submission"
	"maiaportal/web/templates/parts"
)

// This file brings the recipes of package submission onto the forms.

// recipeOf gives the recipe that a form is filled in for.
func recipeOf(in input) (submission.Recipe, bool) { return submission.FindRecipe(in.get("recipe")) }

// withRecipe fills in what a link's recipe says and the link does not. A recipe that is not known is
// taken out, and unknown tells it.
func (f formSpec) withRecipe(in input) (filled input, unknown bool) {
	if in.get("recipe") == "" {
		delete(in.values, "recipe")
		return in, false
	}
	r, ok := recipeOf(in)
	if !ok {
		delete(in.values, "recipe")
		return in, true
	}
	set := func(name, value string) {
		if value != "" && in.get(name) == "" && slices.Contains(f.fields, name) {
			in.values[name] = []string{value}
		}
	}
	set("agentType", f.valueFor)
	set("type", r.Type)
	set("key", r.Key)
	set("valueFormat", string(r.Formats[0]))
	if len(r.Properties) > 0 && len(in.values["pairKey"]) == 0 {
		in.values["pairKey"] = r.PropertyNames()
	}
	return in, false
}

// besideRecipe leaves out what the recipe says anyway, for links that have the recipe.
func besideRecipe(in input) input {
	r, ok := recipeOf(in)
	if !ok {
		return in
	}
	out := in
	out.values = maps.Clone(in.values)
	for name, value := range map[string]string{"type": r.Type, "key": r.Key, "valueFormat": string(r.Formats[0])} {
		if in.get(name) == value {
			delete(out.values, name)
		}
	}
	if slices.Equal(in.values["pairKey"], r.PropertyNames()) {
		delete(out.values, "pairKey")
	}
	return out
}

// picker offers the recipes as links, or shows the one that was chosen. The links lead to the form anew, so they
// keep what the page was opened with, but the shape of the value.
func (f formSpec) picker(in input) parts.RecipePicker {
	kept := input{values: maps.Clone(in.values)}
	for _, name := range []string{"recipe", "type", "key", "valueFormat", "pairKey"} {
		delete(kept.values, name)
	}
	if r, ok := recipeOf(in); ok {
		return parts.RecipePicker{
			ID:     r.ID,
			Chosen: parts.RecipeLink{Title: r.Title, Text: r.Text},
			Change: f.recipeLink(kept, ""),
		}
	}
	if f.link(kept) == f.page {
		return barePickers[f.action]
	}
	return f.offers(kept)
}

// recipeLink leads to the form for a recipe. Where one type of agent alone takes a value, a recipe means that type.
func (f formSpec) recipeLink(kept input, id string) string {
	to := input{values: maps.Clone(kept.values)}
	if id != "" {
		to.values["recipe"] = []string{id}
	}
	switch {
	case f.valueFor == "":
	case id == "":
		to.values["agentType"] = []string{f.valueFor}
	default:
		delete(to.values, "agentType")
	}
	return f.link(to)
}

func (f formSpec) offers(kept input) parts.RecipePicker {
	p := parts.RecipePicker{Question: "What is it for? Choose first, or fill in the form for anything else."}
	if f.valueFor != "" {
		p.Question = "If " + f.valueFor + " keeps the secret, choose first what it is for:"
	}
	for _, r := range submission.Recipes {
		if r.ID != submission.RecipeAnything {
			p.Links = append(p.Links, parts.RecipeLink{Title: r.Title, Text: r.Text, Href: f.recipeLink(kept, r.ID)})
		}
	}
	return p
}

// barePickers are those of forms that were opened with nothing filled in. They are always the same.
var barePickers = func() map[record.Action]parts.RecipePicker {
	bare := map[record.Action]parts.RecipePicker{}
	for _, f := range forms {
		p := f.offers(input{values: map[string][]string{}})
		p.Drawn = parts.Once(parts.PickRecipe(p))
		bare[f.action] = p
	}
	return bare
}()

// properties are those of the recipe, where the form asks for them by name.
func (v formView) properties() ([]submission.Property, bool) {
	r, ok := recipeOf(v.st.in)
	if !ok || len(r.Properties) == 0 || !slices.Equal(v.st.in.values["pairKey"], r.PropertyNames()) {
		return nil, false
	}
	return r.Properties, true
}

// shaped gives the fields of a value the words of the recipe, and leaves out what it does not need.
func (v formView) shaped(m *parts.ValueFields) {
	r, ok := recipeOf(v.st.in)
	anything, _ := submission.FindRecipe(submission.RecipeAnything)
	m.Formats, m.ShowKey = formatWords(anything.Formats), true
	if !ok {
		return
	}
	if slices.Contains(r.Formats, record.Format(m.Format.Chosen)) {
		m.Formats = formatWords(r.Formats)
	}
	m.TextLabel, m.TextHint, m.FileHint = r.Label, r.Hint, r.FileHint
	m.Short = r.OneLine()
	if r.ID != submission.RecipeAnything {
		m.ShowKey = r.Key != "" || m.Key.Value != "" || m.Key.Invalid()
	}
	properties, ok := v.properties()
	if !ok {
		return
	}
	for i, p := range properties {
		pair := m.Pairs[i]
		m.Properties = append(m.Properties, parts.PropertyField{
			Name:     p.Name,
			Label:    p.Label,
			Hint:     p.Hint,
			Optional: p.Missing == "",
			Short:    p.OneLine(),
			Errors:   slices.Concat(pair.KeyErrors, pair.ValueErrors, m.PairsErr),
		})
		m.PairsErr = nil
	}
	other := input{values: maps.Clone(v.st.in.values)}
	other.values["recipe"] = []string{submission.RecipeAnything}
	m.OtherNames = v.form.link(other)
}

// formatWords are formats as pages have them.
func formatWords(formats []record.Format) []string {
	words := make([]string, len(formats))
	for i, f := range formats {
		words[i] = string(f)
	}
	return words
}
