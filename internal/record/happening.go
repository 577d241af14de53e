package record

import "time"

// Happening is a moment in the history of a name: how a submission of it ended, or what became known of one later.
type Happening struct {
	At           time.Time
	Kind         EventKind // SubmissionEnded, _Settled, _Checked, _Proven or _Renewed
	By           Actor
	SubmissionID string
	Action       Action // of the submission
	Outcome      Outcome
	Proven       bool   // of SubmissionProven: said, not taken back
	RenewBy      string // of SubmissionRenewed: YYYY-MM-DD; empty: never again
}
