package form

import (
	"bytes"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

// fill repeats a piece up to a size.
func fill(piece string, size int) string { return strings.Repeat(piece, size/len(piece)+1)[:size] }

// strange is a body that looks at the buffers that it is read into.
type strange struct {
	io.Reader
	looks func(p []byte)
}

func (s strange) Read(p []byte) (int, error) {
	s.looks(p)
	return s.Reader.Read(p[:min(len(p), 10_000)])
}

// S-58: a stranger gets room as the bytes come in, whatever length was promised, and S-34: what the
// buffer grew out of is cleared.
func TestStrangersBufferGrows(t *testing.T) {
	for _, size := range []int64{MaxBody, -1} {
		room := &Room{}
		came, seen := 0, map[*byte][]byte{}
		canary := fill("valueText=canary&x=", MaxBody)
		r := httptest.NewRequest(http.MethodPost, "/", strange{strings.NewReader(canary), func(p []byte) {
			if used := room.Used(); used > int64(max(firstRoom, 2*came+2)) {
				t.Fatalf("%d bytes of room for %d that came", used, came)
			}
			came += min(len(p), 10_000)
			whole := p[:cap(p)]
			seen[&whole[len(whole)-1]] = whole
		}})
		r.Header.Set("Content-Type", urlEncoded)
		r.ContentLength = size
		b, err := table.ReadStrangers(r, room)
		if !errors.Is(err, ErrMalformed) { // valueText comes twice
			t.Fatal(err)
		}
		b.Wipe()
		if len(seen) < 5 {
			t.Errorf("%d buffers were seen", len(seen))
		}
		for _, buf := range seen {
			if left := bytes.Trim(buf, "\x00"); len(left) > 0 {
				t.Errorf("a buffer of %d bytes still holds %.40q", len(buf), left)
			}
		}
		if n := room.Used(); n != 0 {
			t.Errorf("%d bytes are still counted", n)
		}
	}
}
