package store

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"maiaportal/internal/audit"
	"maiaportal/internal/record"
	"maiaportal/internal/secret"
)

// sealing is a chain of a key for tests.
func sealing(keys ...byte) *audit.Chain {
	var list []secret.Value
	for _, k := range keys {
		list = append(list, secret.New([]byte(strings.Repeat(string(k), 32))))
	}
	return audit.NewChain(list)
}

// verified says what is found in a trail: "seq kind", or "" where it holds.
func verified(t *testing.T, s *Store, chain *audit.Chain, expect ...audit.Head) (string, audit.Summary) {
	t.Helper()
	v := chain.Verify(expect)
	err := s.EventsAtOnce(t.Context(), v.Next)
	var whole audit.Summary
	if err == nil {
		whole, err = v.End()
	}
	var f *audit.Finding
	switch {
	case errors.As(err, &f):
		return fmt.Sprint(f.Seq, " ", f.Kind), whole
	case err != nil:
		t.Fatal(err)
	}
	return "", whole
}

// tampered runs statements as somebody would who has the database and no keys.
func tampered(t *testing.T, s *Store, statements ...string) {
	t.Helper()
	must0(t, s.write(t.Context(), func(q queries) error {
		for _, statement := range statements {
			if _, err := q.ExecContext(context.Background(), statement); err != nil {
				return fmt.Errorf("%s: %w", statement, err)
			}
		}
		return nil
	}))
}

