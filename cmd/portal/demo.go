//go:build !nodemo

package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"

	"maiaportal/internal/config"
	"maiaportal/internal/handlers"
	"maiaportal/internal/sandbox"
	"maiaportal/internal/sandbox/fault"
	"maiaportal/internal/sandbox/maia"
	"maiaportal/internal/weburl"
	"maiaportal/web/templates/pages"
	"maiaportal/web/templates/parts"
	"maiaportal/web/templates/styleguide"
)

// hasDemo tells builds with the demo from those without.
const hasDemo = true

// demoCommand is the demo's part of the command line.
type demoCommand struct {
	Demo struct {
		Listen string `default:"127.0.0.1:8080" help:"Address of the portal, on loopback. Port 0 takes a free one." placeholder:"HOST:PORT"`
		JSON   bool   `name:"json" help:"Print one line of JSON in place of the text for people."`

		dumpFlag
	} `cmd:"" help:"Start the whole system on loopback: portal, a sandbox OpenID provider and a sandbox Maia. Nothing to configure, nothing left behind."`
}

// runDemo carries the command out.
func (c demoCommand) runDemo(ctx context.Context, out, logs io.Writer) error {
	if err := protect(c.Demo.AllowDump); err != nil {
		return err
	}
	return demo(ctx, c.Demo.Listen, c.Demo.JSON, c.Demo.AllowDump, out, logs)
}

// demo starts portal, login service and Maia on loopback, in one process, with a database that goes
// when it ends.
func demo(ctx context.Context, address string, asJSON, mayDump bool, out, logs io.Writer) (err error) {
	signals := catchSignals()
	defer signals.stop()
	ctx, hungUp := context.WithCancel(ctx)
	defer hungUp()
	signals.watch(func(s os.Signal) {
		// Where nobody can read it, the terminal was closed, and the demo leaves nothing behind.
		if _, err := fmt.Fprintf(logs, "The signal %q does nothing here. Ctrl+C ends the demo.\n", s); err != nil {
			hungUp()
		}
	})
	listener, taken, err := demoListener(ctx, address)
	if err != nil {
		return err
	}
	defer func() { _ = listener.Close() }()
	host, _, _ := net.SplitHostPort(address)
	_, port, _ := net.SplitHostPort(listener.Addr().String())
	base := "http://" + net.JoinHostPort(host, port)

	sb, err := sandbox.Start(ctx, sandbox.Options{
		RedirectURI:           base + "/auth/callback",
		PostLogoutRedirectURI: base + "/signed-out",
		PortalURL:             base,
	})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, sb.Close()) }()
	dir, err := os.MkdirTemp("", "portal-demo-")
	if err != nil {
		return fmt.Errorf("demo: %w", err)
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()

	cfg, err := demoConfig(base, dir, sb)
	if err != nil {
		return err
	}
	// Quiet, unless something is wrong: the terminal is for the addresses.
	log := slog.New(slog.NewTextHandler(logs, &slog.HandlerOptions{Level: slog.LevelError}))
	if mayDump {
		warnOfDumps(slog.New(slog.NewTextHandler(logs, nil)))
	}
	p, err := wire(ctx, cfg, log, nil, &handlers.Demo{
		Guide:      guide(base, sb),
		Styleguide: styleguide.Page,
	})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, p.close()) }()

	show := showDemo
	if asJSON {
		show = showDemoJSON
	}
	if err := show(out, base, taken, sb); err != nil {
		return err
	}
	return p.run(ctx, listener, nil, nil)
}

// demoListener listens on loopback only. Where the address is taken, it takes a free port and gives the one that is
// taken.
func demoListener(ctx context.Context, address string) (l net.Listener, taken string, err error) {
	host, _, err := net.SplitHostPort(address)
	if err != nil {
		return nil, "", usageError{errors.New("--listen: want HOST:PORT, such as 127.0.0.1:8080")}
	}
	if !weburl.Loopback(host) {
		return nil, "", usageError{errors.New("--listen: the demo is open to everybody who reaches it, so it listens on loopback only, such as 127.0.0.1:8080")}
	}
	l, err = listen(ctx, address)
	if errors.Is(err, syscall.EADDRINUSE) {
		l, err = listen(ctx, net.JoinHostPort(host, "0"))
		taken = address
	}
	return l, taken, err
}

