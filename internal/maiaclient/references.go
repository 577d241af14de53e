package maiaclient

import (
	"context"
	"encoding/json"
	"net/http"
	"net/url"
	"strconv"
)

// maxReferencePages bounds the search for a name: 100 entries a page.
const maxReferencePages = 50

// HasReference asks whether a project has a secret reference of a name, to the letter. complete says that the list was
// read to its end: only then does not finding it mean anything. What the list looks like is documented nowhere; what is
// not understood is an incomplete one. An error is of one of the classes of this package.
func (c *Client) HasReference(ctx context.Context, token, projectID, name string) (found, complete bool, err error) {
	seen := map[string]bool{} // a server that does not know pages repeats the first one
	for page := range maxReferencePages {
		to, err := listReferences.to(url.Values{"page": {strconv.Itoa(page)}, "size": {"100"}}, projectID)
		if err != nil {
			return false, false, err
		}
		a, err := c.call(ctx, to, token, nil)
		if err != nil {
			return false, false, err
		}
		if a.status != http.StatusOK {
			return false, false, readProblem(a.status, a.header, a.body, c.now())
		}
		var got struct {
			Results []struct {
				Name *string `json:"name"`
			} `json:"results"`
			Total *int `json:"total"`
		}
		understood := a.whole && json.Unmarshal(a.body, &got) == nil && got.Total != nil
		for _, r := range got.Results {
			if r.Name == nil {
				understood = false
				continue
			}
			if *r.Name == name {
				return true, true, nil
			}
			seen[*r.Name] = true
		}
		switch {
		case !understood:
			return false, false, nil
		case len(seen) >= *got.Total:
			return false, len(seen) == *got.Total, nil
		case len(got.Results) == 0:
			return false, false, nil
		}
	}
	return false, false, nil
}
