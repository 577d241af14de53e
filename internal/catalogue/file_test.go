package catalogue_test

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"maiaportal/internal/catalogue"
)

// folder has a file as Kubernetes mounts a ConfigMap: c.yaml leads to ..data/c.yaml, and ..data to a folder of one
// version.
type folder struct {
	t       *testing.T
	dir     string
	version int
}

func (f *folder) put(content string) {
	f.t.Helper()
	f.version++
	version := filepath.Join(f.dir, "..v"+strings.Repeat("i", f.version))
	for _, err := range []error{
		os.Mkdir(version, 0o700),
		os.WriteFile(filepath.Join(version, "c.yaml"), []byte(content), 0o600),
		os.Symlink(filepath.Base(version), filepath.Join(f.dir, "..tmp")),
		os.Rename(filepath.Join(f.dir, "..tmp"), filepath.Join(f.dir, "..data")),
	} {
		if err != nil {
			f.t.Fatal(err)
		}
	}
}

// watched is a file that is looked into when the test says so.
type watched struct {
	*folder
	file  *catalogue.File
	logs  *bytes.Buffer
	taken []string // digests
	fails error    // what taking gives
}

func watch(t *testing.T, content string) *watched {
	t.Helper()
	w := &watched{
		folder: &folder{t: t, dir: t.TempDir()},
		logs:   &bytes.Buffer{},
	}
	w.put(content)
	path := filepath.Join(w.dir, "c.yaml")
	if err := os.Symlink("..data/c.yaml", path); err != nil {
		t.Fatal(err)
	}
	var err error
	if w.file, err = catalogue.Open(path, rules()); err != nil {
		t.Fatal(err)
	}
	w.file.Log = slog.New(slog.NewTextHandler(w.logs, nil))
	w.file.Take = func(_ context.Context, c *catalogue.Catalogue) error {
		if w.fails == nil {
			w.taken = append(w.taken, c.Digest)
		}
		return w.fails
	}
	return w
}

// tick looks into the file, and once more, which must do and log nothing more; it gives what was logged.
func (w *watched) tick() string {
	return w.during(func(ticks chan<- time.Time, _ chan<- struct{}) { ticks <- time.Time{} })
}

// ask is somebody's SIGHUP.
func (w *watched) ask() string {
	return w.during(func(_ chan<- time.Time, asked chan<- struct{}) { asked <- struct{}{} })
}

// during watches the file for as long as something is done, and a tick. A tick is taken when the look before it has
// ended.
func (w *watched) during(do func(ticks chan<- time.Time, asked chan<- struct{})) string {
	w.logs.Reset()
	ticks, asked := make(chan time.Time), make(chan struct{})
	ctx, stop := context.WithCancel(context.Background())
	defer stop()
	var running sync.WaitGroup
	running.Go(func() { w.file.Watch(ctx, ticks, asked) })
	do(ticks, asked)
	ticks <- time.Time{}
	stop()
	running.Wait()
	return w.logs.String()
}

func (w *watched) projects(want int) {
	w.t.Helper()
	if got := len(w.file.Catalogue().Projects); got != want {
		w.t.Errorf("%d projects, want %d", got, want)
	}
}

const (
	one = "projects:\n  - {id: '1', name: One}\n"
	two = one + "  - {id: '2', name: Two}\n"
	bad = "projects:\n  - {id: '1'}\n  - {id: x, name: N}\n"
)

