package main

import (
	"bufio"
	"bytes"
	"crypto/rand"
	"encoding/base64"
	little "encoding/binary"
	"encoding/hex"
	"encoding/json"
	pemfile "encoding/pem"
	"flag"
	"fmt"
	"io"
	"iter"
	"log"
	"mime/multipart"
	"net"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/textproto"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"text/tabwriter"

	"maiaportal/internal/sandbox"
	"maiaportal/internal/sandbox/fault"
	"maiaportal/internal/sandbox/maia"
)

var (
	showLeaks = flag.Bool("leaks", false, "show what surrounds each copy of a secret that is found in memory")
	leakRow   = flag.Int("leakrow", -1, "look at this row of the table only")
)

// observed is the built portal in a process of its own, whose memory can be looked at.
type observed struct {
	*rig
	cmd   *exec.Cmd
	grown chan struct{}                    // gets a value when the log has
	ended chan struct{}                    // closed when the log has
	asked chan struct{}                    // gets a value when Maia is asked to store something
	stray atomic.Pointer[http.HandlerFunc] // answers in Maia's place, where it is set
	mem   *os.File
	pages *os.File // which of its pages are in use
	buf   []byte
}

// freeAddress is an address of loopback that nobody listens on.
func freeAddress(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = l.Close() }()
	return l.Addr().String()
}

// startObserved runs "portal serve" against the sandbox, with Maia over TLS under a private CA.
func startObserved(t *testing.T) *observed {
	t.Helper()
	address := freeAddress(t)
	base := "http://" + address
	sb, err := sandbox.Start(t.Context(), sandbox.Options{
		RedirectURI:           base + "/auth/callback",
		PostLogoutRedirectURI: base + "/signed-out",
		PortalURL:             base,
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = sb.Close() })
	asked := make(chan struct{}, 1000)
	front := &httputil.ReverseProxy{
		Rewrite:       func(p *httputil.ProxyRequest) { p.SetURL(must(url.Parse(sb.Maia.URL()))) },
		FlushInterval: -1, // half an answer is to arrive
		ErrorLog:      log.New(io.Discard, "", 0),
		ErrorHandler: func(http.ResponseWriter, *http.Request, error) {
			panic(http.ErrAbortHandler) // what the sandbox does to a connection happens to the portal's, too
		},
	}
	p := &observed{}
	maia := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodPost {
			asked <- struct{}{}
			if stray := p.stray.Load(); stray != nil {
				(*stray)(w, r)
				return
			}
		}
		front.ServeHTTP(w, r)
	}))
	maia.Config.ErrorLog = log.New(io.Discard, "", 0)
	maia.StartTLS()
	t.Cleanup(maia.Close)
	dir := t.TempDir()
	ca := filepath.Join(dir, "ca.pem")
	if err := os.WriteFile(ca, pemfile.EncodeToMemory(&pemfile.Block{
		Type:  "CERTIFICATE",
		Bytes: maia.Certificate().Raw,
	}), 0o600); err != nil {
		t.Fatal(err)
	}
	p.rig = &rig{t: t, base: base, sb: sb, dir: dir, logs: &syncBuffer{}}
	p.grown, p.ended, p.asked, p.buf = make(chan struct{}, 1), make(chan struct{}), asked, make([]byte, 4<<20)
	p.cmd = exec.Command(must(binary()), "serve", "--log-level=debug", "--allow-dump")
	p.cmd.Env = []string{
		"PORTAL_BASE_URL=" + base, "PORTAL_LISTEN=" + address, "PORTAL_ADMIN_LISTEN=", "PORTAL_OIDC_ISSUER=" + sb.Provider.Issuer(), "PORTAL_OIDC_CLIENT_ID=" + sb.Provider.ClientID(),
		"PORTAL_OIDC_CLIENT_SECRET=" + sb.Provider.ClientSecret(), "PORTAL_MAIA_URL=" + maia.URL, "PORTAL_DATABASE_URL=sqlite:" + filepath.Join(dir, "portal.db"),
		"PORTAL_SESSION_KEYS=AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=", "PORTAL_ALLOWED_GROUPS=maia-admins", "PORTAL_MAIA_TIMEOUT=2s",
		"PORTAL_SUBMISSIONS_PER_MINUTE=1000", "SSL_CERT_FILE=" + ca, "GOTRACEBACK=none",
	}
	logs, err := p.cmd.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := p.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = p.cmd.Process.Kill(); _ = p.cmd.Wait() })
	go func() {
		defer close(p.ended)
		for r := bufio.NewReader(logs); ; {
			line, err := r.ReadString('\n')
			if err != nil {
				return
			}
			_, _ = io.WriteString(p.logs, line)
			select {
			case p.grown <- struct{}{}:
			default:
			}
		}
	}()
	p.await(0, "portal serves")
	return p
}

