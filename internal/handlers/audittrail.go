package handlers

import (
	"bytes"
	"context"
	"fmt"

	"github.com/labstack/echo/v4"

	"maiaportal/internal/audit"
	"maiaportal/internal/auth"
	"maiaportal/internal/record"
)

// auditTrail sends the audit trail to an auditor, as lines of JSON: the events that are there when it begins.
func (h *Handlers) auditTrail(c echo.Context, s *auth.Session) error {
	if !h.Policy.Audits(s.Login.Groups) {
		return echo.ErrNotFound
	}
	f, err := readFilter(c, true, h.dates().zone, "from", "to")
	if err != nil {
		return err
	}
	var left record.Range // what is still to be sent
	var counted, sent int64
	return sendExport(h, c, s, listing[record.Stored]{
		what:        "audit.jsonl",
		filters:     f.values().Encode(),
		file:        "audit.jsonl",
		contentType: jsonExport.contentType,
		begin: func(ctx context.Context) (rows int, err error) {
			if left, err = h.Records.EventsBetween(ctx, f.filter.From, f.filter.To); err != nil {
				return 0, err
			}
			counted, err = h.Records.CountEvents(ctx, left)
			return int(counted), err
		},
		next: func(ctx context.Context) ([]record.Stored, bool, error) {
			batch, err := h.Records.EventBatch(ctx, left)
			if err != nil {
				return nil, false, err
			}
			sent += int64(len(batch))
			if len(batch) > 0 && batch[len(batch)-1].Seq < left.Last {
				left.First = batch[len(batch)-1].Seq + 1
				return batch, true, nil
			}
			if sent != counted {
				return nil, false, fmt.Errorf("%d of %d events were left", sent, counted)
			}
			return batch, false, nil
		},
		row: func(to *bytes.Buffer, e record.Stored) {
			to.Write(audit.AppendLine(to.AvailableBuffer(), e))
		},
	})
}
