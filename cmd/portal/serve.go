package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"syscall"

	"maiaportal/internal/config"
	"maiaportal/internal/telemetry"
)

// serve runs the production server until ctx ends.
func serve(ctx context.Context, flags map[string]string, mayDump bool, environ []string, logs io.Writer) (err error) {
	signals := catchSignals()
	defer signals.stop()
	cfg, err := config.Load(flags, environ, checks)
	if err != nil {
		return usageError{fmt.Errorf("the configuration has faults:\n%w", err)}
	}
	log := telemetry.NewLogger(logs, cfg.LogLevel, cfg.LogFormat)
	logStart(log, cfg)
	look := make(chan struct{}, 1)
	again := signals.watch(func(s os.Signal) {
		if s == syscall.SIGHUP && cfg.Catalog != "" {
			select {
			case look <- struct{}{}:
			default: // it is asked for already
			}
			return
		}
		log.Info("a signal that the portal has nothing to do for", "signal", s.String())
	})
	if mayDump {
		warnOfDumps(log)
	}
	p, err := wire(ctx, cfg, log, log.Handler(), nil)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, p.close()) }()
	p.look = look

	listener, err := listen(ctx, cfg.Listen)
	if err != nil {
		return err
	}
	var admin net.Listener
	if p.admin != nil {
		admin, err = listen(ctx, cfg.AdminListen)
		if err != nil {
			return errors.Join(err, listener.Close())
		}
		log.Info("operator's listener", "address", admin.Addr().String())
	}
	log.Info("portal serves", "address", listener.Addr().String(), "base_url", cfg.BaseURL.String())
	err = p.run(ctx, listener, admin, again)
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