// await waits until a line of the log has all the words, behind so many bytes.
func (p *observed) await(from int, words ...string) {
	p.t.Helper()
	for {
		for line := range strings.Lines(p.logs.String()[from:]) {
			if !slices.ContainsFunc(words, func(w string) bool { return !strings.Contains(line, w) }) {
				return
			}
		}
		select {
		case <-p.grown:
		case <-p.ended:
			p.t.Fatalf("the portal ended; waited for %q in %s", words, p.logs)
		}
	}
}

// scan counts the needles in all memory that the process can write to.
func (p *observed) scan(needles [][]byte) int {
	p.t.Helper()
	maps, err := os.ReadFile(fmt.Sprintf("/proc/%d/maps", p.cmd.Process.Pid))
	if err != nil {
		p.t.Fatal(err)
	}
	found := 0
	for line := range strings.Lines(string(maps)) {
		var from, to int64
		var access string
		if _, err := fmt.Sscanf(line, "%x-%x %s", &from, &to, &access); err != nil || len(access) < 4 || access[:2] != "rw" {
			continue
		}
		if access[3] == 's' {
			// What a file shares may be in memory without being mapped.
			found += p.scanPart(line, from, to, needles)
			continue
		}
		for part := range p.used(from, to) {
			found += p.scanPart(line, part.from, part.to, needles)
		}
	}
	return found
}

// part is a piece of the address space.
type part struct{ from, to int64 }

// used gives those parts of a mapping in which pages were ever written or read: most of what is mapped never
// was, holds nothing, and takes most of the time to read.
func (p *observed) used(from, to int64) iter.Seq[part] {
	const inMemory, swappedOut = 1 << 63, 1 << 62
	page := int64(os.Getpagesize())
	return func(yield func(part) bool) {
		entries := make([]byte, (to-from)/page*8)
		if _, err := p.pages.ReadAt(entries, from/page*8); err != nil {
			yield(part{from, to}) // whatever it is, it is read
			return
		}
		begin := int64(-1)
		for at := from; at <= to; at += page {
			there := at < to && little.LittleEndian.Uint64(entries[(at-from)/page*8:])&(inMemory|swappedOut) != 0
			switch {
			case there && begin < 0:
				begin = at
			case !there && begin >= 0:
				if !yield(part{begin, at}) {
					return
				}
				begin = -1
			}
		}
	}
}

// scanPart counts the needles in a part of a mapping.
func (p *observed) scanPart(mapping string, from, to int64, needles [][]byte) int {
	const overlap = 64
	found := 0
	for at := from; at < to; {
		n, err := p.mem.ReadAt(p.buf[:min(int64(len(p.buf)), to-at)], at)
		if n == 0 || err != nil && n < overlap {
			break // unmapped meanwhile, or a page without memory behind it
		}
		for _, needle := range needles {
			c := bytes.Count(p.buf[:n], needle)
			found += c
			if c > 0 && *showLeaks {
				p.where(mapping, at, p.buf[:n], needle)
			}
		}
		if at += int64(n); at < to {
			at -= overlap
		}
	}
	return found
}

// where logs the surroundings of a find.
func (p *observed) where(mapping string, at int64, mem, needle []byte) {
	for k, last := 0, -1<<20; ; {
		i := bytes.Index(mem[k:], needle)
		if i < 0 {
			return
		}
		if k+i-last > 200 {
			p.t.Logf("%s\n  %x: %q", mapping, at+int64(k+i), mem[max(0, k+i-150):min(len(mem), k+i+150)])
		}
		last = k + i
		k += i + len(needle)
	}
}

// canary is a value made of numbered blocks, so that parts of it are found as well.
type canary struct {
	value  string
	blocks int
	marks  [][]byte // what is in each block, as it is spelled plainly, in base64 and in hex
}

