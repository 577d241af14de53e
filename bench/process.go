package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"
)

const (
	startTime = 30 * time.Second
	stopTime  = 15 * time.Second
	// lookAgain is short beside what it takes a server to start.
	lookAgain = 500 * time.Microsecond
)

// program is a server to start.
type program struct {
	name    string // of its log, too
	path    string
	args    []string
	env     []string
	address string // host and port where it answers /healthz
}

// process is a running server.
type process struct {
	name string
	base string // its address, as a URL without a slash at its end
	cmd  *exec.Cmd
	log  *os.File
	done chan struct{}
	took time.Duration // from its start to the first answer of /healthz
}

// startProcess starts a server and waits until it answers. All servers have one core, and a file for their log.
func startProcess(ctx context.Context, dir string, p program) (*process, error) {
	log, err := os.OpenFile(filepath.Join(dir, p.name+".log"), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return nil, err
	}
	cmd := exec.CommandContext(ctx, p.path, p.args...) // #nosec G204 -- programs that the rig built
	cmd.Dir = dir
	cmd.Env = append(cleanEnviron(), "GOMAXPROCS=1")
	cmd.Env = append(cmd.Env, p.env...)
	cmd.Stdout = log
	cmd.Stderr = log
	cmd.Cancel = func() error { return cmd.Process.Signal(syscall.SIGTERM) }
	cmd.WaitDelay = stopTime
	running := &process{name: p.name, base: "http://" + p.address, cmd: cmd, log: log, done: make(chan struct{})}
	begun := time.Now()
	if err := cmd.Start(); err != nil {
		return nil, errors.Join(err, log.Close())
	}
	go func() {
		_ = cmd.Wait()
		close(running.done)
	}()
	if err := running.healthy(ctx); err != nil {
		return nil, errors.Join(err, running.stop(), running.lastWords())
	}
	running.took = time.Since(begun)
	return running, nil
}

// settingPrefixes begin the variables that one of the servers, or Go's runtime, reads.
var settingPrefixes = []string{
	"PORTAL_", "OAUTH2_PROXY_", "OTEL_", "GOMAXPROCS=", "GODEBUG=", "GOGC=", "GOMEMLIMIT=",
}

// cleanEnviron is the environment without what would configure one of the servers.
func cleanEnviron() []string {
	return slices.DeleteFunc(os.Environ(), func(pair string) bool {
		return slices.ContainsFunc(settingPrefixes, func(prefix string) bool { return strings.HasPrefix(pair, prefix) })
	})
}

// healthy waits for the first good answer.
func (p *process) healthy(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, startTime)
	defer cancel()
	transport := &http.Transport{DisableKeepAlives: true}
	client := &http.Client{Transport: transport}
	tick := time.NewTicker(lookAgain)
	defer tick.Stop()
	for {
		req, err := http.NewRequestWithContext(ctx, http.MethodGet, p.base+"/healthz", nil)
		if err != nil {
			return err
		}
		if resp, err := client.Do(req); err == nil {
			_ = resp.Body.Close()
			if resp.StatusCode == http.StatusOK {
				return nil
			}
		}
		select {
		case <-tick.C:
		case <-p.done:
			return fmt.Errorf("%s ended at once", p.name)
		case <-ctx.Done():
			return fmt.Errorf("%s does not answer: %w", p.name, ctx.Err())
		}
	}
}

// lastWords is the end of a server's log, as an error.
func (p *process) lastWords() error {
	said, err := os.ReadFile(p.log.Name())
	if err != nil {
		return err
	}
	return fmt.Errorf("it said:\n%s", said[max(0, len(said)-2000):])
}

// stop ends a server and waits for it.
func (p *process) stop() error {
	select {
	case <-p.done:
		return p.closeLog()
	default:
	}
	_ = p.cmd.Process.Signal(syscall.SIGTERM)
	select {
	case <-p.done:
	case <-time.After(stopTime):
		_ = p.cmd.Process.Kill()
		<-p.done
	}
	return p.closeLog()
}

func (p *process) closeLog() error {
	if err := p.log.Close(); err != nil && !errors.Is(err, os.ErrClosed) {
		return err
	}
	return nil
}

// freeAddress is one on loopback that nobody uses just now.
func freeAddress(ctx context.Context) (string, error) {
	l, err := (&net.ListenConfig{}).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	return l.Addr().String(), l.Close()
}
