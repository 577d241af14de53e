package submission

import (
	"context"
	"errors"

	"maiaportal/internal/maiaclient"
	"maiaportal/internal/record"
	"maiaportal/internal/secret/plainjson"
)

// plan is an order that has been checked: what is recorded of it, and the calls that it makes, in their order.
type plan struct {
	record record.Submission  // its action, fields and changes
	object plainjson.Document // empty for a reference that carries no value
	// plain are the order's fields that are not secret.
	plain map[string][]string
	// doubts are what is odd, where the user asked for a check: with any, nothing is sent.
	doubts Doubts
	steps  []step
}

// step is one call of a plan. before has the answers of the steps before it.
type step struct {
	call record.Call
	make func(ctx context.Context, maia Maia, token string, before []record.Answer) (maiaclient.Stored, error)
}

// begins is the record of step i, counted from 0, whose call begins.
func (p plan) begins(i int) record.Step {
	return record.Step{
		Number:  i + 1,
		Call:    p.steps[i].call,
		Sent:    true,
		Outcome: record.Pending,
	}
}

// underWay is an attempt that is recorded and has not ended.
type underWay struct {
	record record.Submission
	step   *record.Step // the call that has begun and whose end is not recorded; nil: none
	open   bool         // false until there is a record, and after its end
	told   bool         // whether the observer has heard of its end
	sent   bool         // whether any call was sent, be it refused and made anew
	stored bool         // whether a step before the one that counts has created something
}

// outcome is how the attempt ended whose last call ended with err.
func (u *underWay) outcome(err error) record.Outcome {
	if err != nil && u.stored {
		return record.ValueStored
	}
	return outcomeOf(err)
}

// calls makes the calls of a plan, one after another, until one is not created. token is the one at hand, empty
// where it has to be asked for.
func (s *Service) calls(ctx context.Context, tokens Delegation, p plan, u *underWay, token string) error {
	var before []record.Answer
	for i := range p.steps {
		if token == "" {
			var err error
			if token, err = tokens.Token(ctx); err != nil {
				return err
			}
		}
		if u.step == nil || u.step.Number != i+1 {
			if err := s.beginCall(ctx, u, p.begins(i)); err != nil {
				return errors.Join(ErrNotRecorded, maiaclient.ErrNotSent, err)
			}
		}
		u.record.Sent = true
		stored, err := p.steps[i].make(ctx, s.o.Maia, token, before)
		if errors.Is(err, maiaclient.ErrUnauthenticated) {
			// Only now is anything sent a second time.
			if token, stored, err = s.secondTry(ctx, tokens, p, u, i, token, before, err); err != nil {
				return s.callEnded(p, u, stored, err)
			}
		}
		if err := s.callEnded(p, u, stored, err); err != nil {
			return err
		}
		before = append(before, u.step.Answer)
		u.stored = i+1 < len(p.steps)
	}
	return nil
}

// secondTry makes a call again with a renewed token, after Maia refused the one at hand.
func (s *Service) secondTry(ctx context.Context, tokens Delegation, p plan, u *underWay, i int, token string,
	before []record.Answer, refused error) (string, maiaclient.Stored, error) {
	renewed, err := tokens.Renew(ctx, token)
	if err == nil {
		// The first try's end goes into the trail before the second one's begin.
		_ = s.callEnded(p, u, maiaclient.Stored{}, refused)
		if err = s.beginCall(ctx, u, p.begins(i)); err != nil {
			err = errors.Join(ErrNotRecorded, err)
		}
	}
	if err != nil {
		// Maia's answer stays the record's status: it is what happened.
		return "", maiaclient.Stored{}, errors.Join(err, refused)
	}
	var problem *maiaclient.Problem
	if errors.As(refused, &problem) {
		problem.Wipe()
	}
	stored, err := p.steps[i].make(ctx, s.o.Maia, renewed, before)
	return renewed, stored, err
}

// beginCall records that a call begins, and the end of the one before it. What cannot be recorded is not sent.
func (s *Service) beginCall(ctx context.Context, u *underWay, begins record.Step) error {
	if err := s.o.Records.BeginCall(ctx, u.record, u.step, begins); err != nil {
		return err
	}
	u.step = &begins
	return nil
}

// callEnded notes how a call ended, in the step and in the record. Its error is that of the call.
func (s *Service) callEnded(p plan, u *underWay, stored maiaclient.Stored, err error) error {
	st := u.step
	st.Outcome = outcomeOf(err)
	st.Sent = !errors.Is(err, maiaclient.ErrNotSent)
	var problem *maiaclient.Problem
	if errors.As(err, &problem) {
		st.Status = problem.Status
	}
	if err == nil {
		st.Status = created
		st.ResolverRef, st.VaultSecretName = p.names(stored)
		st.AnswerPartial = stored.Partial || st.ResolverRef != stored.ResolverRef ||
			st.VaultSecretName != stored.VaultSecretName
		// What a later step answers does not take away what the earlier one said.
		if st.Answer != (record.Answer{}) {
			u.record.Answer = st.Answer
		}
	}
	if st.Status != 0 || !u.stored {
		u.record.Status = st.Status // Maia's last one
	}
	u.sent = u.sent || st.Sent
	u.record.Sent = u.sent
	return err
}

// created is the status of every call that creates.
const created = 201

// broken ends an attempt in which something panicked, so that its record does not stay under way for ever. The
// panic's text is not logged: it may quote what was in hand.
func (s *Service) broken(req Request, u *underWay) (record.Submission, error) {
	r := u.record
	if !u.open {
		s.o.Log.Error("submission: panic", "request_id", req.RequestID)
		return record.Submission{}, errPanic
	}
	s.o.Log.Error("submission: panic", "request_id", req.RequestID, "submission", r.ID)
	cause := maiaclient.ErrNotSent
	if u.step != nil {
		cause = maiaclient.ErrUnknown
		u.step.Outcome = record.Unknown
		r.Status = u.step.Status
	}
	r.Outcome = u.outcome(cause)
	u.record.Outcome = r.Outcome
	err := s.record(r, u.step)
	s.ended(u)
	if err != nil {
		return record.Submission{}, errors.Join(errPanic, &UnrecordedError{Record: r, cause: err})
	}
	if !r.Outcome.Definite() {
		return r, nil
	}
	return r, &RefusedError{Record: r, cause: cause}
}
