package catalogue

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"maiaportal/internal/maiaclient"
)

const (
	// listsWait is how long a form waits for its lists: a comfort must not hold up the job.
	listsWait = 1500 * time.Millisecond
	// fetchTime bounds the fetch of one list, which goes on when nobody waits for it any longer. Each list has its own
	// time: one that never comes must not take the other one along.
	fetchTime = 20 * time.Second
	// listsFresh is how long a list is used before it is asked for again.
	listsFresh = time.Minute
	// listsNow is how old a list may be where the present counts.
	listsNow = 5 * time.Second
	// listsAgain is how long after a failure it is asked for again.
	listsAgain = 10 * time.Second
	// ListsKept is how long a list is shown that could not be had again since.
	ListsKept = 10 * time.Minute
	// listsUsers is for how many users lists are remembered.
	listsUsers = 1000
	// listsEntries is how many entries are remembered for all users together: some tens of megabytes. The lists of the
	// user who asks count in any case.
	listsEntries = 100_000
)

// Source are the calls that the lists come from.
type Source interface {
	Projects(ctx context.Context, token string) ([]maiaclient.Project, error)
	Agents(ctx context.Context, token string) ([]maiaclient.Agent, error)
}

// Lists are what Maia lists for one user.
type Lists struct {
	Projects []maiaclient.Project
	Agents   []maiaclient.Agent
	// ProjectsKnown and AgentsKnown tell a list that has no entries from one that could not be had.
	ProjectsKnown bool
	AgentsKnown   bool
	// ProjectsWhy and AgentsWhy say why a list that is not known could not be had.
	ProjectsWhy Why
	AgentsWhy   Why

	projects fingerprint
	agents   fingerprint
}

// fingerprint tells lists apart by what is in them. It is one that cannot be forged: users choose the names of what
// Maia lists, and see lists of their own.
type fingerprint [sha256.Size]byte

// Version tells what Maia listed from anything else that it lists, for this user or another one.
type Version struct {
	projects      fingerprint
	agents        fingerprint
	projectsKnown bool
	agentsKnown   bool
	projectsWhy   Why
	agentsWhy     Why
}

// Version is the same for lists that are the same. What an operators' catalogue offers instead is not in it.
func (l Lists) Version() Version {
	return Version{
		projects:      l.projects,
		agents:        l.agents,
		projectsKnown: l.ProjectsKnown,
		agentsKnown:   l.AgentsKnown,
		projectsWhy:   l.ProjectsWhy,
		agentsWhy:     l.AgentsWhy,
	}
}

// Why is the reason for which a list could not be had.
type Why string

// The reasons that there are.
const (
	Had     Why = ""        // it could be had
	Slow    Why = "slow"    // Maia has not answered yet
	Refused Why = "refused" // Maia does not give it to this user
	Failed  Why = "failed"  // Maia could not be asked, or failed
)

// whyOf says why a list was not given.
func whyOf(err error) Why {
	switch {
	case err == nil:
		return Had
	case errors.Is(err, maiaclient.ErrForbidden),
		errors.Is(err, maiaclient.ErrUnauthenticated),
		errors.Is(err, maiaclient.ErrNotFound):
		return Refused
	}
	return Failed
}

// Directory remembers the lists of each user. It may be used by many goroutines at once.
type Directory struct {
	Source Source
	Log    *slog.Logger
	Now    func() time.Time

	mu    sync.Mutex
	users map[string]*entry
}

// entry is what is known for one user. The Directory's lock guards it.
type entry struct {
	projects listing[maiaclient.Project]
	agents   listing[maiaclient.Agent]
	flight   chan struct{} // closed when the fetch under way has ended; nil: none is
	began    time.Time     // when that fetch began
	used     time.Time
}

// listing is one list, and when it was had.
type listing[T any] struct {
	items       []T
	fingerprint fingerprint // of the items
	had         time.Time   // zero: never
	failed      time.Time   // zero: not since it was had
	why         Why         // for which it failed
	stale       bool        // somebody wants it anew, however young it is
}

