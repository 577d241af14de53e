//go:build unix

package pgtest

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strconv"
	"syscall"
)

// script becomes the server, and leaves a guard behind that reads from a pipe. Its other end is this
// process's: when that is closed, because the process ended in whatever way, the guard ends the
// server and removes its data. A process that PID 1 never collects must not keep it waiting for ever.
const script = `
dir=$1
shift
(
	word=
	read -r word
	if [ "$word" = stop ]; then kill -INT $$; exit; fi
	kill -QUIT $$
	for i in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do
		kill -0 $$ 2>/dev/null || break
		sleep 0.1
	done
	rm -rf "$dir"
) <&3 &
exec 3<&-
exec "$@"
`

// server is a running server.
type server struct {
	guard io.WriteCloser
	ended chan struct{}
}

// begin starts the server and waits until it answers. The port that is free now may be taken a moment
// later, so a server that never had one tries again.
func (c *Cluster) begin() error {
	var errs []error
	for fresh := c.port == 0; ; {
		if fresh {
			port, err := freePort()
			if err != nil {
				return err
			}
			c.port = port
		}
		err := c.launch()
		if err == nil {
			return nil
		}
		if errs = append(errs, err); !fresh || len(errs) == 3 {
			return errors.Join(errs...)
		}
	}
}

func (c *Cluster) launch() error {
	read, write, err := os.Pipe()
	if err != nil {
		return err
	}
	defer func() { _ = read.Close() }()
	out, err := os.OpenFile(filepath.Join(c.dir, "log"), os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o600)
	if err != nil {
		return err
	}
	defer func() { _ = out.Close() }()
	// #nosec G204 -- the programs that are installed on this machine
	cmd := exec.CommandContext(context.Background(), "/bin/sh", "-c", script, "sh", c.dir, filepath.Join(c.bin, "postgres"), "-D", filepath.Join(c.dir, "data"),
		"-k", c.dir, "-p", strconv.Itoa(c.port), "-c", "listen_addresses=127.0.0.1", "-c", "max_connections=200", "-c", "shared_buffers=16MB",
		"-c", "fsync=off", "-c", "full_page_writes=off", "-c", "synchronous_commit=off", "-c", "autovacuum=off", "-c", "max_wal_senders=0", "-c", "wal_level=minimal")
	cmd.Dir, cmd.Stdout, cmd.Stderr, cmd.ExtraFiles = c.dir, out, out, []*os.File{read}
	if err := asOther(cmd, true); err != nil {
		return err
	}
	if err := cmd.Start(); err != nil {
		return errors.Join(err, write.Close())
	}
	s := &server{guard: write, ended: make(chan struct{})}
	c.server = s
	go func() {
		_ = cmd.Wait()
		close(s.ended)
	}()
	if err := c.answers(s.ended); err != nil {
		return errors.Join(err, c.end())
	}
	return nil
}

// end has the guard end the server, without its data, and waits for it.
func (c *Cluster) end() error {
	s := c.server
	if s == nil {
		return nil
	}
	c.server = nil
	_, err := io.WriteString(s.guard, "stop\n")
	if errors.Is(err, syscall.EPIPE) {
		err = nil
	}
	<-s.ended
	return errors.Join(err, s.guard.Close())
}

func freePort() (int, error) {
	l, err := (&net.ListenConfig{}).Listen(context.Background(), "tcp", "127.0.0.1:0")
	if err != nil {
		return 0, err
	}
	port := l.Addr().(*net.TCPAddr).Port
	return port, l.Close()
}

// other is who runs the server where this process is root, which PostgreSQL refuses to run as.
func other() (who syscall.Credential, root bool, err error) {
	if os.Geteuid() != 0 {
		return who, false, nil
	}
	u, err := user.Lookup("postgres")
	if err != nil {
		u, err = user.Lookup("nobody")
	}
	if err != nil {
		return who, true, fmt.Errorf("PostgreSQL does not run as root, and there is nobody else: %w", err)
	}
	uid, err := strconv.ParseUint(u.Uid, 10, 32)
	if err != nil {
		return who, true, err
	}
	gid, err := strconv.ParseUint(u.Gid, 10, 32)
	if err != nil {
		return who, true, err
	}
	return syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}, true, nil
}

// asOther makes a command run as that user. apart keeps it out of this process's group, where a
// terminal's Ctrl-C would end the guard too.
func asOther(cmd *exec.Cmd, apart bool) error {
	who, root, err := other()
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: apart}
	if root {
		cmd.SysProcAttr.Credential = &who
	}
	return err
}

func giveAway(paths ...string) error {
	who, root, err := other()
	if !root || err != nil {
		return err
	}
	for _, path := range paths {
		if err := os.Chown(path, int(who.Uid), int(who.Gid)); err != nil {
			return err
		}
	}
	return nil
}
