package main

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
)

// A receipt tells what happened to its name: to its user their own entries, to an auditor everybody's, each with a link to
// its receipt.
func TestReceiptTellsTheHistoryOfAName(t *testing.T) {
	r := newRig(t, "ALLOWED_GROUPS", "")
	ada, victor, auditor := r.browser(), r.browser(), r.browser()
	ada.login("ada", "/")
	victor.login("victor", "/")
	auditor.login("audrey", "/")
	submit := func(b *browser, name string) page {
		return b.send("/secret-references", b.reference(name, "agentType", "AWS", "secretName", "s"))
	}
	const heading = "What happened to this name"
	if p := submit(victor, "SHARED"); p.status != http.StatusForbidden {
		t.Fatalf("victor's: %d", p.status)
	}
	created := submit(ada, "SHARED").location()
	if text := ada.get(created).text(); strings.Contains(text, heading) {
		t.Errorf("one end alone is told twice: %s", text)
	}
	if p := ada.sendPlain(created+"/proven", url.Values{"proven": {"on"}}); p.status != http.StatusSeeOther {
		t.Fatalf("proven: %d", p.status)
	}
	if p := submit(ada, "SHARED"); p.status != http.StatusConflict {
		t.Fatalf("the same name: %d", p.status)
	}
	mine := ada.get(created)
	_, told, _ := strings.Cut(mine.text(), heading)
	for _, says := range []string{"Reference: Name taken", "Marked as used by a pipeline", "Reference: Created", "by Ada"} {
		if !strings.Contains(told, says) {
			t.Errorf("ada is not told %q: %s", says, told)
		}
	}
	if strings.Contains(told, "Not allowed") || strings.Contains(told, "Victor") {
		t.Errorf("ada is told of somebody else: %s", told)
	}
	if again := mine.href("Reference: Name taken"); again == created || ada.get(again).status != http.StatusOK {
		t.Errorf("the other entry's link leads to %q", again)
	}
	if all := mine.href("All entries of this name"); !strings.HasPrefix(all, "/activity?name=SHARED&project_id=") {
		t.Errorf("all entries are at %q", all)
	}
	all := auditor.get(created)
	_, told, _ = strings.Cut(all.text(), heading)
	if !strings.Contains(told, "Reference: Not allowed") || !strings.Contains(told, "by Victor") {
		t.Errorf("the auditor is not told of everybody: %s", told)
	}
}
