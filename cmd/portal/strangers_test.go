package main

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"runtime"
	"strings"
	"sync"
	"testing"
)

// resident reads a line of a process's status, such as its memory now or at its peak, in bytes.
func (p *observed) resident(name string) int64 {
	p.t.Helper()
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", p.cmd.Process.Pid))
	if err != nil {
		p.t.Fatal(err)
	}
	for line := range strings.Lines(string(status)) {
		var kib int64
		if _, err := fmt.Sscanf(line, name+": %d kB", &kib); err == nil {
			return kib << 10
		}
	}
	p.t.Fatalf("no %s in %s", name, status)
	return 0
}

// S-58: twenty bodies of 1 MiB at once, from people without a session, grow the memory by less than
// 100 MiB together, of whatever shape they are. Somebody who is signed in is served meanwhile.
func TestStrangersTakeLittleMemory_S58(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("there is no /proc/PID/status here")
	}
	const many, size, plain, boundary = 20, 1 << 20, "application/x-www-form-urlencoded", "xxBOUNDARYxx"
	multi := "multipart/form-data; boundary=" + boundary
	fill := func(piece string) string { return strings.Repeat(piece, size/len(piece)+1)[:size] }
	part := func(head, content string) string {
		return "--" + boundary + "\r\n" + head + "\r\n\r\n" + content + "\r\n"
	}
	p := startObserved(t)
	b := p.browser()
	b.login("ada", "/")
	p.browser().sendPlain("/secret-values", nil)
	before := p.resident("VmRSS")
	for _, tc := range []struct {
		path, media, body string
		status            int
	}{
		{"/secret-values", plain, fill("&"), 400},
		{"/secret-values", plain, fill("=&"), 400},
		{"/secret-values", plain, fill("a=b&"), 400},
		{"/secret-values", plain, fill("%"), 400},
		{"/secret-values", plain, fill("%41"), 400},
		{"/secret-references", plain, "description=" + fill("\"'<>&")[:size-12], 400},
		{"/secret-references", plain, "description=" + fill("%22")[:size-13], 401},
		{"/secret-values", plain, strings.Repeat("pairKey="+fill("<")[:1000]+"&", 1000), 401},
		{"/secret-values", multi, fill(part(`Content-Disposition: form-data; name="x"`, "")), 400},
		{"/secret-values", multi, fill(part("Content-Disposition: form-data"+fill("; a=b")[:8000], "")), 400},
		{"/secret-values", multi, fill(part(fill("X:\r\n")[:8000]+"X", "")), 400},
		{"/secret-values", multi, part(`Content-Disposition: form-data; name="name"`, fill("x")[:size-200]) + "--" + boundary + "--", 401},
		{"/secret-values", plain + strings.Repeat("; a=b", 200), fill("a&"), 415},
		{"/secret-values", "application/json", fill(`{"a":`), 415},
		{"/secret-values", plain, fill("a&") + fill("a&"), 413},
		{"/auth/backchannel-logout", plain, fill("&"), 400},
		{"/auth/backchannel-logout", plain, fill("a=b&")[:64<<10], 400},
		{"/sessions", plain, fill("&"), 401},
		{"/logout", plain, fill("&"), 303},
	} {
		for _, chunked := range []bool{false, true} {
			// All are there but for their ends before the first one ends.
			var ready, ended sync.WaitGroup
			end, failed := make(chan struct{}), make(chan string, many)
			for range many {
				ready.Add(1)
				ended.Go(func() {
					status, err := p.holdBack(tc.path, tc.media, tc.body, chunked, ready.Done, end)
					if err != nil || status != tc.status {
						failed <- fmt.Sprintf("%d, %v; want %d", status, err, tc.status)
					}
				})
			}
			ready.Wait()
			if page := b.send("/secret-references", b.reference(fmt.Sprintf("S%d", len(p.logs.String())), "agentType", "AWS", "secretName", "s")); page.status != http.StatusSeeOther {
				t.Errorf("somebody with a session: %d", page.status)
			}
			close(end)
			ended.Wait()
			close(failed)
			for f := range failed {
				t.Errorf("%s, %.40s, %.40q, chunked %v: %s", tc.path, tc.media, tc.body, chunked, f)
			}
			if grown := p.resident("VmHWM") - before; grown > 100<<20 {
				t.Fatalf("%s, %.40s, %.40q, chunked %v: the memory has grown by %d MiB", tc.path, tc.media, tc.body, chunked, grown>>20)
			}
		}
	}
	t.Logf("the memory has grown from %d MiB by %d MiB", before>>20, (p.resident("VmHWM")-before)>>20)
}