// due says whether a list is to be asked for.
func (l listing[T]) due(now time.Time) bool {
	if !l.failed.IsZero() {
		return now.Sub(l.failed) >= listsAgain
	}
	return l.stale || l.had.IsZero() || now.Sub(l.had) >= listsFresh
}

// known says whether a list can be shown.
func (l listing[T]) known(now time.Time) bool { return !l.had.IsZero() && now.Sub(l.had) < ListsKept }

// reason says why a list cannot be shown.
func (l listing[T]) reason(now time.Time) Why {
	switch {
	case l.known(now):
		return Had
	case l.failed.IsZero():
		return Slow
	}
	return l.why
}

// take notes how asking for a list ended. One that failed leaves what was known before.
func (l *listing[T]) take(items []T, err error, now time.Time) {
	if err != nil {
		l.failed = now
		l.why = whyOf(err)
		return
	}
	*l = listing[T]{items: items, fingerprint: fingerprintOf(items), had: now}
}

func fingerprintOf[T any](items []T) fingerprint {
	sum := sha256.New()
	_ = json.NewEncoder(sum).Encode(items) // neither strings nor a hash can fail
	return fingerprint(sum.Sum(nil))
}

// For gives the lists of a user, as far as they can be had in a short while. token gives the user's own
// delegated token. One fetch is under way for a user at a time, over all pages that ask for one; it
// belongs to none of them, so that a browser that leaves costs the others nothing (S-62). The short while counts from
// its beginning: a page that asks for lists again, or the next page, does not wait for a slow Maia once more.
func (d *Directory) For(ctx context.Context, user string, token func(context.Context) (string, error)) Lists {
	d.mu.Lock()
	e := d.entry(user)
	if e.flight == nil && (e.projects.due(d.Now()) || e.agents.due(d.Now())) {
		e.flight = make(chan struct{})
		e.began = d.Now()
		go d.fetch(context.WithoutCancel(ctx), e, token)
	}
	flight := e.flight
	left := listsWait - d.Now().Sub(e.began)
	d.mu.Unlock()
	if flight != nil {
		patience := time.NewTimer(min(left, listsWait))
		defer patience.Stop()
		select {
		case <-flight:
		case <-patience.C:
		case <-ctx.Done():
		}
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	return e.lists(d.Now())
}

// Agent gives an agent as the last list that this user was shown had it. Maia is not asked.
func (d *Directory) Agent(user, id string) (maiaclient.Agent, bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if e := d.users[user]; e != nil {
		for _, a := range e.agents.items { // however old: filling in a form may take long
			if a.ID == id {
				return a, true
			}
		}
	}
	return maiaclient.Agent{}, false
}

// AgentNow gives an agent as Maia lists it now: the list is asked for again where it is more than a few seconds old.
// Where that cannot be done in a short while, nothing is known of it.
func (d *Directory) AgentNow(ctx context.Context, user, id string,
	token func(context.Context) (string, error)) (maiaclient.Agent, bool) {
	d.mu.Lock()
	e := d.entry(user)
	if d.Now().Sub(e.agents.had) >= listsNow {
		e.agents.stale = true
	}
	d.mu.Unlock()
	d.For(ctx, user, token)
	d.mu.Lock()
	fresh := d.Now().Sub(e.agents.had) < listsFresh && !e.agents.stale && e.agents.failed.IsZero()
	d.mu.Unlock()
	if !fresh {
		return maiaclient.Agent{}, false
	}
	return d.Agent(user, id)
}

// Project gives a project as the last list that this user was shown had it. Maia is not asked.
func (d *Directory) Project(user, id string) (maiaclient.Project, bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if e := d.users[user]; e != nil {
		for _, p := range e.projects.items {
			if p.ID == id {
				return p, true
			}
		}
	}
	return maiaclient.Project{}, false
}

// fetch asks for what is due: one list after the other, because Maia limits bursts.
func (d *Directory) fetch(ctx context.Context, e *entry, token func(context.Context) (string, error)) {
	d.mu.Lock()
	projects := e.projects.due(d.Now())
	agents := e.agents.due(d.Now())
	d.mu.Unlock()
	defer func() {
		d.mu.Lock()
		defer d.mu.Unlock()
		close(e.flight)
		e.flight = nil
		d.bound(e)
	}()
	bearer, err := d.bearer(ctx, token)
	if projects {
		ask(ctx, d, &e.projects, err, func(ctx context.Context) ([]maiaclient.Project, error) {
			return d.Source.Projects(ctx, bearer)
		})
	}
	if agents {
		ask(ctx, d, &e.agents, err, func(ctx context.Context) ([]maiaclient.Agent, error) {
			return d.Source.Agents(ctx, bearer)
		})
	}
}

// bound forgets the users who were not seen for longest until what is kept is few enough. keep stays. The caller holds
// the lock.
func (d *Directory) bound(keep *entry) {
	total := 0
	for _, e := range d.users {
		total += e.size()
	}
	for total > listsEntries {
		oldest := ""
		for name, e := range d.users {
			if e != keep && e.size() > 0 && (oldest == "" || e.used.Before(d.users[oldest].used)) {
				oldest = name
			}
		}
		if oldest == "" {
			return
		}
		total -= d.users[oldest].size()
		delete(d.users, oldest)
	}
}

// size is how many entries are kept for a user.
func (e *entry) size() int { return len(e.projects.items) + len(e.agents.items) }

// bearer gets the token. No request is there to recover from its panic (S-43).
func (d *Directory) bearer(ctx context.Context,
	token func(context.Context) (string, error)) (bearer string, err error) {
	ctx, cancel := context.WithTimeout(ctx, fetchTime)
	defer cancel()
	defer func() {
		if v := recover(); v != nil {
			d.panicked(v)
			err = errPanic
		}
	}()
	return token(ctx)
}

// panicked notes the kind of a panic. Its text may quote what was in hand.
func (d *Directory) panicked(v any) {
	d.Log.Error("catalogue: panic", "kind", fmt.Sprintf("%T", v))
}

// ask makes one call, unless there is no token for it, and notes how it ended.
func ask[T any](ctx context.Context, d *Directory, l *listing[T], noToken error,
	call func(context.Context) ([]T, error)) {
	ctx, cancel := context.WithTimeout(ctx, fetchTime)
	defer cancel()
	var items []T
	err := errPanic // unless the call returns
	defer func() {
		if v := recover(); v != nil {
			d.panicked(v)
		}
		d.mu.Lock()
		defer d.mu.Unlock()
		l.take(items, err, d.Now())
	}()
	if noToken != nil {
		err = noToken
		return
	}
	items, err = call(ctx)
}

var errPanic = errors.New("catalogue: panic")

func (e *entry) lists(now time.Time) Lists {
	l := Lists{ProjectsWhy: e.projects.reason(now), AgentsWhy: e.agents.reason(now)}
	if l.ProjectsKnown = e.projects.known(now); l.ProjectsKnown {
		l.Projects = e.projects.items
		l.projects = e.projects.fingerprint
	}
	if l.AgentsKnown = e.agents.known(now); l.AgentsKnown {
		l.Agents = e.agents.items
		l.agents = e.agents.fingerprint
	}
	return l
}

// entry gives a user's entry. Where there are too many, the one that was not used for longest goes. The
// caller holds the lock.
func (d *Directory) entry(user string) *entry {
	e := d.users[user]
	if e == nil {
		if d.users == nil {
			d.users = map[string]*entry{}
		}
		if len(d.users) >= listsUsers {
			oldest := ""
			for name, other := range d.users {
				if oldest == "" || other.used.Before(d.users[oldest].used) {
					oldest = name
				}
			}
			delete(d.users, oldest)
		}
		e = &entry{}
		d.users[user] = e
	}
	e.used = d.Now()
	return e
}
