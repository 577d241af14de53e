package store

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"database/sql/driver"
	"errors"
	"io"
	"net"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/stdlib"
)

// What a server and the network say may hold the password, where the user has the same name or the
// password is an ordinary word, and parts of the address. So the causes of a failed connection are told
// in words of our own, by their kind, and later errors where they would repeat either.

// hider takes the password and the address out of what goes wrong on an open connection.
type hider struct{ hidden []string }

func hiding(cfg *pgx.ConnConfig) hider {
	h := hider{[]string{cfg.Password, cfg.Host}}
	for _, f := range cfg.Fallbacks {
		h.hidden = append(h.hidden, f.Host)
	}
	return h
}

// hide leaves the server's words as they are, unless they may hold what is to be hidden.
func (h hider) hide(err error) error {
	var told *toldError
	var server *pgconn.PgError
	if errors.As(err, &told) || !errors.As(err, &server) ||
		!aboutLogin(server.Code) && !containsAny(err.Error(), h.hidden) {
		return err
	}
	inOurWords(server)
	return &toldError{server.Error(), err}
}

// inOurWords replaces what a server says by what it means.
func inOurWords(e *pgconn.PgError) {
	e.Message, e.Detail, e.Hint, e.Where, e.InternalQuery = meaning(e.Code), "", "", "", ""
}

// aboutLogin says whether an SQLSTATE is about who connects, from where and to what: its message names
// all three. A pooler sends such a message in answer to a statement, too.
func aboutLogin(code string) bool {
	return strings.HasPrefix(code, "28") || strings.HasPrefix(code, "08") || code == "3D000"
}

func containsAny(text string, words []string) bool {
	text = strings.ToLower(text)
	return slices.ContainsFunc(words, func(w string) bool { return w != "" && strings.Contains(text, strings.ToLower(w)) })
}

// hushDial makes the errors of a configuration's open connections leave the addresses of both ends out.
func hushDial(cfg *pgx.ConnConfig) {
	dial := cfg.DialFunc
	cfg.DialFunc = func(ctx context.Context, network, address string) (net.Conn, error) {
		conn, err := dial(ctx, network, address)
		if err != nil {
			return nil, err // quietly tells its cause
		}
		return hushedWire{conn}, nil
	}
}

// hushedWire is such a connection.
type hushedWire struct{ net.Conn }

func (c hushedWire) Read(b []byte) (int, error) {
	n, err := c.Conn.Read(b)
	return n, withoutAddress(err)
}

func (c hushedWire) Write(b []byte) (int, error) {
	n, err := c.Conn.Write(b)
	return n, withoutAddress(err)
}

func withoutAddress(err error) error {
	if op, ok := err.(*net.OpError); ok { //nolint:errorlint // as net gives it; what wraps it is not ours to change
		return &wireError{op}
	}
	return err
}

// wireError is a fault of an open connection. It is a net.Error, since TLS and pgx ask for one.
type wireError struct{ cause *net.OpError }

func (e *wireError) Error() string   { return e.cause.Err.Error() }
func (e *wireError) Unwrap() error   { return e.cause }
func (e *wireError) Timeout() bool   { return e.cause.Timeout() }
func (e *wireError) Temporary() bool { return e.cause.Temporary() }

// quiet is a connector whose connections' errors, and its own, hold neither the password nor the
// address, nor the configuration.
type quiet struct {
	driver.Connector
	hider
	breaks *breaks
}

func (q quiet) Connect(ctx context.Context) (driver.Conn, error) {
	conn, err := q.Connector.Connect(ctx)
	if err != nil {
		return nil, quietly(err)
	}
	pgxConn, ok := conn.(*stdlib.Conn)
	if !ok {
		return nil, errors.Join(errors.New("connect to the database: not a connection of pgx"), conn.Close())
	}
	patience, _ := pgxConn.Conn().PgConn().CustomData()[patienceKey].(time.Duration)
	return &quietConn{pgxConn, q.hider, q.breaks, patience}, nil
}

