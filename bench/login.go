package main

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"strings"
)

// user is the one who does it all.
var user = struct{ name, password, subject, group string }{"ada", "ada-password", "sandbox-ada", "maia-admins"}

// login signs in at a server through the provider's own page, and gives the cookies that it left.
func login(ctx context.Context, base string) (cookies string, err error) {
	jar, err := cookiejar.New(nil)
	if err != nil {
		return "", err
	}
	client := &http.Client{Jar: jar}
	form, at, err := fetchForm(ctx, client, base+"/")
	if err != nil {
		return "", err
	}
	form.Set("username", user.name)
	form.Set("password", user.password)
	at.Path = "/login"
	at.RawQuery = ""
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, at.String(), strings.NewReader(form.Encode()))
	if err != nil {
		return "", err
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	req.Header.Set("Origin", at.Scheme+"://"+at.Host)
	resp, err := client.Do(req)
	if err != nil {
		return "", err
	}
	defer func() { _ = resp.Body.Close() }()
	if !strings.HasPrefix(resp.Request.URL.String(), base+"/") {
		return "", fmt.Errorf("login: ended at %s with %d", resp.Request.URL.Path, resp.StatusCode)
	}
	home, err := url.Parse(base)
	if err != nil {
		return "", err
	}
	var pairs []string
	for _, c := range jar.Cookies(home) {
		pairs = append(pairs, c.Name+"="+c.Value)
	}
	return strings.Join(pairs, "; "), nil
}

// fetchForm gets a page and the fields of its form.
func fetchForm(ctx context.Context, client *http.Client, address string) (url.Values, *url.URL, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return nil, nil, err
	}
	resp, err := client.Do(req)
	if err != nil {
		return nil, nil, err
	}
	defer func() { _ = resp.Body.Close() }()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		return nil, nil, err
	}
	if resp.StatusCode != http.StatusOK {
		return nil, nil, fmt.Errorf("%s answered %d", resp.Request.URL.Path, resp.StatusCode)
	}
	return inputs(body), resp.Request.URL, nil
}
