package main

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"maiaportal/internal/record"
	"maiaportal/internal/sandbox/fault"
	"maiaportal/internal/store"
	"maiaportal/internal/store/pgtest"
)

// S-46: a database that goes away during the call, for longer than anybody waits, and comes back, loses no
// outcome that is known: the answer says what Maia said, the receipt shows it, and the record gets it.
func TestDatabaseAwayDuringTheCall(t *testing.T) {
	t.Parallel()
	cluster := pgtest.New(t)
	r := newRig(t, "DATABASE_URL", cluster.URL())
	b := r.browser()
	b.login("ada", "/")
	form := b.reference("KEPT", "agentType", "AWS", "secretName", "s")
	hold := make(chan struct{})
	r.sb.Maia.SetFault(&fault.Fault{Hold: hold})
	answer := make(chan page, 1)
	go func() { answer <- b.send("/secret-references", form) }()
	if err := r.sb.Maia.WaitForCall(t.Context(), 1); err != nil {
		t.Fatal(err)
	}
	cluster.Stop(t)
	close(hold)
	p := <-answer
	receipt := ""
	for n := range p.doc().Descendants() {
		if to := attr(n, "href"); strings.HasPrefix(to, "/activity/") {
			receipt = to
		}
	}
	if p.status != http.StatusServiceUnavailable || !strings.Contains(p.text(), "Maia said that it was created") || receipt == "" {
		t.Fatalf("%d, receipt %q: %s", p.status, receipt, p.text())
	}
	cluster.Start(t)
	// The pool finds its way back by itself; what it answers until then is no receipt.
	deadline := time.Now().Add(time.Minute)
	p = b.get(receipt)
	for p.status == http.StatusServiceUnavailable && time.Now().Before(deadline) {
		p = b.get(receipt)
	}
	if p.status != http.StatusOK || !strings.Contains(p.text(), "KEPT was created") || p.header.Get("Refresh") != "" {
		t.Errorf("the receipt: %d, Refresh %q: %s", p.status, p.header.Get("Refresh"), p.text())
	}
	r.stop()
	st := must(store.Open(cluster.URL(), time.Now))
	defer func() { _ = st.Close() }()
	list := must(st.Submissions(t.Context(), record.Query{Of: record.Everyone, Limit: 10}))
	if len(list) != 1 || list[0].Outcome != "created" || list[0].Status != http.StatusCreated {
		t.Errorf("recorded: %+v", list)
	}
	if n := len(r.sb.Maia.WriteCalls()); n != 1 {
		t.Errorf("%d calls to Maia", n)
	}
}