// quietConn is a connection of database/sql. Statements are not prepared on it. The server's own limit ends a statement
// only while the server can be heard, so each has a limit here, too: else whoever waits, and the connection with it,
// would be held up for as long as the request may take. The begin and the end of a transaction have their context's.
type quietConn struct {
	*stdlib.Conn
	hider
	breaks   *breaks
	patience time.Duration // 0: as long as the context lets it
}

// told hides what must not be told of an error, and notes where it has cost the connection.
func (c *quietConn) told(err error) error {
	if err != nil && c.Conn.Conn().IsClosed() {
		c.breaks.note()
	}
	return c.hide(err)
}

func (c *quietConn) limit(ctx context.Context) (context.Context, context.CancelFunc) {
	if c.patience == 0 {
		return ctx, func() {}
	}
	return context.WithTimeout(ctx, c.patience)
}

func (c *quietConn) ExecContext(ctx context.Context, query string, args []driver.NamedValue) (driver.Result, error) {
	ctx, cancel := c.limit(ctx)
	defer cancel()
	res, err := c.Conn.ExecContext(ctx, query, args)
	return res, c.told(err)
}

func (c *quietConn) QueryContext(ctx context.Context, query string, args []driver.NamedValue) (driver.Rows, error) {
	ctx, cancel := c.limit(ctx)
	rows, err := c.Conn.QueryContext(ctx, query, args)
	if err != nil {
		cancel()
		return nil, c.told(err)
	}
	return &quietRows{rows, c, cancel}, nil
}

// ResetSession makes sure that a connection that lay idle still leads somewhere. A server that vanished never says so,
// and an answer that takes this long is no better than a new connection.
func (c *quietConn) ResetSession(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, pingTime)
	defer cancel()
	return c.Conn.ResetSession(ctx)
}

func (c *quietConn) BeginTx(ctx context.Context, opts driver.TxOptions) (driver.Tx, error) {
	tx, err := c.Conn.BeginTx(ctx, opts)
	if err != nil {
		return nil, c.told(err)
	}
	return &quietTx{tx, c}, nil
}

func (c *quietConn) Ping(ctx context.Context) error { return c.told(c.Conn.Ping(ctx)) }

type quietRows struct {
	driver.Rows
	conn *quietConn
	over context.CancelFunc
}

func (r *quietRows) Close() error {
	defer r.over()
	return r.Rows.Close()
}

func (r *quietRows) Next(dest []driver.Value) error { return r.conn.told(r.Rows.Next(dest)) }

type quietTx struct {
	driver.Tx
	conn *quietConn
}

func (t *quietTx) Commit() error   { return t.conn.told(t.Tx.Commit()) }
func (t *quietTx) Rollback() error { return t.conn.told(t.Tx.Rollback()) }

// toldError is an error in our words.
type toldError struct {
	text  string
	cause error
}

func (e *toldError) Error() string { return e.text }
func (e *toldError) Unwrap() error { return e.cause }

// quietly drops pgx's own error, which carries the configuration, and keeps what it wraps.
func quietly(err error) error {
	var c *pgconn.ConnectError
	if errors.As(err, &c) {
		err = c.Unwrap()
	}
	// One for each address that was tried, and with and without TLS: most of them say the same.
	var told []string
	for _, one := range parts(err) {
		if cause := causeOf(one); !slices.Contains(told, cause) {
			told = append(told, cause)
		}
	}
	return &toldError{"connect to the database: " + strings.Join(told, "; "), err}
}

// parts takes joined errors apart.
func parts(err error) []error {
	for e := err; e != nil; e = errors.Unwrap(e) {
		if joined, ok := e.(interface{ Unwrap() []error }); ok {
			var all []error
			for _, one := range joined.Unwrap() {
				all = append(all, parts(one)...)
			}
			return all
		}
	}
	return []error{err}
}

