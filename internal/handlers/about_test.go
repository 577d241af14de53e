package handlers

import (
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"maiaportal/internal/record"
)

// The page says "this, and nothing else": a field that the record gets must be told there.
func TestAboutTellsAllOfTheRecord(t *testing.T) {
	told := map[string]int{}
	for _, part := range recordParts {
		for _, f := range part.fields {
			told[f]++
		}
	}
	entered, _ := reflect.TypeFor[record.Submission]().FieldByName("Fields")
	for _, f := range reflect.VisibleFields(reflect.TypeFor[record.Submission]()) {
		if len(f.Index) > 1 && f.Index[0] == entered.Index[0] {
			continue // the form's own fields are told by their table, see below
		}
		if f.Anonymous && f.Name != "Fields" {
			continue // its own fields are in the list
		}
		if told[f.Name] != 1 {
			t.Errorf("%s is in %d lines of recordParts, want one", f.Name, told[f.Name])
		}
		delete(told, f.Name)
	}
	for f := range told {
		t.Errorf("the record has no %s", f)
	}
}

// A field that is recorded stands in a form's table, with a label: so the page, the receipt and the link back have it.
func TestFormsHaveAllRecordedFields(t *testing.T) {
	for _, column := range record.FieldList {
		var found []string
		for _, f := range forms {
			for _, d := range f.recorded() {
				var fields record.Fields
				*d.recorded(&fields) = "x"
				if *column.In(&fields) == "x" {
					found = append(found, d.factLabel())
				}
			}
		}
		if column.Column == "project_name" || column.Column == "agent_name" {
			continue // nobody enters them; a sentence of its own tells them
		}
		if len(found) == 0 || slices.Contains(found, "") {
			t.Errorf("%s is in the forms as %q", column.Column, found)
		}
		for _, label := range found {
			if !strings.Contains(enteredWords(), strings.ToLower(label)) {
				t.Errorf("%s is not on the page: %s", label, enteredWords())
			}
		}
	}
}

// Each action has a form, and each form says all that there is to say.
func TestFormsHaveAllTheirWords(t *testing.T) {
	for _, action := range []record.Action{record.Reference, record.Value} {
		if formOf(action).action != action {
			t.Errorf("no form for %s", action)
		}
	}
	for _, f := range forms {
		for _, v := range []reflect.Value{reflect.ValueOf(f), reflect.ValueOf(f.words)} {
			for i := range v.NumField() {
				if name := v.Type().Field(i).Name; v.Field(i).IsZero() && name != "later" && name != "valueFor" {
					t.Errorf("%s says no %s", f.page, v.Type().Field(i).Name)
				}
			}
		}
		if _, ok := f.field(f.names); !ok {
			t.Errorf("%s is named by no field", f.page)
		}
	}
}

// While two versions run, one may see what only the other can make.
func TestReceiptOfAnUnknownAction(t *testing.T) {
	for _, outcome := range []record.Outcome{record.Pending, record.Created, record.Unknown, record.Rejected} {
		r := record.Submission{Action: "newer", Outcome: outcome, Fields: record.Fields{Name: "N"}}
		m := receiptView(dates{zone: time.UTC, now: time.Now}, r, true, "")
		if !strings.HasPrefix(m.Heading, "The submission N ") {
			t.Errorf("%s: %+v", outcome, m)
		}
	}
}

// A link to a form like this one has what stays, and not what has to be new.
func TestLinkToAFormLikeThis(t *testing.T) {
	r := record.Submission{
		Action: record.Setup,
		Fields: record.Fields{
			ProjectID:  "project",
			AgentID:    "agent",
			AgentType:  "AWS",
			Name:       "OLD",
			SecretName: "old/name",
			SecretKey:  "password",
			Ticket:     "CHG-1",
			RenewBy:    "2030-01-31",
		},
	}
	link := setupForm.likeThis(r)
	for _, gone := range []string{"OLD", "old", "CHG-1", "2030"} {
		if strings.Contains(link, gone) {
			t.Errorf("%s is in %s", gone, link)
		}
	}
	for _, kept := range []string{"for=%2Fsetup", "projectId=project", "agentId=agent", "agentType=AWS", "key=password"} {
		if !strings.Contains(link, kept) {
			t.Errorf("no %s in %s", kept, link)
		}
	}
}

func TestLifeWords(t *testing.T) {
	for d, want := range map[time.Duration]string{
		30 * time.Minute: "30 minutes", 8 * time.Hour: "8 hours", time.Hour: "one hour", 90 * time.Minute: "90 minutes",
		45 * time.Second: "45 seconds", 1500 * time.Millisecond: "1.5s", 24 * time.Hour: "24 hours",
	} {
		if got := lifeWords(d); got != want {
			t.Errorf("%v is %q, want %q", d, got, want)
		}
	}
}