// A moved symbolic link brings another content, with times and sizes that need not differ.
func TestMovedLinkIsNoticed(t *testing.T) {
	w := watch(t, one)
	w.projects(1)
	if said := w.tick(); said != "" || len(w.taken) != 0 {
		t.Errorf("nothing has changed: %s %v", said, w.taken)
	}
	before := w.file.Catalogue()
	w.put(two)
	if said := w.tick(); said != "" {
		t.Errorf("%s", said)
	}
	w.projects(2)
	if len(w.taken) != 1 || w.taken[0] != w.file.Catalogue().Digest || len(before.Projects) != 1 {
		t.Errorf("taken: %v; before: %+v", w.taken, before)
	}
	w.put(two) // the same content in another file
	if said := w.tick(); said != "" || len(w.taken) != 1 {
		t.Errorf("%s %v", said, w.taken)
	}
	w.put(one)
	if w.tick(); len(w.taken) != 2 {
		t.Errorf("back again: %v", w.taken)
	}
	w.projects(1)
}

// Mistakes are logged once, a line each, and the last good catalogue stays.
func TestMistakesLater(t *testing.T) {
	w := watch(t, two)
	w.put(bad)
	said := w.tick()
	path := filepath.Join(w.dir, "c.yaml")
	if strings.Count(said, "level=WARN") != 2 || !strings.Contains(said, `msg="`+path+`:2: A project needs name`) || !strings.Contains(said, `msg="`+path+`:3: id: Use digits`) {
		t.Errorf("%s", said)
	}
	w.projects(2)
	if said := w.tick(); said != "" {
		t.Errorf("again: %s", said)
	}
	if said := w.ask(); strings.Count(said, "level=WARN") != 2 {
		t.Errorf("when asked for: %s", said)
	}
	w.put(bad + "# more\n")
	if said := w.tick(); strings.Count(said, "level=WARN") != 2 {
		t.Errorf("other mistakes: %s", said)
	}
	w.put(two) // as it was
	if said := w.tick(); said != "" {
		t.Errorf("%s", said)
	}
	w.put(bad + "# more\n")
	if said := w.tick(); strings.Count(said, "level=WARN") != 2 {
		t.Errorf("mistakes that were away in between: %s", said)
	}
	if err := os.Remove(filepath.Join(w.dir, "..data")); err != nil {
		t.Fatal(err)
	}
	if said := w.tick(); strings.Count(said, "level=WARN") != 1 || !strings.Contains(said, "cannot be read") {
		t.Errorf("no file: %s", said)
	}
	w.projects(2)
	w.put(one)
	if said := w.tick(); said != "" {
		t.Errorf("%s", said)
	}
	w.projects(1)
	if len(w.taken) != 1 {
		t.Errorf("taken: %v", w.taken)
	}
}

// Somebody who asks gets an answer.
func TestAskedFor(t *testing.T) {
	w := watch(t, one)
	if said := w.ask(); !strings.Contains(said, "has not changed") {
		t.Errorf("%s", said)
	}
	w.put(two)
	if said := w.ask(); said != "" {
		t.Errorf("%s", said)
	}
	w.projects(2)
}

// What the audit trail does not take is not in use, and is tried again.
func TestNotTaken(t *testing.T) {
	w := watch(t, one)
	w.put(two)
	w.fails = errors.New("the database is away")
	if said := w.tick(); !strings.Contains(said, "level=WARN") || !strings.Contains(said, "the database is away") {
		t.Errorf("%s", said)
	}
	w.projects(1)
	w.fails = nil
	if said := w.tick(); said != "" || len(w.taken) != 1 {
		t.Errorf("%s %v", said, w.taken)
	}
	w.projects(2)
}

// At the start there is no last good one.
func TestOpen(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "c.yaml")
	var mistakes catalogue.Mistakes
	if _, err := catalogue.Open(path, rules()); err == nil || errors.As(err, &mistakes) || !errors.Is(err, os.ErrNotExist) {
		t.Errorf("no file: %v", err)
	}
	if err := os.WriteFile(path, []byte(bad), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := catalogue.Open(path, rules()); !errors.As(err, &mistakes) || len(mistakes) != 2 || mistakes[0].File != path {
		t.Errorf("%v", err)
	}
	var none *catalogue.File
	if none.Catalogue() != nil {
		t.Error("a catalogue without a file")
	}
}