func newCanary(size int) canary {
	seed := make([]byte, 8)
	_, _ = rand.Read(seed)
	mark := "m" + hex.EncodeToString(seed)[:11]
	var b strings.Builder
	c := canary{}
	for b.Len()+20 <= size {
		fmt.Fprintf(&b, "%s%04d\"&+%%", mark, c.blocks) // 20 bytes
		c.blocks++
	}
	c.value = b.String()
	c.marks = [][]byte{[]byte(mark), []byte(hex.EncodeToString([]byte(mark))), []byte(strings.ToUpper(hex.EncodeToString([]byte(mark))))}
	for shift := range 3 {
		enc := base64.StdEncoding.EncodeToString([]byte(strings.Repeat("x", shift) + mark))
		c.marks = append(c.marks, []byte(enc[(shift*8+5)/6:len(mark)*8/6-1]))
	}
	return c
}

// way is one way of a value through the portal.
type way struct {
	end       string
	size      int
	multipart bool
	format    string
	fault     *fault.Fault
	status    int  // of the portal's answer
	close     bool // Connection: close
	hangUp    bool // the client goes while Maia is asked
	foreign   bool // it comes from another site, and is refused before the body is read
	stranger  bool // it comes without a session
	chunked   bool // it comes without a length
	hidden    string
}

// encode makes the body of a way.
func encode(row way, form url.Values, c canary) (body []byte, contentType string) {
	if row.hidden == "field" {
		form.Set("password", c.value)
	}
	if row.hidden == "name" {
		form.Set(c.value, "x")
	}
	if !row.multipart {
		return []byte(form.Encode()), "application/x-www-form-urlencoded"
	}
	var b bytes.Buffer
	w := multipart.NewWriter(&b)
	quoted := strings.ReplaceAll(c.value, `"`, "%22")
	if head, ok := partHeads[row.hidden]; ok {
		part, _ := w.CreatePart(textproto.MIMEHeader(head(quoted)))
		_, _ = io.WriteString(part, "x")
	}
	if row.hidden == "preamble" {
		b.WriteString(quoted + "\r\n")
	}
	for name, values := range form {
		for _, v := range values {
			if name == "valueFile" {
				part, _ := w.CreateFormFile(name, "key.pem")
				_, _ = io.WriteString(part, v)
				continue
			}
			_ = w.WriteField(name, v)
		}
	}
	_ = w.Close()
	if row.hidden == "epilogue" {
		b.WriteString(quoted)
	}
	return b.Bytes(), w.FormDataContentType()
}

// partHeads are the places in a part's header where a secret could stand by mistake.
var partHeads = map[string]func(value string) http.Header{
	"file name": func(v string) http.Header {
		return http.Header{"Content-Disposition": {`form-data; name="valueFile"; filename="` + v + `"`}}
	},
	"name in a header": func(v string) http.Header {
		return http.Header{"Content-Disposition": {`form-data; name="` + v + `"`}}
	},
	"parameter": func(v string) http.Header {
		return http.Header{"Content-Disposition": {`form-data; name="x"; password="` + v + `"`}}
	},
	"header line": func(v string) http.Header {
		return http.Header{"Content-Disposition": {`form-data; name="x"`}, "X-Note": {v}}
	},
	"type": func(v string) http.Header {
		return http.Header{"Content-Disposition": {`form-data; name="x"`}, "Content-Type": {v}}
	},
	"transfer encoding": func(v string) http.Header {
		return http.Header{"Content-Disposition": {`form-data; name="x"`}, "Content-Transfer-Encoding": {v}}
	},
}

