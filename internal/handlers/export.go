package handlers

import (
	"bytes"
	"context"
	"encoding/json"
	"strconv"
	"strings"
	"time"

	"github.com/labstack/echo/v4"

	"maiaportal/internal/auth"
	"maiaportal/internal/record"
)

// exportBatch is how many rows are read at a time.
const exportBatch = 500

// exportFormat is how rows are written.
type exportFormat struct {
	name        string // the end of the file's name
	contentType string
	head        func(to *bytes.Buffer, columns []string)
	row         func(to *bytes.Buffer, columns []column)
}

// column is a cell of an export with its name.
type column struct {
	name, value string
	number      bool // value is empty or a number
}

// exportColumns are those of a record, in the order in which all exports have them.
func exportColumns(r record.Submission) []column {
	list := []column{
		{name: "id", value: r.ID},
		{name: "time", value: exportTime(r.CreatedAt)},
		{name: "actor_issuer", value: r.Actor.Issuer},
		{name: "actor_subject", value: r.Actor.Subject},
		{name: "actor_name", value: r.Actor.Name},
		{name: "action", value: string(r.Action)},
		{name: "project_id", value: r.ProjectID},
		{name: "project_name", value: r.ProjectName},
		{name: "agent_id", value: r.AgentID},
		{name: "agent_name", value: r.AgentName},
		{name: "agent_type", value: r.AgentType},
		{name: "name", value: r.Name},
		{name: "secret_name", value: r.SecretName},
		{name: "secret_key", value: r.SecretKey},
		{name: "vault_name", value: r.VaultName},
		{name: "type", value: r.Type},
		{name: "ticket", value: r.Ticket},
		{name: "renew_by", value: r.RenewBy},
		{name: "outcome", value: string(r.Outcome)},
		{name: "status", number: true},
		{name: "proven_at", value: exportTime(r.ProvenAt)},
		{name: "request_id", value: r.RequestID},
	}
	for i := range list {
		if list[i].name == "status" && r.Status != 0 {
			list[i].value = strconv.Itoa(r.Status)
		}
	}
	return list
}

// exportTime is a time for programs (RFC 3339, UTC, with milliseconds); empty for none.
func exportTime(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format("2006-01-02T15:04:05.000Z")
}

var csvExport = exportFormat{
	name:        "csv",
	contentType: "text/csv; charset=utf-8; header=present",
	head: func(to *bytes.Buffer, columns []string) {
		csvLine(to, columns)
	},
	row: func(to *bytes.Buffer, columns []column) {
		cells := make([]string, len(columns))
		for i, c := range columns {
			cells[i] = harmless(c.value)
		}
		csvLine(to, cells)
	},
}

// csvLine writes a line as RFC 4180 has it. What is in a cell stays as it is: encoding/csv would drop carriage returns.
func csvLine(to *bytes.Buffer, cells []string) {
	for i, cell := range cells {
		if i > 0 {
			to.WriteByte(',')
		}
		if strings.ContainsAny(cell, "\",\r\n") {
			cell = `"` + strings.ReplaceAll(cell, `"`, `""`) + `"`
		}
		to.WriteString(cell)
	}
	to.WriteString("\r\n")
}

// harmless keeps spreadsheets from taking a cell for a formula.
func harmless(cell string) string {
	if cell != "" && strings.ContainsRune("=+-@\t\r", rune(cell[0])) {
		return "'" + cell
	}
	return cell
}

var jsonExport = exportFormat{
	name:        "jsonl",
	contentType: "application/jsonl; charset=utf-8",
	head:        func(*bytes.Buffer, []string) {},
	row: func(to *bytes.Buffer, columns []column) {
		for i, c := range columns {
			to.WriteByte("{,"[min(i, 1)])
			writeJSON(to, c.name)
			to.WriteByte(':')
			switch {
			case !c.number:
				writeJSON(to, c.value)
			case c.value == "":
				to.WriteString("null")
			default:
				to.WriteString(c.value)
			}
		}
		to.WriteString("}\n")
	},
}

// writeJSON writes a string. It cannot fail.
func writeJSON(to *bytes.Buffer, text string) {
	quoted, err := json.Marshal(text)
	if err != nil {
		panic(err)
	}
	to.Write(quoted)
}

// export sends the list whole, with the filters of the page: the entries that are there when it begins.
func (h *Handlers) export(f exportFormat) func(echo.Context, *auth.Session) error {
	return func(c echo.Context, s *auth.Session) error {
		filter, err := readFilter(c, h.Policy.Audits(s.Login.Groups), h.dates().zone)
		if err != nil {
			return err
		}
		q := record.Query{
			Of:     h.whose(s),
			Limit:  exportBatch,
			Filter: filter.filter,
		}
		return sendExport(h, c, s, listing[record.Submission]{
			what:        "activity",
			filters:     filter.values().Encode(),
			file:        "activity-" + h.dates().today() + "." + f.name,
			contentType: f.contentType,
			head: func(to *bytes.Buffer) {
				var names []string
				for _, col := range exportColumns(record.Submission{}) {
					names = append(names, col.name)
				}
				f.head(to, names)
			},
			begin: func(ctx context.Context) (rows int, err error) {
				q.Newest, rows, err = h.Records.Extent(ctx, q)
				return rows, err
			},
			next: func(ctx context.Context) ([]record.Submission, bool, error) {
				if q.Newest == "" {
					return nil, false, nil // there were none, and what came since is not meant
				}
				page, err := h.Records.Page(ctx, q)
				q.Before = page.Next
				return page.List, page.Next != "", err
			},
			row: func(to *bytes.Buffer, r record.Submission) {
				r, _ = h.Submissions.Known(r)
				f.row(to, exportColumns(r))
			},
		})
	}
}
