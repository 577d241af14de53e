package main

import (
	"bytes"
	"errors"
	"mime/multipart"
	"net/url"
	"slices"

	"golang.org/x/net/html"
)

// inputs are the hidden and filled-in controls of a page's form, as a browser would send them.
func inputs(page []byte) url.Values {
	out := url.Values{}
	doc, err := html.Parse(bytes.NewReader(page))
	if err != nil {
		return out
	}
	for n := range doc.Descendants() {
		if n.Type != html.ElementNode || n.Data != "input" {
			continue
		}
		at := map[string]string{}
		for _, a := range n.Attr {
			at[a.Key] = a.Val
		}
		_, checked := at["checked"]
		switch kind := at["type"]; {
		case at["name"] == "", kind == "file", (kind == "radio" || kind == "checkbox") && !checked:
		default:
			out.Add(at["name"], at["value"])
		}
	}
	return out
}

const (
	valuePage   = "/secret-values/new"
	valueAction = "/secret-values"
	tokenField  = "formToken"
	boundary    = "----bench-boundary-7MA4YWxkTrZu0gW"
)

// tokenOf finds the form token of a page without parsing all of it: there are thousands of pages.
func tokenOf(page []byte) (string, error) {
	_, rest, found := bytes.Cut(page, []byte(`name="`+tokenField+`" value="`))
	token, _, closed := bytes.Cut(rest, []byte(`"`))
	if !found || !closed {
		return "", errors.New("the page has no form token")
	}
	return string(token), nil
}

// template is a filled-in form that lacks its token.
type template struct{ head, tail []byte }

const tokenHere = "TOKEN-HERE"

// newTemplate writes a form as browsers do, with the token's place left out.
func newTemplate(form url.Values) (template, error) {
	var b bytes.Buffer
	w := multipart.NewWriter(&b)
	if err := w.SetBoundary(boundary); err != nil {
		return template{}, err
	}
	form.Set(tokenField, tokenHere)
	var names []string
	for name := range form {
		names = append(names, name)
	}
	slices.Sort(names)
	for _, name := range names {
		for _, value := range form[name] {
			if err := w.WriteField(name, value); err != nil {
				return template{}, err
			}
		}
	}
	if err := w.Close(); err != nil {
		return template{}, err
	}
	head, tail, found := bytes.Cut(b.Bytes(), []byte(tokenHere))
	if !found {
		return template{}, errors.New("the form has no place for its token")
	}
	return template{head, tail}, nil
}

// with is the form's body with a token.
func (t template) with(token string) []byte {
	return slices.Concat(t.head, []byte(token), t.tail)
}
