package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"

	"maiaportal/internal/config"
	"maiaportal/internal/server"
	"maiaportal/internal/telemetry"
)

// serve runs the production server until ctx ends.
func serve(ctx context.Context, flags map[string]string, mayDump bool, environ []string, logs io.Writer) (err error) {
	cfg, err := config.Load(flags, environ)
	if err != nil {
		return usageError{fmt.Errorf("the configuration has faults:\n%w", err)}
	}
	log := telemetry.NewLogger(logs, cfg.LogLevel, cfg.LogFormat)
	if mayDump {
		warnOfDumps(log)
	}
	p, err := wire(ctx, cfg, log, nil)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, p.close()) }()

	listener, err := listen(ctx, cfg.Listen)
	if err != nil {
		return err
	}
	servers := map[*http.Server]net.Listener{p.public: listener}
	if p.admin != nil {
		admin, err := listen(ctx, cfg.AdminListen)
		if err != nil {
			return errors.Join(err, listener.Close())
		}
		servers[p.admin] = admin
		log.Info("operator's listener", "address", admin.Addr().String())
	}
	p.background(ctx)
	log.Info("portal serves", "address", listener.Addr().String(), "base_url", cfg.BaseURL.String())
	err = server.Run(ctx, cfg.ShutdownTimeout, p.submissions, servers)
	log.Info("portal ended")
	return err
}

func listen(ctx context.Context, address string) (net.Listener, error) {
	l, err := (&net.ListenConfig{}).Listen(ctx, "tcp", address)
	if err != nil {
		return nil, fmt.Errorf("cannot listen: %w", err)
	}
	return l, nil
}