// S-64: whatever is done to the rows is found, with the number of the event that does not fit.
func testTampering(t *testing.T, address string) {
	c, ctx := newClock(), t.Context()
	s := migrated(t, address, c)
	chain := sealing('a')
	s.KeepTrail(chain, nil)
	for i := range 12 {
		c.add(time.Second)
		r := session(fmt.Sprint("h", i), "ann")
		r.Over = record.Request{ClientAddress: "::1", RequestID: fmt.Sprint("request ", i)}
		must0(t, s.CreateSession(ctx, fmt.Append(nil, i), r, nil))
	}
	list := entries(t, s, chain)
	head := func(i int) audit.Head { return audit.Head{Seq: list[i-1].Seq, Hash: list[i-1].Hash} }
	tampered(t, s, `CREATE TABLE kept AS SELECT * FROM events`)
	// One row at a time: which of two rows a single UPDATE moves first, and so whether their numbers collide, is the
	// database's choice.
	swap := []string{
		`UPDATE events SET seq = 1005 WHERE seq = 5`,
		`UPDATE events SET seq = 5 WHERE seq = 6`,
		`UPDATE events SET seq = 6 WHERE seq = 1005`,
	}
	for name, tc := range map[string]struct {
		statements []string
		expect     []audit.Head
		chain      *audit.Chain
		want       string
	}{
		"nothing":                  {want: ""},
		"nothing, heads of it":     {expect: []audit.Head{head(12), head(1), head(5)}, want: ""},
		"a seq":                    {statements: []string{`UPDATE events SET seq = 50 WHERE seq = 12`}, want: "50 missing"},
		"a time":                   {statements: []string{`UPDATE events SET time = time + 1 WHERE seq = 5`}, want: "5 changed"},
		"a kind":                   {statements: []string{`UPDATE events SET event = 'logout' WHERE seq = 5`}, want: "5 changed"},
		"an issuer":                {statements: []string{`UPDATE events SET actor_issuer = 'x' WHERE seq = 5`}, want: "5 changed"},
		"a subject":                {statements: []string{`UPDATE events SET actor_subject = 'eve' WHERE seq = 5`}, want: "5 changed"},
		"a name":                   {statements: []string{`UPDATE events SET actor_name = '' WHERE seq = 5`}, want: "5 changed"},
		"an address":               {statements: []string{`UPDATE events SET client_address = '::2' WHERE seq = 5`}, want: "5 changed"},
		"a request":                {statements: []string{`UPDATE events SET request_id = request_id || ' ' WHERE seq = 5`}, want: "5 changed"},
		"a submission":             {statements: []string{`UPDATE events SET submission_id = 'x' WHERE seq = 5`}, want: "5 changed"},
		"details":                  {statements: []string{`UPDATE events SET details = '{}' WHERE seq = 5`}, want: "5 changed"},
		"the form of details":      {statements: []string{`UPDATE events SET details = ' ' || details WHERE seq = 5`}, want: "5 changed"},
		"a prev":                   {statements: []string{`UPDATE events SET prev = hash WHERE seq = 5`}, want: "5 changed"},
		"a hash":                   {statements: []string{`UPDATE events SET hash = prev WHERE seq = 5`}, want: "5 changed"},
		"the first event":          {statements: []string{`UPDATE events SET actor_name = '' WHERE seq = 1`}, want: "1 changed"},
		"the last event":           {statements: []string{`UPDATE events SET actor_name = '' WHERE seq = 12`}, want: "12 changed"},
		"a row deleted":            {statements: []string{`DELETE FROM events WHERE seq = 5`}, want: "6 missing"},
		"rows deleted":             {statements: []string{`DELETE FROM events WHERE seq BETWEEN 5 AND 7`}, want: "8 missing"},
		"the first ones deleted":   {statements: []string{`DELETE FROM events WHERE seq < 4`}, want: "4 missing"},
		"a row deleted, moved up":  {statements: []string{`DELETE FROM events WHERE seq = 11`, `UPDATE events SET seq = 11 WHERE seq = 12`}, want: "11 missing"},
		"rows swapped":             {statements: swap, want: "5 changed"},
		"a row inserted":           {statements: []string{`UPDATE events SET seq = 13 WHERE seq = 12`, inserted(12, "11")}, want: "12 inserted"},
		"a row before the first":   {statements: []string{inserted(0, "1")}, want: "0 inserted"},
		"a row put at the end":     {statements: []string{inserted(13, "12")}, want: "13 inserted"},
		"a row behind a gap":       {statements: []string{inserted(15, "12")}, want: "15 missing"},
		"a tail cut":               {statements: []string{`DELETE FROM events WHERE seq > 9`}, want: ""},
		"a tail cut, with a head":  {statements: []string{`DELETE FROM events WHERE seq > 9`}, expect: []audit.Head{head(3), head(12)}, want: "12 cut off"},
		"all deleted, with a head": {statements: []string{`DELETE FROM events`}, expect: []audit.Head{head(12)}, want: "12 cut off"},
		"another head":             {expect: []audit.Head{{Seq: 7, Hash: list[7].Hash}}, want: "7 changed"},
		"no key":                   {chain: sealing(), want: "1 other key"},
		"another key":              {chain: sealing('b'), want: "1 other key"},
		"the key among others":     {chain: sealing('b', 'a'), want: ""},
	} {
		tampered(t, s, tc.statements...)
		if tc.chain == nil {
			tc.chain = chain
		}
		got, whole := verified(t, s, tc.chain, tc.expect...)
		want(t, name, got, tc.want)
		if tc.statements == nil && tc.want == "" {
			want(t, name, whole, audit.Summary{Events: 12, First: 1, Last: 12, Hash: list[11].Hash})
		}
		tampered(t, s, `DELETE FROM events`, `INSERT INTO events SELECT * FROM kept`)
	}
	// With the keys somebody can make another history, but none that fits a head that was logged.
	tampered(t, s, `DELETE FROM events WHERE seq > 4`)
	for i := range 8 {
		must0(t, s.Append(ctx, record.LoadedCatalogue(fmt.Sprint(i), 1, 1, 1)))
	}
	got, _ := verified(t, s, chain)
	want(t, "another history", got, "")
	got, _ = verified(t, s, chain, head(4), head(12))
	want(t, "another history, with a head", got, "12 changed")
}

// inserted is a row that somebody makes of another one, without its key.
func inserted(seq int, of string) string {
	return fmt.Sprintf(`INSERT INTO events (seq, time, event, actor_issuer, actor_subject, actor_name, client_address, request_id,
		submission_id, details, prev, hash) SELECT %d, time, event, actor_issuer, 'eve', actor_name, client_address, request_id,
		submission_id, details, prev, hash FROM events WHERE seq = %s`, seq, of)
}