// submit sends a value on its way, over a connection of its own, and returns when it has ended. A
// connection that is kept alive is still open then.
func (p *observed) submit(b *browser, row way, c canary) net.Conn {
	t := p.t
	t.Helper()
	object := `{"k":{"deep":[` + string(must(json.Marshal(c.value))) + `]}}`
	fields := map[string][]string{
		"text":      {"valueFormat", "text", "valueText", c.value},
		"pairs":     {"valueFormat", "pairs", "pairKey", "k", "pairValue", c.value},
		"json":      {"valueFormat", "json", "valueJSON", object},
		"file":      {"valueFormat", "file", "valueFile", c.value},
		"account":   {"valueFormat", "file", "recipe", "service-account", "valueFile", object},
		"odd text":  {"valueFormat", "text", "valueText", c.value + " "},
		"odd json":  {"valueFormat", "json", "valueJSON", strings.Replace(object, `"k"`, `"a":" x","k"`, 1)},
		"odd key":   {"valueFormat", "text", "valueText", "-----BEGIN PRIVATE KEY-----\n" + c.value + "\n-----END PRIVATE KEY-----\n"},
		"wrong key": {"valueFormat", "text", "recipe", "private-key", "valueText", c.value},
	}[row.format]
	if row.hidden != "" {
		fields = []string{"valueFormat", "text", "valueText", "another-Value-4711"}
	}
	path := "/secret-values"
	var form url.Values
	switch row.format {
	case "setup":
		path = "/setup"
		form = b.setup(fmt.Sprintf("S%d", len(p.logs.String())), "valueFormat", "text", "valueText", c.value)
	case "setup json":
		path = "/setup"
		form = b.setup(fmt.Sprintf("S%d", len(p.logs.String())), "valueFormat", "json", "valueJSON", object)
	case "hosted":
		path = "/secret-references"
		form = b.reference(fmt.Sprintf("R%d", len(p.logs.String())), "agentType", "Matillion hosted", "agentId", maia.AgentHosted, "valueFormat", "text", "valueText", c.value)
	default:
		form = b.value(fmt.Sprintf("n%d", len(p.logs.String())), fields...)
	}
	if row.size > 65536 && !strings.HasPrefix(row.format, "odd") {
		// No vault of AWS takes it, and the check says so. Matillion's own has no such limit, and without the check a
		// value may go there.
		form.Del("check")
		form.Set("agentId", maia.AgentHosted)
	}
	body, contentType := encode(row, form, c)
	req := b.request(http.MethodPost, path, bytes.NewReader(body))
	req.Header.Set("Content-Type", contentType)
	if !row.stranger {
		for _, cookie := range b.client.Jar.Cookies(req.URL) {
			req.AddCookie(cookie)
		}
	}
	if row.chunked {
		req.ContentLength = -1
	}
	req.Close = row.close
	if row.foreign {
		req.Header.Set("Sec-Fetch-Site", "cross-site")
	}
	injected := row.fault
	release := func() {}
	if row.hangUp {
		hold := make(chan struct{})
		injected = &fault.Fault{Hold: hold}
		release = func() { close(hold) }
	}
	p.sb.Maia.SetFault(injected)
	defer p.sb.Maia.SetFault(nil)
	for len(p.asked) > 0 {
		<-p.asked
	}
	said := len(p.logs.String())
	conn, err := net.Dial("tcp", req.URL.Host)
	if err != nil {
		t.Fatal(err)
	}
	if err := req.Write(conn); err != nil {
		t.Fatal(err)
	}
	if row.hangUp {
		<-p.asked
		if p.scan(c.marks) == 0 {
			t.Fatalf("%+v: the value is not found while it is on its way: the scan is blind", row)
		}
		_ = conn.Close()
		release()
		p.await(said, `"msg":"request"`, fmt.Sprintf(`"path":%q`, path), `"method":"POST"`)
		return conn
	}
	r := bufio.NewReader(conn)
	resp, err := http.ReadResponse(r, req)
	if err != nil {
		t.Fatalf("%+v: %v", row, err)
	}
	text, err := io.ReadAll(resp.Body)
	if err != nil || resp.StatusCode != row.status {
		t.Fatalf("%+v: %d, %v: %s", row, resp.StatusCode, err, text)
	}
	if row.close {
		if _, err := io.Copy(io.Discard, r); err != nil {
			t.Fatal(err)
		}
	}
	return conn
}

