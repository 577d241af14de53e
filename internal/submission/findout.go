package submission

import (
	"context"
	"errors"
	"time"

	"maiaportal/internal/maiaclient"
	"maiaportal/internal/record"
)

// findOutAfter is how long after its end a reference that Maia does not list counts as not created: a call whose answer
// was lost may still be at work.
const findOutAfter = 2 * time.Minute

// CanFindOut says whether Maia can be asked what became of a submission: of a reference whose end is unknown.
func CanFindOut(r record.Submission) bool {
	return r.Outcome == record.Unknown && (r.Action == record.Reference || r.Action == record.Setup && r.SecretName == "")
}

// CanSettleAfter is when asking can tell that a reference was not created.
func CanSettleAfter(r record.Submission) time.Time { return r.FinishedAt.Add(findOutAfter) }

// FindOut asks Maia, with the user's own token, whether a reference whose end is unknown is there, and records what is
// known then. Where it cannot be told, the end stays unknown. The error is ErrLogin or ErrNoToken where the user has to
// log in again, or that of the database.
func (s *Service) FindOut(ctx context.Context, by record.By, tokens Delegation, r record.Submission) error {
	if !CanFindOut(r) {
		return nil
	}
	if !s.mayAsk(by.Actor.Key()) {
		return nil // the receipt that is shown again has what the other question finds
	}
	defer s.asked(by.Actor.Key())
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), s.o.Timeout)
	defer cancel()
	asked := s.o.Now()
	there, whole, err := s.hasReference(ctx, tokens, r)
	switch {
	case errors.Is(err, ErrNoToken):
		return err
	case errors.Is(err, ErrLogin), errors.Is(err, maiaclient.ErrUnauthenticated):
		return errors.Join(ErrLogin, err)
	case errors.Is(err, ErrProviderAway), errors.Is(err, maiaclient.ErrNotSent):
		return nil // nobody was asked
	}
	found := record.Unknown
	switch {
	case err != nil: // whatever it is, it tells nothing of the reference
	case there:
		found = record.Created
	case whole && asked.After(CanSettleAfter(r)):
		found = record.Failed
	}
	writing, done := context.WithTimeout(context.WithoutCancel(ctx), recordTime)
	defer done()
	return s.o.Records.Check(writing, r.ID, found, by)
}

// mayAsk says whether a user may ask now: one question at a time, since each can be many calls.
func (s *Service) mayAsk(user string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.asking[user] {
		return false
	}
	s.asking[user] = true
	return true
}

func (s *Service) asked(user string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.asking, user)
}

// hasReference asks with the token at hand, and once more with a renewed one.
func (s *Service) hasReference(ctx context.Context, tokens Delegation,
	r record.Submission) (there, whole bool, err error) {
	token, err := tokens.Token(ctx)
	if err != nil {
		return false, false, err
	}
	there, whole, err = s.o.Maia.HasReference(ctx, token, r.ProjectID, r.Name)
	if !errors.Is(err, maiaclient.ErrUnauthenticated) {
		return there, whole, err
	}
	if token, err = tokens.Renew(ctx, token); err != nil {
		return false, false, err
	}
	return s.o.Maia.HasReference(ctx, token, r.ProjectID, r.Name)
}