// demoConfig makes the settings, by the same way as those of the production server.
func demoConfig(base, dir string, sb *sandbox.Sandbox) (config.Config, error) {
	settings := map[string]string{
		"BASE_URL": base, "ADMIN_LISTEN": "", "OIDC_ISSUER": sb.Provider.Issuer(), "OIDC_CLIENT_ID": sb.Provider.ClientID(),
		"OIDC_CLIENT_SECRET": sb.Provider.ClientSecret(), "MAIA_URL": sb.Maia.URL(), "DATABASE_URL": "sqlite:" + filepath.Join(dir, "portal.db"),
		"SESSION_KEYS": newKey(), "ALLOWED_GROUPS": strings.Join(groupsOf(sb, "admin"), ","), "AUDITOR_GROUPS": strings.Join(groupsOf(sb, "auditor"), ","),
		"NOTICE":      "This is a demo. Nothing leaves this computer, and everything is forgotten when it ends.",
		"CATALOG":     filepath.Join(dir, "catalogue.yaml"),
		"SUPPORT_URL": sb.Maia.StartPageURL(), "MAIA_TIMEOUT": "5s", "SHUTDOWN_TIMEOUT": "10s",
	}
	if err := os.WriteFile(settings["CATALOG"], []byte(demoCatalogue), 0o600); err != nil {
		return config.Config{}, fmt.Errorf("demo: %w", err)
	}
	var environ []string
	for k, v := range settings {
		environ = append(environ, "PORTAL_"+k+"="+v)
	}
	return config.Load(nil, environ, checks)
}

// demoCatalogue shows what operators can prepare.
const demoCatalogue = `presets:
  - id: snowflake-prod
    title: Snowflake password, production
    description: For the loaders of the finance team.
    form: setup
    fields:
      projectId: {value: ` + maia.ProjectFinance + `, locked: true}
      agentId: {value: ` + maia.AgentAWS + `, locked: true}
      agentType: {value: AWS, locked: true}
      recipe: {value: password, locked: true}
      secretReferenceName: {value: SNOWFLAKE_}
  - id: crm-client
    title: OAuth client of the CRM
    description: Client id and client secret, into the Key Vault in Azure.
    form: setup
    fields:
      agentId: {value: ` + maia.AgentAzure + `, locked: true}
      agentType: {value: Azure, locked: true}
      vaultName: {value: contoso-kv, locked: true}
      recipe: {value: oauth-client, locked: true}
      secretReferenceName: {value: CRM_}
  - id: in-aws-already
    title: A secret that AWS has already
    description: A name for a secret in Secrets Manager.
    form: secret-reference
    fields:
      projectId: {value: ` + maia.ProjectFinance + `}
      agentType: {value: AWS, locked: true}
`

// groupsOf are the groups of the first account of a role.
func groupsOf(sb *sandbox.Sandbox, role string) []string {
	for _, a := range sb.Provider.Accounts() {
		if a.Role == role {
			return a.Groups
		}
	}
	return nil
}

// deepLink is the address of a form with something filled in.
func deepLink(base, page string, pairs ...string) string {
	q := make([]string, 0, len(pairs)/2)
	for i := 0; i+1 < len(pairs); i += 2 {
		q = append(q, pairs[i]+"="+url.QueryEscape(pairs[i+1]))
	}
	return base + page + "?" + strings.Join(q, "&")
}

// guideNames are the names that show most with least. The sandbox's own page has all.
var guideNames = []string{"demo-bad-request", "demo-forbidden", "demo-conflict", "demo-timeout", "demo-slow"}

// guide is what the demo shows on the portal's start page: a few of the names that make the sandbox fail.
func guide(base string, sb *sandbox.Sandbox) *pages.Guide {
	g := &pages.Guide{
		Text: []string{"Some names make Maia answer in a special way. Add “-2” to a name to use it again."},
		Links: []parts.Link{
			{Label: "See what arrived in the vaults", Href: sb.Maia.StartPageURL()},
			{Label: "All special names", Href: sb.Maia.StartPageURL() + "#names"},
			{Label: "Change how Maia’s lists answer", Href: sb.Maia.StartPageURL() + "#lists"},
		},
	}
	for _, r := range fault.ReservedNames() {
		if !slices.Contains(guideNames, r.Name) {
			continue
		}
		path := "/secret-references/new"
		fields := []string{"agentType", "AWS", "secretName", "prod/snowflake"}
		if r.Values {
			path = "/setup"
			fields = []string{"agentId", maia.AgentAWS}
		}
		fields = append([]string{"projectId", maia.ProjectFinance, "secretReferenceName", r.Name}, fields...)
		g.Entries = append(g.Entries, pages.GuideEntry{
			Name: r.Name,
			What: r.What,
			Href: strings.TrimPrefix(deepLink(base, path, fields...), base),
		})
	}
	return g
}

