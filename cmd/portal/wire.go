package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"sync"
	"time"

	"github.com/google/uuid"

	"maiaportal/internal/audit"
	"maiaportal/internal/auth"
	"maiaportal/internal/auth/oidc"
	"maiaportal/internal/auth/session"
	"maiaportal/internal/catalogue"
	"maiaportal/internal/config"
	"maiaportal/internal/handlers"
	"maiaportal/internal/maiaclient"
	"maiaportal/internal/record"
	"maiaportal/internal/server"
	"maiaportal/internal/store"
	"maiaportal/internal/submission"
	"maiaportal/internal/telemetry"
	"maiaportal/web/static"
)

const (
	// sweepEvery is how often what has run out is removed.
	sweepEvery = 10 * time.Minute
	// settleEvery is how often it is looked for what dead replicas left under way.
	settleEvery = 10 * time.Second
	// hourly is how often the head of the audit trail is logged, and what is too old removed.
	hourly = time.Hour
	// dueEvery is how often it is counted how many secrets are due.
	dueEvery = time.Minute
	// lookEvery is how often it is looked whether the catalogue has changed.
	lookEvery = 30 * time.Second
	// lastChance is how long the end waits for what the database has not taken.
	lastChance = 5 * time.Second
)

// portal is the running system's parts.
type portal struct {
	cfg         config.Config
	log         *slog.Logger
	store       *store.Store
	holder      string // random id of this process: what it has under way is told by it
	provider    *oidc.Provider
	sessions    *session.Sessions
	sweeper     *session.Sweeper
	tokens      *auth.Tokens
	submissions *submission.Service
	public      *http.Server
	admin       *http.Server // nil where it is off
	maia        *maiaclient.Client
	ending      *server.Ending
	metrics     *telemetry.Metrics
	traces      *telemetry.Traces            // nil where they are off
	logHead     func(seq int64, hash string) // may be nil
	catalogue   *catalogue.File              // nil where none is set
	look        chan struct{}                // asks for a look into the catalogue's file; may be nil

	stop    context.CancelFunc // ends what runs in the background
	running sync.WaitGroup     // and waits for it
}

// wire builds the parts in their order. lines gets the audit trail as log lines; nil: nobody does. demo is what
// only the demo shows, else nil.
func wire(ctx context.Context, cfg config.Config, log *slog.Logger, lines slog.Handler,
	demo *handlers.Demo) (*portal, error) {
	// Before anything else is touched: with mistakes in it there is no start.
	cat, err := openCatalogue(cfg.Catalog, log)
	if err != nil {
		return nil, err
	}
	st, err := store.Open(cfg.DatabaseURL.Reveal(), time.Now)
	if err != nil {
		return nil, err
	}
	traces, log, err := startTraces(ctx, cfg, log)
	if err != nil {
		return nil, errors.Join(err, st.Close())
	}
	if traces != nil {
		st.Follow(traces)
	}
	var told func([]record.Event)
	if lines != nil {
		told = audit.Lines(lines)
	}
	chain := audit.NewChain(cfg.AuditKeys)
	st.KeepTrail(chain, told)
	if chain.Keyed() {
		log.Info("the audit trail is sealed with the first of PORTAL_AUDIT_KEYS", "hash", "HMAC-SHA-256")
	} else {
		log.Info("the audit trail has no key: PORTAL_AUDIT_KEYS is not set", "hash", "SHA-256")
	}
	p := &portal{
		cfg:       cfg,
		log:       log,
		store:     st,
		ending:    &server.Ending{},
		traces:    traces,
		catalogue: cat,
		stop:      func() {},
	}
	if lines != nil {
		p.logHead = audit.HeadLine(lines)
	}
	if err := p.assemble(ctx, demo); err != nil {
		err = errors.Join(err, st.Close())
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), lastChance)
		defer cancel()
		p.endTraces(ctx)
		return nil, err
	}
	return p, nil
}

// startTraces begins to trace where an endpoint for traces is set; else there is nothing of it, and traces is nil. The
// logger is that of everything that follows.
func startTraces(ctx context.Context, cfg config.Config,
	log *slog.Logger) (traces *telemetry.Traces, _ *slog.Logger, _ error) {
	if !cfg.Traces.On {
		return nil, log, nil
	}
	traces, err := telemetry.StartTraces(ctx, telemetry.TraceOptions{
		Version:   Version,
		GRPC:      cfg.Traces.Protocol == config.ProtocolGRPC,
		Propagate: cfg.Traces.Propagate,
		Log:       log,
	})
	if err != nil {
		return nil, nil, err
	}
	log.Info("traces are sent", "endpoint", cfg.Traces.Endpoint, "protocol", cfg.Traces.Protocol)
	return traces, traces.Lines(log), nil
}

// traced has the parts followed that are traced, where traces are on.
func (p *portal) traced(o *server.Options) {
	if p.traces == nil {
		return // no part gets a tracer that is nil inside
	}
	p.provider.Tracer = p.traces
	p.maia.Tracer = p.traces
	o.Tracer = p.traces
}