func leakRows() []way {
	problem := func(status int, echo bool) *fault.Fault {
		return &fault.Fault{Status: status, Echo: echo, ContentType: "application/problem+json"}
	}
	sizes, both := []int{20, 5000, 100000}, []bool{false, true}
	var rows []way
	for _, w := range []way{
		{
			end:    "201",
			status: 303,
		}, {
			end:    "400",
			fault:  problem(400, false),
			status: 422,
		}, {
			end:    "409",
			fault:  problem(409, false),
			status: 409,
		},
		{end: "no answer", fault: &fault.Fault{Hang: true}, status: 303}, {end: "client hangs up", hangUp: true},
	} {
		w.format = "text"
		for _, w.multipart = range both {
			for _, w.size = range sizes {
				for _, w.close = range both {
					rows = append(rows, w)
				}
			}
		}
	}
	for _, size := range sizes {
		for _, w := range []way{
			{
				end:    "201",
				format: "pairs",
				status: 303,
			}, {
				end:    "201",
				format: "json",
				status: 303,
			}, {
				end:    "201",
				format: "file",
				status: 303,
			}, {
				end:    "201",
				format: "hosted",
				status: 303,
			}, {
				end:    "201",
				format: "setup",
				status: 303,
			}, {
				end:    "201",
				format: "setup json",
				status: 303,
			}, {
				end:    "400, repeated",
				format: "setup",
				fault:  problem(400, true),
				status: 422,
			},
			{
				end:    "201, repeated",
				fault:  problem(201, true),
				status: 303,
			}, {
				end:    "400, repeated",
				fault:  problem(400, true),
				status: 422,
			},
			{
				end:    "409, repeated",
				fault:  problem(409, true),
				status: 409,
			}, {
				end:    "500, repeated",
				fault:  problem(500, true),
				status: 503,
			},
			{end: "half an answer", fault: &fault.Fault{Status: 400, Echo: true, HalfAnswer: true}, status: 422},
			{
				end:    "201",
				format: "account",
				status: 303,
			}, {
				end:    "looks odd",
				format: "odd text",
				status: 422,
			}, {
				end:    "looks odd",
				format: "odd json",
				status: 422,
			},
			{end: "looks odd", format: "odd key", status: 422}, {end: "wrong for its use", format: "wrong key", status: 422},
			{end: "connection lost", fault: &fault.Fault{Reset: true}, status: 303},
			{end: "foreign site", foreign: true, status: 403}, {end: "foreign site", foreign: true, status: 403, close: true},
		} {
			w.multipart, w.size = true, size
			if w.format == "" {
				w.format = "text"
			}
			rows = append(rows, w)
		}
	}
	return append(append(rows, strangerRows(sizes)...), hiddenRows(sizes)...)
}

// strangerRows are values that come without a session: the answer is a page that asks for a login.
func strangerRows(sizes []int) []way {
	var rows []way
	for _, size := range sizes {
		for _, w := range []way{
			{format: "text"}, {
				format: "text",
				close:  true,
			}, {
				format:  "text",
				chunked: true,
			}, {
				format:    "text",
				multipart: true,
			}, {
				format:    "text",
				multipart: true,
				close:     true,
			},
			{
				format:    "text",
				multipart: true,
				chunked:   true,
			}, {format: "pairs"}, {
				format:    "pairs",
				multipart: true,
			}, {format: "json"}, {
				format:    "json",
				multipart: true,
			},
			{format: "file", multipart: true}, {format: "hosted"}, {format: "hosted", multipart: true},
		} {
			w.end, w.size, w.status, w.stranger = "no session", size, http.StatusUnauthorized, true
			rows = append(rows, w)
		}
	}
	return rows
}

// hiddenRows are values that come where the form has no field for them.
func hiddenRows(sizes []int) []way {
	var rows []way
	for _, size := range sizes {
		for _, w := range []way{
			{hidden: "field"}, {
				hidden:    "field",
				multipart: true,
			}, {hidden: "name"}, {
				hidden:    "name",
				multipart: true,
			}, {
				hidden:    "file name",
				multipart: true,
			},
			{
				hidden:    "name in a header",
				multipart: true,
			}, {
				hidden:    "parameter",
				multipart: true,
			}, {
				hidden:    "header line",
				multipart: true,
			}, {
				hidden:    "type",
				multipart: true,
			},
			{hidden: "transfer encoding", multipart: true, status: http.StatusBadRequest},
			{
				hidden:    "preamble",
				multipart: true,
				status:    http.StatusBadRequest,
			}, {
				hidden:    "epilogue",
				multipart: true,
				status:    http.StatusBadRequest,
			},
		} {
			for _, w.stranger = range []bool{false, true} {
				w.end, w.format, w.size = "in a "+w.hidden, "text", size
				w := w
				switch {
				case w.status != 0:
				case size > 8<<10 && w.multipart && w.hidden != "field":
					w.status = http.StatusBadRequest // longer than a part's header may be
				case w.stranger:
					w.status = http.StatusUnauthorized
				default:
					w.status = http.StatusSeeOther
				}
				if w.stranger {
					w.end += ", no session"
				}
				rows = append(rows, w)
			}
		}
	}
	return rows
}

