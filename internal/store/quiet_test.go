package store

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"math/big"
	"net"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"maiaportal/internal/store/pgtest"
)

// changed is an address with some parts of it different.
func changed(t *testing.T, address string, change func(*url.URL)) string {
	t.Helper()
	u := must[*url.URL](t)(url.Parse(address))
	change(u)
	return u.String()
}

// asAdmin runs statements as the server's owner.
func asAdmin(t *testing.T, address string, statements ...string) {
	t.Helper()
	conn := must[*pgx.Conn](t)(pgx.Connect(t.Context(), address))
	defer func() { _ = conn.Close(context.WithoutCancel(t.Context())) }()
	for _, s := range statements {
		if _, err := conn.Exec(t.Context(), s); err != nil {
			t.Fatal(err)
		}
	}
}

// A failed connection tells its cause, and nothing of the address: neither the password, be it the
// user's name or an ordinary word, nor host, port, user or database; nor is the configuration in it.
func TestConnectErrorsAreQuiet(t *testing.T) {
	right := pgtest.Start(t)
	silent := must[net.Listener](t)(net.Listen("tcp", "127.0.0.1:0"))
	defer func() { _ = silent.Close() }()
	asAdmin(t, right, `DROP ROLE IF EXISTS locked, crowded`, `CREATE ROLE locked PASSWORD 'locked' NOLOGIN`, `CREATE ROLE crowded PASSWORD 'crowded' LOGIN CONNECTION LIMIT 0`)
	login := func(user, password string) string {
		return changed(t, right, func(u *url.URL) { u.User = url.UserPassword(user, password) })
	}
	const wrong = "authentication failed: user name or password is wrong (SQLSTATE 28P01)"
	for name, tc := range map[string]struct{ address, cause string }{
		"wrong password":                      {login("portal", "hidden"), wrong},
		"unknown user":                        {login("nobody", "hidden"), wrong},
		"user is the password":                {login("hidden", "hidden"), wrong},
		"password is a word of the message":   {login("portal", "database"), wrong},
		"password is a letter":                {login("portal", "e"), wrong},
		"password is a part of the host":      {login("portal", "127"), wrong},
		"user may not log in":                 {login("locked", "locked"), "this user may not log in, or not from here (pg_hba.conf) (SQLSTATE 28000)"},
		"too many connections of this user":   {login("crowded", "crowded"), "it has too many connections (SQLSTATE 53300)"},
		"unknown database":                    {changed(t, right, func(u *url.URL) { u.Path = "/hidden" }), "there is no such database (SQLSTATE 3D000)"},
		"database has the password's name":    {changed(t, right, func(u *url.URL) { u.Path = "/" + pgtest.Password }), "there is no such database (SQLSTATE 3D000)"},
		"unknown option":                      {changed(t, right, func(u *url.URL) { u.RawQuery += "&hidden=1" }), "it does not know something that was named, such as an option in the address (SQLSTATE 42704)"},
		"nobody listens":                      {changed(t, right, func(u *url.URL) { u.Host = "127.0.0.1:1" }), "connection refused: nothing listens there"},
		"nobody listens, at two addresses":    {changed(t, right, func(u *url.URL) { u.Host = "127.0.0.1:1,127.0.0.2:1" }), "connection refused: nothing listens there"},
		"nobody answers":                      {changed(t, right, func(u *url.URL) { u.Host = silent.Addr().String(); u.RawQuery += "&connect_timeout=1" }), "no answer in time"},
		"no such socket":                      {"postgres://hidden:hidden@/hidden?host=/hidden", "there is no socket at its path"},
		"no TLS":                              {changed(t, right, func(u *url.URL) { u.RawQuery = "sslmode=require" }), "TLS: it takes no encrypted connections (sslmode)"},
		"a standby is wanted, this is none":   {right + "&target_session_attrs=standby", "no server is of the kind that target_session_attrs asks for"},
		"two addresses, each with its causes": {changed(t, login("portal", "e"), func(u *url.URL) { u.Host = "127.0.0.1:1," + u.Host }), "connection refused: nothing listens there; " + wrong},
	} {
		t.Run(name, func(t *testing.T) { fails(t, tc.address, tc.cause) })
	}
	t.Run("no such host", func(t *testing.T) {
		// How a machine without a name service says that depends on the machine.
		fails(t, changed(t, right, func(u *url.URL) { u.Host = "hidden.invalid" }), "its host name is not known", "its host name cannot be looked up")
	})
}

// fails expects every way to a connection to end with one of the causes.
func fails(t *testing.T, address string, causes ...string) {
	t.Helper()
	s := must[*Store](t)(Open(address, time.Now))
	defer func() { _ = s.Close() }()
	for what, err := range map[string]error{"Ping": s.Ping(t.Context()), "Migrate": s.Migrate(t.Context()), "Join": s.Join(t.Context(), "holder")} {
		if err == nil {
			t.Errorf("%s: no error", what)
			continue
		}
		told := false
		for _, cause := range causes {
			told = told || strings.HasSuffix(err.Error(), "connect to the database: "+cause)
		}
		if !told {
			t.Errorf("%s says %q, want %q", what, err, causes)
		}
		for _, hidden := range []string{"hidden", pgtest.Password} {
			if text := fmt.Sprintf("%v %+v %#v %q", err, err, err, err); strings.Contains(text, hidden) {
				t.Errorf("%s: %s", what, text)
			}
		}
		// Nor do the server's own words, which are its cause.
		var server *pgconn.PgError
		if errors.As(err, &server) && server.Message != meaning(server.Code) {
			t.Errorf("%s: %+v", what, server)
		}
		var connect *pgconn.ConnectError
		if errors.As(err, &connect) {
			t.Errorf("%s: the configuration is in %T", what, err)
		}
	}
}