// examples are deep links as a wiki would have them.
func examples(base string) []struct{ what, address string } {
	return []struct{ what, address string }{
		{"a reference to AWS", deepLink(base, "/secret-references/new", "projectId", maia.ProjectFinance, "agentType", "AWS", "secretReferenceName", "SNOWFLAKE_PASSWORD", "secretName", "prod/snowflake")},
		{"a value for a vault", deepLink(base, "/secret-values/new", "agentId", maia.AgentAWS, "name", "prod/snowflake", "type", "PASSWORD")},
		{"an OAuth client for a vault", deepLink(base, "/secret-values/new", "recipe", "oauth-client", "agentId", maia.AgentAWS, "name", "prod/crm")},
		{"an error of Maia", deepLink(base, "/secret-references/new", "projectId", maia.ProjectFinance, "agentType", "AWS", "secretReferenceName", "demo-conflict", "secretName", "prod/snowflake")},
	}
}

func showDemo(out io.Writer, base, taken string, sb *sandbox.Sandbox) error {
	var b strings.Builder
	if taken != "" {
		fmt.Fprintf(&b, "%s is taken, so the demo uses a free port.\n\n", taken)
	}
	fmt.Fprintf(&b, "Open   %s\n\nSign in as\n", base)
	for _, a := range sb.Provider.Accounts() {
		fmt.Fprintf(&b, "  %-8s password %-18s %s: %s\n", a.Username, a.Password, a.Role, a.Purpose)
	}
	b.WriteString("\nProjects\n")
	for _, p := range maia.Projects() {
		fmt.Fprintf(&b, "  %s  %s\n", p.ID, p.Name)
	}
	b.WriteString("\nAgents\n")
	for _, a := range maia.Agents() {
		fmt.Fprintf(&b, "  %s  %s (%s)\n", a.ID, a.Name, a.AgentType)
	}
	b.WriteString("\nLinks, as a wiki would have them\n")
	for _, e := range examples(base) {
		fmt.Fprintf(&b, "  %s:\n    %s\n", e.what, e.address)
	}
	fmt.Fprintf(&b, "\nWhat arrives in the sandbox's vaults, and names that cause errors:\n  %s\n\nCtrl+C ends the demo and removes everything.\n", sb.Maia.StartPageURL())
	_, err := io.WriteString(out, b.String())
	return err
}

func showDemoJSON(out io.Writer, base, _ string, sb *sandbox.Sandbox) error {
	type account struct {
		Username string `json:"username"`
		Password string `json:"password"`
		Role     string `json:"role"`
	}
	type project struct {
		ID   string `json:"id"`
		Name string `json:"name"`
	}
	type agent struct {
		ID        string `json:"id"`
		Name      string `json:"name"`
		AgentType string `json:"agentType"`
	}
	line := struct {
		URL      string    `json:"url"`
		Issuer   string    `json:"issuer"`
		MaiaURL  string    `json:"maiaUrl"`
		Accounts []account `json:"accounts"`
		Projects []project `json:"projects"`
		Agents   []agent   `json:"agents"`
	}{URL: base, Issuer: sb.Provider.Issuer(), MaiaURL: sb.Maia.URL()}
	for _, a := range sb.Provider.Accounts() {
		line.Accounts = append(line.Accounts, account{a.Username, a.Password, a.Role})
	}
	for _, p := range maia.Projects() {
		line.Projects = append(line.Projects, project{p.ID, p.Name})
	}
	for _, a := range maia.Agents() {
		line.Agents = append(line.Agents, agent{a.ID, a.Name, a.AgentType})
	}
	return json.NewEncoder(out).Encode(line)
}