// holdBack sends a request but for the end of its body, which follows when end is closed. Who is answered
// before has sent enough.
func (p *observed) holdBack(path, media, body string, chunked bool, ready func(), end <-chan struct{}) (status int, err error) {
	once := sync.OnceFunc(ready)
	defer once()
	conn, err := net.Dial("tcp", strings.TrimPrefix(p.base, "http://"))
	if err != nil {
		return 0, err
	}
	defer func() { _ = conn.Close() }()
	go func() {
		w := bufio.NewWriter(conn)
		_, _ = fmt.Fprintf(w, "POST %s HTTP/1.1\r\nHost: x\r\nConnection: close\r\nSec-Fetch-Site: same-origin\r\nContent-Type: %s\r\n", path, media)
		head, tail := body[:len(body)-1], body[len(body)-1:]
		if chunked {
			_, _ = fmt.Fprintf(w, "Transfer-Encoding: chunked\r\n\r\n%x\r\n%s\r\n", len(head), head)
			tail = "1\r\n" + tail + "\r\n0\r\n\r\n"
		} else {
			_, _ = fmt.Fprintf(w, "Content-Length: %d\r\n\r\n%s", len(body), head)
		}
		_ = w.Flush()
		once()
		<-end
		_, _ = io.WriteString(conn, tail)
	}()
	resp, err := http.ReadResponse(bufio.NewReader(conn), nil)
	if err != nil {
		return 0, err
	}
	_, err = io.Copy(io.Discard, resp.Body)
	return resp.StatusCode, err
}

// S-22: a request from elsewhere is refused whatever its body is, and without waiting for it.
func TestForeignRequestDoesNotWaitForItsBody_S22(t *testing.T) {
	r := newRig(t)
	for name, foreign := range map[string]string{
		"another site": "Sec-Fetch-Site: cross-site", "another origin": "Origin: https://evil.test", "another scheme": "Origin: " + strings.Replace(r.base, "http://", "https://", 1),
		"ftp": "Origin: " + strings.Replace(r.base, "http://", "ftp://", 1), "no scheme": "Origin: " + strings.TrimPrefix(r.base, "http:"), "null": "Origin: null",
		"two origins": "Origin: " + r.base + "\r\nOrigin: " + r.base,
	} {
		for _, path := range []string{"/secret-references", "/secret-values", "/sessions", "/logout", "/nowhere"} {
			for _, body := range []string{
				"Content-Type: application/x-www-form-urlencoded\r\nContent-Length: 1000\r\n\r\nname=", "Content-Type: application/json\r\nContent-Length: 1000\r\n\r\n{",
				"Content-Length: 99999999\r\n\r\n", "Transfer-Encoding: chunked\r\n\r\n", "Transfer-Encoding: chunked\r\n\r\nzz\r\n", "Expect: 100-continue\r\nContent-Length: 5\r\n\r\n", "\r\n",
			} {
				conn, err := net.Dial("tcp", strings.TrimPrefix(r.base, "http://"))
				if err != nil {
					t.Fatal(err)
				}
				if _, err := fmt.Fprintf(conn, "POST %s HTTP/1.1\r\nHost: %s\r\n%s\r\n%s", path, strings.TrimPrefix(r.base, "http://"), foreign, body); err != nil {
					t.Fatal(err)
				}
				resp, err := http.ReadResponse(bufio.NewReader(conn), nil)
				if err != nil {
					t.Fatalf("%s, %s, %.40q: %v", name, path, body, err)
				}
				text, err := io.ReadAll(resp.Body)
				if err != nil || resp.StatusCode != http.StatusForbidden || !strings.Contains(string(text), "Another web site tried") {
					t.Errorf("%s, %s, %.40q: %d, %v", name, path, body, resp.StatusCode, err)
				}
				_ = conn.Close()
			}
		}
	}
}