// What is wrong with a server's certificate is told, and not for which host.
func TestTLSErrorsAreQuiet(t *testing.T) {
	server := pgtest.New(t)
	right := server.URL()
	now := time.Now()
	good := certificate(t, now.Add(time.Hour), "localhost", "127.0.0.1")
	old := certificate(t, now.Add(-time.Hour), "localhost", "127.0.0.1")
	other := certificate(t, now.Add(time.Hour), "hidden.example.com")
	for name, tc := range map[string]struct {
		served identity
		query  string
		cause  string
	}{
		"nobody vouches for it": {good, "sslmode=verify-full", "TLS: its certificate is from an authority that is not trusted here (sslrootcert)"},
		"for another host":      {other, "sslmode=verify-full&sslrootcert=" + other.file, "TLS: its certificate is for another host name"},
		"run out":               {old, "sslmode=verify-full&sslrootcert=" + old.file, "TLS: its certificate has expired, or is not valid yet"},
		"run out, any host":     {old, "sslmode=verify-ca&sslrootcert=" + old.file, "TLS: its certificate has expired, or is not valid yet"},
	} {
		put := func(what, file string) string {
			return fmt.Sprintf(`COPY (SELECT '%s') TO PROGRAM 'umask 077; base64 -d > %s'`, base64.StdEncoding.EncodeToString([]byte(what)), file)
		}
		asAdmin(t, right, put(tc.served.certificate, "server.crt"), put(tc.served.key, "server.key"), `ALTER SYSTEM SET ssl = on`)
		server.Stop(t)
		server.Start(t)
		address := changed(t, right, func(u *url.URL) { u.RawQuery = tc.query })
		t.Run(name, func(t *testing.T) { fails(t, address, tc.cause) })
	}
	s := open(t, changed(t, right, func(u *url.URL) { u.RawQuery = "sslmode=require" }), newClock())
	must0(t, s.Migrate(t.Context()))
	must0(t, s.Ping(t.Context()))
}

// identity is a certificate that vouches for itself.
type identity struct{ certificate, key, file string }

func certificate(t *testing.T, end time.Time, hosts ...string) identity {
	t.Helper()
	key := must[*ecdsa.PrivateKey](t)(ecdsa.GenerateKey(elliptic.P256(), rand.Reader))
	c := &x509.Certificate{
		SerialNumber:          big.NewInt(1),
		Subject:               pkix.Name{CommonName: hosts[0]},
		NotBefore:             end.Add(-24 * time.Hour),
		NotAfter:              end,
		IsCA:                  true,
		BasicConstraintsValid: true,
	}
	for _, h := range hosts {
		if ip := net.ParseIP(h); ip != nil {
			c.IPAddresses = append(c.IPAddresses, ip)
		} else {
			c.DNSNames = append(c.DNSNames, h)
		}
	}
	der := must[[]byte](t)(x509.CreateCertificate(rand.Reader, c, c, key.Public(), key))
	pkcs8 := must[[]byte](t)(x509.MarshalPKCS8PrivateKey(key))
	i := identity{
		certificate: string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})),
		key:         string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: pkcs8})),
		file:        filepath.Join(t.TempDir(), "root.pem"),
	}
	must0(t, os.WriteFile(i.file, []byte(i.certificate), 0o600))
	return i
}

// What goes wrong later is told without password and address, too: in the server's words where they
// hold neither, else in ours.
func TestLaterErrorsAreQuiet(t *testing.T) {
	right := pgtest.Start(t)
	asAdmin(t, right, `DROP ROLE IF EXISTS "table", plain`, `CREATE ROLE "table" PASSWORD 'table' LOGIN`, `CREATE ROLE plain PASSWORD 'Pl41n' LOGIN`)
	login := func(user, password string) string {
		return changed(t, right, func(u *url.URL) { u.User = url.UserPassword(user, password) })
	}
	asAdmin(t, right, `CREATE TABLE submissions ()`)
	for address, want := range map[string]string{
		login("plain", "Pl41n"): "store: ping: ERROR: permission denied for table submissions (SQLSTATE 42501)",
		login("table", "table"): "store: ping: ERROR: this user lacks a privilege (SQLSTATE 42501)",
	} {
		if err := open(t, address, newClock()).Ping(t.Context()); err == nil || err.Error() != want {
			t.Errorf("%v, want %s", err, want)
		}
	}
}

// A connection that breaks in the middle tells no address.
func TestBrokenConnectionsAreQuiet(t *testing.T) {
	right := must[*url.URL](t)(url.Parse(pgtest.Start(t)))
	relay := must[net.Listener](t)(net.Listen("tcp", "127.0.0.1:0"))
	defer func() { _ = relay.Close() }()
	go func() {
		in, err := relay.Accept()
		if err != nil {
			return
		}
		out, err := net.Dial("tcp", right.Host)
		if err != nil {
			return
		}
		defer func() { _ = out.Close() }()
		go func() { _, _ = io.Copy(in, out) }()
		for b := make([]byte, 4096); ; {
			n, err := in.Read(b)
			if err != nil {
				return
			}
			_, _ = out.Write(b[:n])
			if bytes.Contains(b[:n], []byte("pg_sleep")) {
				_ = in.(*net.TCPConn).SetLinger(0) // a reset, not an end
				_ = in.Close()
				return
			}
		}
	}()
	s := open(t, changed(t, right.String(), func(u *url.URL) { u.Host = relay.Addr().String() }), newClock())
	_, err := s.db.ExecContext(t.Context(), `SELECT pg_sleep($1)`, 60)
	if err == nil || strings.Contains(err.Error(), "127.0.0.1") || !strings.Contains(err.Error(), "connection reset") {
		t.Errorf("%v", err)
	}
}