// Keys change: what the older ones sealed holds as long as they are given, and what was written before there were any
// holds by a head from then.
func testKeysChange(t *testing.T, address string) {
	c, ctx := newClock(), t.Context()
	s := migrated(t, address, c)
	write := func(chain *audit.Chain) {
		s.KeepTrail(chain, nil)
		for range 3 {
			must0(t, s.Append(ctx, record.LoadedCatalogue("x", 1, 1, 1)))
		}
	}
	write(sealing())
	write(sealing('a'))
	write(sealing('b', 'a'))
	list := must[[]record.Stored](t)(s.db.storedEvents(ctx, `ORDER BY seq`))
	switched := audit.Head{Seq: 3, Hash: list[2].Hash}
	for name, tc := range map[string]struct {
		chain  *audit.Chain
		expect []audit.Head
		want   string
	}{
		"all keys, and the head":  {sealing('b', 'a'), []audit.Head{switched}, ""},
		"all keys":                {sealing('b', 'a'), nil, "1 other key"},
		"all keys, another head":  {sealing('b', 'a'), []audit.Head{{Seq: 3, Hash: list[3].Hash}}, "3 changed"},
		"the old key was dropped": {sealing('b'), []audit.Head{switched}, "4 other key"},
		"the new key is missing":  {sealing('a'), []audit.Head{switched}, "7 other key"},
	} {
		got, _ := verified(t, s, tc.chain, tc.expect...)
		want(t, name, got, tc.want)
	}
}

// What SQLite lets somebody put into a column that is no value of its kind is found, too.
func TestTamperingWithTypes(t *testing.T) {
	c, ctx := newClock(), t.Context()
	s := migrated(t, "sqlite:"+filepath.Join(t.TempDir(), "portal.db"), c)
	for range 3 {
		must0(t, s.Append(ctx, record.LoadedCatalogue("x\uFFFD", 1, 1, 1)))
	}
	tampered(t, s, `CREATE TABLE kept AS SELECT * FROM events`)
	for _, statement := range []string{
		`UPDATE events SET time = 'now' WHERE seq = 2`,
		`UPDATE events SET time = time + 0.5 WHERE seq = 2`,
		`UPDATE events SET actor_name = x'00ff' WHERE seq = 2`,
		`UPDATE events SET details = CAST(x'7b7d' AS BLOB) WHERE seq = 2`,
		`UPDATE events SET details = CAST(replace(hex(details), 'EFBFBD', 'FF') AS TEXT) WHERE seq = 2`,
		`UPDATE events SET actor_name = CAST(x'ff' AS TEXT) WHERE seq = 2`,
	} {
		tampered(t, s, statement)
		got, _ := verified(t, s, audit.NewChain(nil))
		want(t, statement, got, "2 changed")
		tampered(t, s, `DELETE FROM events`, `INSERT INTO events SELECT * FROM kept`)
	}
}

// A copy is read where nobody can write, and stays as it is; the running database is read with what is not in its
// file yet. No file is made.
func TestOpenToRead(t *testing.T) {
	c, ctx, dir := newClock(), t.Context(), t.TempDir()
	path := filepath.Join(dir, "portal.db")
	s := migrated(t, "sqlite:"+path, c)
	must0(t, s.Append(ctx, record.LoadedCatalogue("x", 1, 1, 1)))
	read := func(path string) int {
		r := must[*Store](t)(OpenToRead("sqlite:"+path, c.now))
		defer func() { must0(t, r.Close()) }()
		if err := r.Append(ctx, record.LoadedCatalogue("y", 1, 1, 1)); err == nil {
			t.Error("written to what is only read")
		}
		return len(entries(t, r, audit.NewChain(nil)))
	}
	want(t, "events of the running one", read(path), 1)

	copied := filepath.Join(t.TempDir(), "copy with a blank.db")
	must0(t, s.Backup(ctx, copied))
	want(t, "mode", must[os.FileInfo](t)(os.Stat(copied)).Mode().Perm(), 0o600)
	must0(t, s.Append(ctx, record.LoadedCatalogue("z", 1, 1, 1)))
	before := must[[]byte](t)(os.ReadFile(copied))
	want(t, "events of the copy", read(copied), 1)
	want(t, "the copy is as it was", string(must[[]byte](t)(os.ReadFile(copied))) == string(before), true)
	want(t, "files beside it", len(must[[]os.DirEntry](t)(os.ReadDir(filepath.Dir(copied)))), 1)
	if err := s.Backup(ctx, copied); err == nil {
		t.Error("a file was written over")
	}
	missing := filepath.Join(dir, "missing.db")
	if _, err := OpenToRead("sqlite:"+missing, c.now); err == nil || !strings.Contains(err.Error(), "there is no database file") {
		t.Error(err)
	}
	if _, err := os.Stat(missing); err == nil {
		t.Error("a file was made")
	}
}