func (p *portal) assemble(ctx context.Context, demo *handlers.Demo) error {
	cfg := p.cfg
	// Before the migration: a SQLite file that another portal serves is left as it is.
	p.holder = uuid.NewString()
	if err := p.store.Join(ctx, p.holder); err != nil {
		return err
	}
	if cfg.Migrate {
		if err := p.store.Migrate(ctx); err != nil {
			return err
		}
	}
	if err := p.settle(ctx); err != nil {
		return fmt.Errorf("is the database migrated (portal migrate)? %w", err)
	}
	formKeys, err := session.FormTokenKeys(cfg.SessionKeys)
	if err != nil {
		return err
	}
	base := cfg.BaseURL.String()
	cookies := session.Cookies{Secure: cfg.BaseURL.Scheme == "https"}
	policy := auth.Policy{Allowed: cfg.AllowedGroups, Auditors: cfg.AuditorGroups}
	p.provider, err = oidc.NewProvider(oidc.Client{
		Issuer:      cfg.OIDC.Issuer,
		ID:          cfg.OIDC.ClientID,
		Secret:      cfg.OIDC.ClientSecret,
		Scopes:      cfg.OIDC.Scopes,
		RedirectURL: base + "/auth/callback",
		Audience:    cfg.OIDC.Audience,
		Resource:    cfg.OIDC.Resource,
		AuthMethod:  cfg.OIDC.TokenAuthMethod,
		Key:         cfg.OIDC.ClientKey,
		KeyID:       cfg.OIDC.ClientKeyID,
		KeyAlg:      cfg.OIDC.ClientKeyAlg,
		Prompt:      cfg.OIDC.Prompt,
		ACRValues:   cfg.OIDC.ACRValues,
		MaxAge:      cfg.OIDC.MaxAge,
	}, p.log, time.Now)
	if err != nil {
		return err
	}
	p.sweeper = &session.Sweeper{
		Rows: p.store,
		Idle: cfg.SessionIdle,
		Max:  cfg.SessionMax,
		Now:  time.Now,
	}
	p.metrics = telemetry.NewMetrics(Version, telemetry.Readings{
		Sessions: p.sweeper.Live,
		AuditSeq: p.store.LastSeq,
	})
	p.provider.Observer = p.metrics
	rp := &auth.RelyingParty{
		Provider: p.provider,
		Pending:  &session.Pending{Rows: p.store, Keys: cfg.SessionKeys, Now: time.Now},
		Groups: oidc.GroupsClaim{
			Name:      cfg.OIDC.GroupsClaim,
			Separator: cfg.OIDC.GroupsSeparator,
			Member:    cfg.OIDC.GroupsMember,
		},
		Policy:          policy,
		Observer:        p.metrics,
		Log:             p.log,
		Now:             time.Now,
		ExchangesTokens: cfg.OIDC.Exchange != nil,
	}
	p.sessions = &session.Sessions{
		Rows:    p.store,
		Keys:    cfg.SessionKeys,
		Cookies: cookies,
		Idle:    cfg.SessionIdle,
		Max:     cfg.SessionMax,
		Now:     time.Now,
	}
	p.tokens = &auth.Tokens{
		RP:       rp,
		Sessions: p.sessions,
		Leases:   &session.Leases{Rows: p.store, Keys: cfg.SessionKeys},
		Exchange: (*oidc.Exchange)(cfg.OIDC.Exchange),
	}
	p.maia = maiaclient.New(cfg.MaiaURL, cfg.MaiaTimeout)
	p.maia.Account = cfg.MaiaAccount
	p.maia.Observer = p.metrics
	p.submissions = submission.New(submission.Options{
		Maia:       p.maia,
		Records:    p.store,
		FormTokens: submission.NewFormTokens(formKeys),
		Holder:     p.holder,
		Timeout:    2 * cfg.MaiaTimeout,
		PerMinute:  cfg.SubmissionsPerMinute,
		NameRule:   submission.NameRule(cfg.NameRule),
		Observer:   p.metrics,
		Zone:       cfg.TimeZone,
		Log:        p.log,
		Now:        time.Now,
	})
	h := &handlers.Handlers{
		Site: handlers.Site{
			BaseURL:         base,
			Title:           cfg.Title,
			Region:          cfg.MaiaRegion,
			Notice:          cfg.Notice,
			Support:         cfg.SupportURL,
			MaiaURL:         cfg.MaiaURL,
			MaiaAccount:     cfg.MaiaAccount != "",
			TrailKeyed:      len(cfg.AuditKeys) > 0,
			Retention:       cfg.ActivityRetention,
			SecurityContact: cfg.SecurityContact,
			Version:         Version,
			Zone:            cfg.TimeZone,
			Demo:            demo,
		},
		RP:          rp,
		Sessions:    p.sessions,
		Tokens:      p.tokens,
		Policy:      policy,
		Submissions: p.submissions,
		Records:     p.store,
		PerMinute:   cfg.SubmissionsPerMinute,
		Catalogue: &catalogue.Directory{
			Source: p.maia,
			Log:    p.log,
			Now:    time.Now,
		},
		Operators: p.catalogue,
		NameRule:  submission.NameRule(cfg.NameRule),
		Files: static.New(static.Face{
			Accent: cfg.Accent,
			Logo:   cfg.Logo,
		}),
		Ending: p.ending.Begun,
		Log:    p.log,
	}
	options := server.Options{
		BaseURL:        base,
		HTTPS:          cookies.Secure,
		RepeatCookie:   p.sessions.Repeat,
		Program:        handlers.BackchannelPath,
		Foreign:        handlers.Foreign,
		RequestIDKey:   handlers.RequestIDKey,
		SubjectKey:     handlers.SubjectKey,
		TrustedProxies: cfg.TrustedProxies,
		AnswerTimeout:  2*cfg.MaiaTimeout + 20*time.Second,
		Ending:         p.ending,
		Observer:       p.metrics,
		Log:            p.log,
	}
	p.traced(&options)
	p.public, err = server.New(options, h.Routes)
	if err != nil {
		return err
	}
	if cfg.AdminListen != "" {
		p.admin = server.NewAdmin(p.log, handlers.Healthz, h.Readyz, p.metrics.Handler())
	}
	return p.useCatalogue(ctx)
}

