package store

import (
	"context"
	"fmt"

	"maiaportal/internal/record"
)

// dueOutcomes are those of secrets that exist, and so can have to be renewed.
const dueOutcomes = `outcome IN ('` + string(record.Created) + `', '` + string(record.ValueStored) + `')`

// Due lists the submissions whose secret has a day by which it is to be renewed, the earliest day first.
func (s *Store) Due(ctx context.Context, of record.Whose, limit int) ([]record.Submission, error) {
	m := due(of)
	m.args = append(m.args, limit)
	rows, err := s.db.submissions(ctx, m.where()+fmt.Sprintf(` ORDER BY renew_by, id LIMIT $%d`, len(m.args)), m.args...)
	if err != nil {
		return nil, err
	}
	list := make([]record.Submission, len(rows))
	for i, r := range rows {
		list[i] = r.Submission
	}
	return list, nil
}

// CountDue counts those whose day is before a day, given as YYYY-MM-DD.
func (s *Store) CountDue(ctx context.Context, of record.Whose, before string) (int, error) {
	m := due(of)
	m.args = append(m.args, before)
	m.add(fmt.Sprintf(`renew_by < $%d`, len(m.args)))
	var n int
	err := s.db.QueryRowContext(ctx, `SELECT COUNT(*) FROM submissions `+m.where(), m.args...).Scan(&n)
	if err != nil {
		return 0, fmt.Errorf("store: due: %w", err)
	}
	return n, nil
}

func due(of record.Whose) *match {
	m := &match{}
	m.add(`renew_by <> '' AND ` + dueOutcomes)
	if !of.All() {
		m.equal("actor_issuer", of.Actor().Issuer)
		m.equal("actor_subject", of.Actor().Subject)
	}
	return m
}