// causeOf tells the kind of a fault.
func causeOf(err error) string {
	var (
		server    *pgconn.PgError
		name      *net.DNSError
		network   net.Error
		errno     syscall.Errno
		wrongKind *pgconn.NotPreferredError
	)
	switch {
	case errors.As(err, &server):
		inOurWords(server)
		return server.Message + " (SQLSTATE " + server.Code + ")"
	case errors.As(err, &wrongKind), errors.Is(err, pgconn.ErrReadOnlyConnection),
		errors.Is(err, pgconn.ErrReadWriteConnection),
		errors.Is(err, pgconn.ErrPrimaryConnection), errors.Is(err, pgconn.ErrStandbyConnection):
		return "no server is of the kind that target_session_attrs asks for"
	case errors.Is(err, context.Canceled):
		return "cancelled"
	case errors.As(err, &name) && name.IsNotFound:
		return "its host name is not known"
	case errors.Is(err, context.DeadlineExceeded), errors.As(err, &network) && network.Timeout():
		return "no answer in time"
	case errors.As(err, &name):
		return "its host name cannot be looked up"
	case errors.Is(err, syscall.ECONNREFUSED):
		return "connection refused: nothing listens there"
	case errors.Is(err, syscall.ENOENT):
		return "there is no socket at its path"
	case errors.As(err, &errno):
		return errno.Error()
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return "the connection ended before the login did"
	}
	return causeByTLS(err)
}

func causeByTLS(err error) string {
	var (
		otherName x509.HostnameError
		invalid   x509.CertificateInvalidError
		authority x509.UnknownAuthorityError
		untrusted *tls.CertificateVerificationError
		alert     tls.AlertError
		noTLS     tls.RecordHeaderError
	)
	switch {
	case errors.As(err, &otherName):
		return "TLS: its certificate is for another host name"
	case errors.As(err, &authority):
		return "TLS: its certificate is from an authority that is not trusted here (sslrootcert)"
	case errors.As(err, &invalid) && invalid.Reason == x509.Expired:
		return "TLS: its certificate has expired, or is not valid yet"
	case errors.As(err, &invalid), errors.As(err, &untrusted):
		return "TLS: its certificate is not trusted"
	case errors.As(err, &alert):
		return "TLS: " + alert.Error()
	case errors.As(err, &noTLS):
		return "TLS: what answers does not speak it"
	}
	// These have no types of their own; their texts are pgx's.
	for _, known := range []struct{ text, cause string }{
		{"refused TLS", "TLS: it takes no encrypted connections (sslmode)"},
		{"tls error", "TLS: no encrypted connection can be made"},
		{"channel binding", "channel binding, which the address asks for, is not to be had"},
		{"require_auth", "it does not ask for a password in the way that require_auth wants"},
		{"SASL", "it and the portal cannot agree on how to check the password"},
		{"SCRAM", "it and the portal cannot agree on how to check the password"},
		{"kerberos", "it wants Kerberos, which the portal does not have"},
	} {
		if strings.Contains(err.Error(), known.text) {
			return known.cause
		}
	}
	return "refused, for a reason that the database’s own log may tell"
}

// meanings says what an SQLSTATE means here; two characters are a whole class.
// https://www.postgresql.org/docs/current/errcodes-appendix.html
var meanings = map[string]string{
	"08":    "the connection failed",
	"23":    "a row breaks a rule of its table",
	"25006": "it is read-only",
	"28":    "this user may not log in, or not from here (pg_hba.conf)",
	"28P01": "authentication failed: user name or password is wrong",
	"3D000": "there is no such database",
	"3F000": "there is no such schema",
	"40":    "another transaction was in the way",
	"42":    "it does not take a statement; its schema may be another version’s",
	"42501": "this user lacks a privilege",
	"42704": "it does not know something that was named, such as an option in the address",
	"42P01": "a table is missing; portal migrate makes it",
	"53":    "it is out of resources",
	"53100": "its disk is full",
	"53200": "it is out of memory",
	"53300": "it has too many connections",
	"55":    "it cannot do that now",
	"57014": "a statement was cancelled, or took too long",
	"57P01": "it is being stopped, or somebody ended the connection",
	"57P03": "it is starting, stopping or recovering",
	"58":    "it has trouble with its system",
	"XX":    "it has an internal error",
}

// meaning says in our words what a server's answer means.
func meaning(code string) string {
	if m, ok := meanings[code]; ok {
		return m
	}
	if m, ok := meanings[code[:min(2, len(code))]]; ok {
		return m
	}
	return "it refused"
}