// settle ends what dead processes left under way.
func (p *portal) settle(ctx context.Context) error {
	n, err := p.store.SettleOrphans(ctx, p.holder)
	if n > 0 {
		p.log.Warn("submissions settled that another process left under way", "count", n)
	}
	return err
}

// countDue tells the metrics how many secrets are to be renewed.
func (p *portal) countDue(ctx context.Context) error {
	today := time.Now().In(p.cfg.TimeZone)
	overdue, err := p.store.CountDue(ctx, record.Everyone, today.Format(time.DateOnly))
	if err != nil {
		return err
	}
	soon, err := p.store.CountDue(ctx, record.Everyone, today.AddDate(0, 0, handlers.DueSoon).Format(time.DateOnly))
	if err != nil {
		return err
	}
	p.metrics.SecretsDue(overdue, soon-overdue)
	return nil
}

// background keeps the provider discovered, the tables swept and orphans settled until close: while the
// process drains, it still serves.
func (p *portal) background(ctx context.Context) {
	ctx, p.stop = context.WithCancel(context.WithoutCancel(ctx))
	p.running.Go(func() { p.provider.Run(ctx) })
	p.running.Go(func() { p.every(ctx, sweepEvery, "not swept", p.sweeper.Sweep) })
	p.running.Go(func() { p.every(ctx, settleEvery, "orphans not settled", p.settle) })
	p.running.Go(func() { p.every(ctx, hourly, "head of the audit trail not logged", p.tellHead) })
	if p.cfg.ActivityRetention > 0 {
		p.running.Go(func() { p.every(ctx, hourly, "old activity not removed", p.removeOld) })
	}
	if p.admin != nil {
		p.running.Go(func() { p.every(ctx, dueEvery, "secrets that are due not counted", p.countDue) })
	}
	if p.catalogue != nil {
		p.running.Go(func() {
			tick := time.NewTicker(lookEvery)
			defer tick.Stop()
			p.catalogue.Watch(ctx, tick.C, p.look)
		})
	}
}

// run serves until ctx ends and nothing is under way any more. admin is nil where it is off.
func (p *portal) run(ctx context.Context, public, admin net.Listener, hurry <-chan struct{}) error {
	p.background(ctx)
	r := server.Running{
		Public:      server.Listening{Server: p.public, Listener: public},
		Delay:       p.cfg.ShutdownDelay,
		Hurry:       hurry,
		Limit:       p.cfg.ShutdownTimeout,
		Submissions: p.submissions,
		Ending:      p.ending,
		Log:         p.log,
	}
	if admin != nil {
		r.Admin = server.Listening{Server: p.admin, Listener: admin}
	}
	return server.Run(ctx, r)
}

// every does something again and again until ctx ends. A failure is over when the database is back.
func (p *portal) every(ctx context.Context, interval time.Duration, failed string, do func(context.Context) error) {
	tick := time.NewTicker(interval)
	defer tick.Stop()
	for {
		if err := do(ctx); err != nil && ctx.Err() == nil {
			p.log.Warn(failed, "error", err)
		}
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}

// close ends what runs in the background, and releases what wire opened, after renewed tokens that the
// database has not taken yet had a last chance.
func (p *portal) close() error {
	p.stop()
	p.running.Wait()
	ctx, cancel := context.WithTimeout(context.Background(), lastChance)
	defer cancel()
	p.tokens.Drain(ctx)
	if err := p.tellHead(ctx); err != nil {
		p.log.Warn("head of the audit trail not logged", "error", err)
	}
	p.maia.Close()
	err := p.store.Close()
	p.endTraces(ctx) // at the very end: whoever takes the traces keeps nothing else waiting when it hangs
	return err
}

// endTraces delivers the traces that are left, while there is time for that.
func (p *portal) endTraces(ctx context.Context) {
	if p.traces == nil {
		return
	}
	if err := p.traces.Close(ctx); err != nil {
		p.log.Warn(err.Error())
	}
}
