package form

import (
	"testing"

	"maiaportal/internal/secret/secrettest"
)

// S-40: whatever prints, logs or encodes a body shows no secret, nor the buffer that it lies in.
func TestABodyShowsNoSecret(t *testing.T) {
	const body = "name=n&valueText=canary-1&pairValue=canary-2&x=canary-3"
	b, err := table.Read(post(urlEncoded, body, int64(len(body)))) // with its length: a small buffer
	if err != nil {
		t.Fatal(err)
	}
	secrettest.Hidden(t, map[string]string{"one": "canary-1", "another": "canary-2", "of no field": "canary-3"}, *b, b)
}