// S-34: after a submission the process's writable memory holds no copy of the secret, and no piece of
// one, however it came and however it ended. "make leakcheck" prints the table.
func TestMemoryHoldsNoCopy(t *testing.T) {
	t.Parallel()
	if runtime.GOOS != "linux" {
		t.Skip("there is no /proc/PID/mem here")
	}
	// Some rows wait for a time-out, so they are dealt out to a few portals that run side by side.
	const portals = 4
	rows := leakRows()
	lines := make([]string, len(rows))
	t.Run("rows", func(t *testing.T) {
		for first := range min(portals, len(rows)) {
			if *leakRow >= 0 && *leakRow%portals != first {
				continue
			}
			t.Run(fmt.Sprintf("portal %d", first), func(t *testing.T) {
				t.Parallel()
				p := startObserved(t)
				p.openMemory()
				b := p.browser()
				b.login("ada", "/")
				for i := first; i < len(rows); i += portals {
					if *leakRow < 0 || i == *leakRow {
						lines[i] = p.look(b, i, rows[i])
					}
				}
			})
		}
	})
	var table strings.Builder
	w := tabwriter.NewWriter(&table, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(w, "row\tend\tformat\tbody\tbytes\tconnection\tat once\tcopies\tpieces\t")
	_, _ = io.WriteString(w, strings.Join(lines, ""))
	_ = w.Flush()
	t.Logf("\n%s", table.String())
}

// openMemory opens what a scan reads.
func (p *observed) openMemory() {
	p.t.Helper()
	mem, err := os.Open(fmt.Sprintf("/proc/%d/mem", p.cmd.Process.Pid))
	if err != nil {
		p.t.Skipf("the memory of another process cannot be read here: %v", err)
	}
	p.t.Cleanup(func() { _ = mem.Close() })
	pages := must(os.Open(fmt.Sprintf("/proc/%d/pagemap", p.cmd.Process.Pid)))
	p.t.Cleanup(func() { _ = pages.Close() })
	p.mem, p.pages = mem, pages
}

// look sends a value on its way, looks for copies, and gives the table's line.
func (p *observed) look(b *browser, i int, row way) string {
	p.t.Helper()
	c := newCanary(row.size)
	conn := p.submit(b, row, c)
	atOnce := p.scan(c.marks)
	found := atOnce
	// The answer has come, but perhaps the portal was not given the processor since then. Some scans take long
	// enough for that.
	for more := 5; found > 0 && more > 0; more-- {
		found = p.scan(c.marks)
	}
	_ = conn.Close()
	body, connection := "urlencoded", "kept"
	if row.multipart {
		body = "multipart"
	}
	if row.close {
		connection = "closed"
	}
	if found > 0 {
		p.t.Errorf("row %d: %+v: %d pieces of %d", i, row, found, c.blocks)
	}
	copies := float64(found) / float64(c.blocks)
	return fmt.Sprintf("%d\t%s\t%s\t%s\t%d\t%s\t%d\t%.2f\t%d\t\n", i, row.end, row.format, body, row.size, connection, atOnce, copies, found)
}

// S-33: what Maia sends without being asked, on a connection that waits for the next call, is in no log:
// it may repeat the secret.
func TestUnaskedAnswerIsNotLogged(t *testing.T) {
	p := startObserved(t)
	b := p.browser()
	b.login("ada", "/")
	c := newCanary(100)
	closed, answered := make(chan struct{}), make(chan struct{})
	stray := func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		conn, rw, err := http.NewResponseController(w).Hijack()
		if err != nil {
			t.Error(err)
			close(closed)
			return
		}
		_, _ = rw.WriteString("HTTP/1.1 201 Created\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{}")
		_ = rw.Flush()
		go func() {
			defer func() { _ = conn.Close() }()
			<-answered // so that the connection waits for the next call
			_, _ = rw.WriteString("HTTP/1.1 200 OK\r\nContent-Length: 200\r\n\r\n" + c.value)
			_ = rw.Flush()
			_, _ = io.Copy(io.Discard, rw) // until the portal has had enough of it
			close(closed)
		}()
	}
	form := b.value("stray", "valueFormat", "text", "valueText", c.value)
	p.stray.Store((*http.HandlerFunc)(&stray))
	sent := b.send("/secret-values", form)
	p.stray.Store(nil)
	if sent.status != http.StatusSeeOther {
		t.Fatalf("%d %s", sent.status, sent.text())
	}
	close(answered)
	<-closed
	p.stop(t)
	for _, mark := range c.marks {
		if bytes.Contains([]byte(p.logs.String()), mark) {
			t.Fatalf("the log has it: %s", p.logs)
		}
	}
}

// stop ends the portal and waits for the last of its log.
func (p *observed) stop(t *testing.T) {
	t.Helper()
	if err := p.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	<-p.ended
}
