package store

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"reflect"
	"slices"
	"sync"
	"testing"
	"time"

	"maiaportal/internal/audit"
	"maiaportal/internal/audit/audittest"
	"maiaportal/internal/record"
)

// lived is a submission as the process that has it under way goes through it.
type lived struct {
	record.Submission
	step  record.Step
	ended bool
}

// next does one thing that may happen to a submission, on one of the replicas. It is nil where it is over.
func (l *lived) next(t *testing.T, s *Store, rng *rand.Rand) *lived {
	ctx := t.Context()
	by := record.By{Actor: l.Actor, ClientAddress: "::2", RequestID: "later"}
	late := func(err error) *lived {
		if err != nil && !errors.Is(err, ErrNotFound) { // it was settled meanwhile
			t.Error(err)
		}
		return l
	}
	if l.ended {
		switch rng.IntN(5) {
		case 0:
			return late(s.Prove(ctx, l.ID, rng.IntN(2) == 0, by))
		case 1:
			return late(s.Renew(ctx, l.ID, []string{"", "2027-02-03"}[rng.IntN(2)], by))
		case 2:
			return late(s.Check(ctx, l.ID, []record.Outcome{record.Unknown, record.Created, record.Failed}[rng.IntN(3)], by))
		}
		return nil
	}
	end := func(outcome record.Outcome, status int) *lived {
		l.ended = true
		l.Outcome, l.Status = outcome, status
		if l.step.Number == 0 {
			l.Sent = false
			return late(s.EndSubmission(ctx, l.Submission, nil))
		}
		done := l.step
		done.Outcome, done.Status = outcome, status
		l.Sent = true
		return late(s.EndSubmission(ctx, l.Submission, &done))
	}
	switch n := rng.IntN(10); {
	case n == 0: // its process is killed: others settle what it has left
		l.ended = true
		_, err := s.settleHolder(ctx, l.Holder)
		return late(err)
	case n == 1 && l.step.Number == 0:
		return end(record.Failed, 0)
	case l.step.Number == 0:
		l.step = record.Step{Number: 1, Call: record.CreateReference, Sent: true, Outcome: record.Pending}
		if l.Action != record.Reference {
			l.step.Call = record.StoreValue
		}
		return late(s.BeginCall(ctx, l.Submission, nil, l.step))
	case n < 4 && l.Action == record.Setup && l.step.Number == 1:
		stored := l.step
		stored.Outcome, stored.Status = record.Created, 201
		stored.Answer = record.Answer{VaultSecretName: "vault of " + l.Name, ResolverRef: "ref", AnswerPartial: n == 3}
		l.Answer = stored.Answer
		l.step = record.Step{Number: 2, Call: record.CreateReference, Sent: true, Outcome: record.Pending}
		return late(s.BeginCall(ctx, l.Submission, &stored, l.step))
	case n == 4:
		refused := l.step
		refused.Outcome, refused.Status = record.Unauthenticated, 401
		return late(s.BeginCall(ctx, l.Submission, &refused, l.step))
	case n < 7:
		return end(record.Created, 201)
	case n == 7:
		return end(record.Conflict, 409)
	case n == 8:
		return end(record.Unknown, 0)
	}
	return end(record.Rejected, 422)
}

// Whatever happens, on two replicas at once: one chain without gaps, and each record can be made again from its events.
func testRecordsFromEvents(t *testing.T, address string) {
	c := newClock()
	replicas := []*Store{migrated(t, address, c), open(t, address, c)}
	const workers, rounds = 6, 40
	underWay := make([]*lived, workers)
	rngs := make([]*rand.Rand, workers)
	for w := range workers {
		rngs[w] = rand.New(rand.NewPCG(7, uint64(w)))
	}
	for round := range rounds {
		var wg sync.WaitGroup
		for w := range workers {
			wg.Go(func() {
				rng, s := rngs[w], replicas[rngs[w].IntN(2)]
				if underWay[w] != nil {
					underWay[w] = underWay[w].next(t, s, rng)
					return
				}
				r := intent(c, fmt.Sprint("token ", w, " ", round), 1)
				r.Holder = fmt.Sprint("holder ", w, " ", round)
				r.Action = []record.Action{record.Reference, record.Value, record.Setup}[rng.IntN(3)]
				r.Name = fmt.Sprint("name ", rng.IntN(3)) // so that later ones settle earlier ones
				r.RenewBy = []string{"", "2027-01-01"}[rng.IntN(2)]
				r.Actor.Subject = []string{"ann", "bob"}[rng.IntN(2)]
				begun, _, err := s.BeginSubmission(t.Context(), r, record.Begin{})
				if !begun || err != nil {
					t.Error(begun, err)
				}
				underWay[w] = &lived{Submission: r}
			})
		}
		wg.Wait()
		c.add(time.Second)
	}
	list := entries(t, replicas[0], audit.NewChain(nil))
	events := make([]record.Stored, len(list))
	for i, e := range list {
		events[i] = record.Stored{Event: e.Event, DetailsText: e.details}
	}
	records := audittest.Records(t, events)
	rows := must[[]record.Submission](t)(replicas[1].Submissions(t.Context(), record.Query{Of: record.Everyone, Limit: 1000}))
	want(t, "records", len(records), len(rows))
	seen := map[record.EventKind]int{}
	for _, e := range list {
		seen[e.Kind]++
	}
	for _, kind := range []record.EventKind{
		record.SubmissionStarted, record.CallStarted, record.CallEnded, record.SubmissionEnded,
		record.SubmissionSettled, record.SubmissionChecked, record.SubmissionProven, record.SubmissionRenewed,
	} {
		if seen[kind] == 0 {
			t.Errorf("nothing has tried %s", kind)
		}
	}
	for _, row := range rows {
		kept := must[record.Submission](t)(replicas[1].SubmissionByID(t.Context(), row.ID))
		kept.FormToken, kept.Fingerprint, kept.Holder = "", nil, ""
		again := *records[row.ID]
		if !reflect.DeepEqual(again, kept) {
			i := slices.IndexFunc(list, func(e entry) bool { return e.SubmissionID == row.ID })
			t.Errorf("from events %+v\nkept %+v\nevents from %s", again, kept, list[i])
		}
	}
}
