package handlers

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"mime/multipart"
	"net/http"
	"net/http/httptest"
	"net/textproto"
	"net/url"
	"reflect"
	"strings"
	"testing"

	"maiaportal/internal/record"
	"maiaportal/internal/submission"
)

const urlencoded = "application/x-www-form-urlencoded"

// post is a request as the server hands it over; size -1 is one without a Content-Length.
func post(media, body string, size int64) *http.Request {
	r := httptest.NewRequest(http.MethodPost, "/secret-values", strings.NewReader(body))
	r.Header.Set("Content-Type", media)
	r.ContentLength = size
	return r
}

// flat shows a body in one line.
func flat(b *formBody) map[string][]string {
	out := map[string][]string{}
	for name, v := range b.text {
		out[name] = append(out[name], v...)
	}
	for name, list := range b.secrets {
		for _, v := range list {
			out[name] = append(out[name], string(v.Bytes()))
		}
	}
	return out
}

type fields = map[string][]string

// S-25, S-37: what forms send, as browsers write it.
func TestReadURLEncoded(t *testing.T) {
	for why, tc := range map[string]struct {
		body string
		want fields
		err  error
	}{
		"nothing":                                 {"", fields{}, nil},
		"fields":                                  {"name=a&agentId=b&valueText=c", fields{"name": {"a"}, "agentId": {"b"}, "valueText": {"c"}}, nil},
		"escapes":                                 {"name=a%20b+c%2B%26%3D%e2%82%AC", fields{"name": {"a b c+&=€"}}, nil},
		"a name that is escaped":                  {"%6eame=a", fields{"name": {"a"}}, nil},
		"an equals sign in a value":               {"valueText=a=b=", fields{"valueText": {"a=b="}}, nil},
		"without an equals sign":                  {"name", fields{"name": {""}}, nil},
		"empty pairs":                             {"&&name=a&&", fields{"name": {"a"}}, nil},
		"blanks around a field go":                {"name=+a+%09%C2%A0", fields{"name": {"a"}}, nil},
		"blanks around a secret stay":             {"valueText=+a%09+", fields{"valueText": {" a\t "}}, nil},
		"a secret's line ends become LF":          {"valueText=a%0D%0Ab%0Dc%0A", fields{"valueText": {"a\nb\nc\n"}}, nil},
		"a line end in a field is for the rules":  {"name=a%0D%0A", fields{"name": {"a\r\n"}}, nil},
		"a secret that is not UTF-8 is for them":  {"valueText=%ff%00", fields{"valueText": {"\xff\x00"}}, nil},
		"pairs keep their order":                  {"pairKey=b&pairValue=1&pairKey=a&pairValue=2", fields{"pairKey": {"b", "a"}, "pairValue": {"1", "2"}}, nil},
		"fields that do not exist":                {"name=a&x=1&x=2&password=p&VALUETEXT=q", fields{"name": {"a"}}, nil},
		"a file's name without multipart":         {"valueFile=id_rsa&name=a", fields{"name": {"a"}}, nil},
		"a name that is very long":                {strings.Repeat("n", 5000) + "=1&name=a", fields{"name": {"a"}}, nil},
		"a semicolon is a character":              {"name=a;b", fields{"name": {"a;b"}}, nil},
		"twice":                                   {"name=a&name=b", nil, errMalformed},
		"twice the same":                          {"name=a&name=a", nil, errMalformed},
		"twice, once escaped":                     {"name=a&%6eame=", nil, errMalformed},
		"a secret twice":                          {"valueText=a&valueText=b", nil, errMalformed},
		"a form token twice":                      {"formToken=a&formToken=b", nil, errMalformed},
		"an escape that breaks off":               {"name=a%2", nil, errMalformed},
		"an escape that is none":                  {"name=%zz", nil, errMalformed},
		"an escape that is none in another field": {"x=%zz&name=a", nil, errMalformed},
		"a percent sign at the end":               {"name=100%", nil, errMalformed},
		"a field that is not UTF-8":               {"name=%ff", nil, errMalformed},
		"far too many empty fields":               {strings.Repeat("&", maxParts+1), nil, errMalformed},
		"far too many fields":                     {strings.Repeat("x=&", maxParts+1), nil, errMalformed},
		"as many fields as may be":                {strings.Repeat("x=&", maxParts-1) + "name=a", fields{"name": {"a"}}, nil},
	} {
		for _, size := range []int64{int64(len(tc.body)), -1} {
			b, err := readForm(post(urlencoded, tc.body, size))
			if !errors.Is(err, tc.err) || tc.err == nil && !reflect.DeepEqual(flat(b), tc.want) {
				t.Errorf("%s (length %d): %q, %v; want %q, %v", why, size, flat(b), err, tc.want, tc.err)
			}
			b.wipe()
		}
	}
}

const bound = "----WebKitFormBoundaryAbC123"

// multi is a body of parts, each a header and a content.
func multi(parts ...string) string {
	var b strings.Builder
	for i := 0; i < len(parts); i += 2 {
		b.WriteString("--" + bound + "\r\n" + parts[i] + "\r\n\r\n" + parts[i+1] + "\r\n")
	}
	return b.String() + "--" + bound + "--\r\n"
}

func named(name string) string { return `Content-Disposition: form-data; name="` + name + `"` }

func file(name, filename string) string { return named(name) + `; filename="` + filename + `"` }

// S-25, S-37: multipart bodies, as browsers and others write them.
func TestReadMultipart(t *testing.T) {
	const octets = "\r\nContent-Type: application/octet-stream"
	for why, tc := range map[string]struct {
		body string
		want fields
		err  error
	}{
		"fields and a file":                       {multi(named("name"), "a", named("valueText"), "s", file("valueFile", "key.pem")+octets, "f"), fields{"name": {"a"}, "valueText": {"s"}, "valueFile": {"f"}}, nil},
		"no part":                                 {"--" + bound + "--\r\n", fields{}, nil},
		"empty fields":                            {multi(named("name"), "", named("valueText"), ""), fields{"name": {""}, "valueText": {""}}, nil},
		"no file chosen":                          {multi(file("valueFile", "")+octets, ""), fields{"valueFile": {""}}, nil},
		"a file's bytes stay, line ends and all":  {multi(file("valueFile", "x"), "\r\na\rb\n\x00\xff\r\n\r\n"), fields{"valueFile": {"\r\na\rb\n\x00\xff\r\n\r\n"}}, nil},
		"a text's line ends become LF":            {multi(named("valueText"), "a\r\nb\rc"), fields{"valueText": {"a\nb\nc"}}, nil},
		"JSON's and a pair's line ends too":       {multi(named("valueJSON"), "{\r\n}", named("pairValue"), "a\r\nb"), fields{"valueJSON": {"{\n}"}, "pairValue": {"a\nb"}}, nil},
		"what looks like a boundary in a file":    {multi(file("valueFile", "x"), "--"+bound+"\r\n\n--"+bound+"--"), fields{"valueFile": {"--" + bound + "\r\n\n--" + bound + "--"}}, nil},
		"a file's name that is not ASCII":         {multi(file("valueFile", "ключ-密.pem"), "f"), fields{"valueFile": {"f"}}, nil},
		"quotes in a file's name, as browsers do": {multi(file("valueFile", "a%22b.pem"), "f"), fields{"valueFile": {"f"}}, nil},
		"quotes in a file's name, with backslash": {multi(`Content-Disposition: form-data; filename="a\"; name=\"x"; name="valueFile"`, "f"), fields{"valueFile": {"f"}}, nil},
		"a semicolon in a file's name":            {multi(`Content-Disposition: form-data; filename="a; name=x"; name="valueFile"`, "f"), fields{"valueFile": {"f"}}, nil},
		"a file's name of RFC 5987":               {multi(`Content-Disposition: form-data; name="valueFile"; filename*=UTF-8''a`, "f"), fields{"valueFile": {"f"}}, nil},
		"names without quotes":                    {multi("Content-Disposition: form-data; name=name", "a", "content-disposition:form-data;name=valueFile;filename=x", "f"), fields{"name": {"a"}, "valueFile": {"f"}}, nil},
		"other headers and cases":                 {multi("X-A: b\r\nCONTENT-disposition: form-data; NAME=\"name\"\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 8BIT", "a"), fields{"name": {"a"}}, nil},
		"a value file that is no file":            {multi(named("valueFile"), "id_rsa"), fields{}, nil},
		"an empty line before the first boundary": {"\r\n" + multi(named("name"), "a"), fields{"name": {"a"}}, nil},
		"blanks behind the last boundary":         {strings.TrimSuffix(multi(named("name"), "a"), "\r\n") + " \t\r\n", fields{"name": {"a"}}, nil},
		"parts and parameters without a name":     {multi("", "a", "Content-Disposition", "b", "Content-Disposition: form-data", "c", "Content-Disposition: form-data; name", "d", named("name"), "e"), fields{"name": {"e"}}, nil},
		"blanks behind a boundary":                {strings.ReplaceAll(multi(named("name"), "a"), bound+"\r\n", bound+" \t\r\n"), fields{"name": {"a"}}, nil},
		"no line end behind the last boundary":    {strings.TrimSuffix(multi(named("name"), "a"), "\r\n"), fields{"name": {"a"}}, nil},
		"fields that do not exist":                {multi(named("x"), "1", named("x"), "2", named("name"), "a", "X: y", "z"), fields{"name": {"a"}}, nil},
		"pairs keep their order":                  {multi(named("pairKey"), "b", named("pairValue"), "1", named("pairKey"), "a", named("pairValue"), "2"), fields{"pairKey": {"b", "a"}, "pairValue": {"1", "2"}}, nil},

		"text before the first boundary":      {"valueText\r\n" + multi(named("name"), "a"), nil, errMalformed},
		"text behind the last boundary":       {multi(named("name"), "a") + "epilogue", nil, errMalformed},
		"text right behind the last boundary": {strings.TrimSuffix(multi(named("name"), "a"), "\r\n") + "x\r\n", nil, errMalformed},
		"another empty line at the end":       {multi(named("name"), "a") + "\r\n", nil, errMalformed},
		"LF alone at the end":                 {strings.TrimSuffix(multi(named("name"), "a"), "\r\n") + "\n", nil, errMalformed},
		"a last boundary in a file":           {multi(file("valueFile", "x"), "a\r\n--"+bound+"--\r\nb", named("name"), "a"), nil, errMalformed},
		"another form behind the form":        {multi(named("name"), "a") + multi(named("name"), "b"), nil, errMalformed},
		"a part with two names":               {multi(named("name")+`; name="key"`, "a"), nil, errMalformed},
		"a part with two dispositions":        {multi(named("x")+"\r\n"+named("name"), "a"), nil, errMalformed},
		"twice":                               {multi(named("name"), "a", named("name"), "b"), nil, errMalformed},
		"two files":                           {multi(file("valueFile", "a"), "a", file("valueFile", "b"), "b"), nil, errMalformed},
		"nothing at all":                      {"", nil, errMalformed},
		"something else":                      {"name=a", nil, errMalformed},
		"another boundary":                    {strings.ReplaceAll(multi(named("name"), "a"), bound, bound[:10]), nil, errMalformed},
		"no end: half a secret is no secret":  {strings.TrimSuffix(multi(named("valueText"), "half a sec"), "\r\n--"+bound+"--\r\n"), nil, errMalformed},
		"no end behind a file":                {"--" + bound + "\r\n" + file("valueFile", "x") + "\r\n\r\nabc", nil, errMalformed},
		"a header without an end":             {"--" + bound + "\r\n" + named("name"), nil, errMalformed},
		"LF alone":                            {strings.ReplaceAll(multi(named("name"), "a"), "\r\n", "\n"), nil, errMalformed},
		"something behind a boundary":         {strings.Replace(multi(named("name"), "a"), bound+"\r\n", bound+"x\r\n", 1), nil, errMalformed},
		"the first line of a longer boundary": {multi(file("valueFile", "x"), "a\r\n--"+bound+"longer\r\nb"), nil, errMalformed},
		"a huge header":                       {multi(named("name")+"\r\nX: "+strings.Repeat("x", maxPartHead), "a"), nil, errMalformed},
		"an encoded part":                     {multi(named("valueText")+"\r\nContent-Transfer-Encoding: base64", "YQ=="), nil, errMalformed},
		"a quoted part":                       {multi(named("valueText")+"\r\nContent-Transfer-Encoding: quoted-printable", "a=3D"), nil, errMalformed},
		"a field that is not UTF-8":           {multi(named("name"), "\xff"), nil, errMalformed},
		"far too many parts":                  {strings.TrimSuffix(strings.Repeat("--"+bound+"\r\n"+named("x")+"\r\n\r\n\r\n", maxParts+1), "") + "--" + bound + "--", nil, errMalformed},
	} {
		for _, size := range []int64{int64(len(tc.body)), -1} {
			b, err := readForm(post("multipart/form-data; boundary="+bound, tc.body, size))
			if !errors.Is(err, tc.err) || tc.err == nil && !reflect.DeepEqual(flat(b), tc.want) {
				t.Errorf("%s (length %d): %q, %v; want %q, %v", why, size, flat(b), err, tc.want, tc.err)
			}
			if err != nil && (strings.Contains(err.Error(), "half") || strings.Contains(err.Error(), "abc")) {
				t.Errorf("%s: the error quotes what was typed: %v", why, err)
			}
			b.wipe()
		}
	}
}

func TestMediaTypes(t *testing.T) {
	multipartBody := multi(named("name"), "a")
	for why, tc := range map[string]struct {
		media, body string
		err         error
	}{
		"urlencoded":                      {urlencoded, "name=a", nil},
		"urlencoded with a charset":       {urlencoded + "; charset=UTF-8", "name=a", nil},
		"in capitals":                     {strings.ToUpper(urlencoded), "name=a", nil},
		"multipart":                       {"multipart/form-data; boundary=" + bound, multipartBody, nil},
		"multipart with a quoted one":     {`Multipart/Form-Data; charset=utf-8; boundary="` + bound + `"`, multipartBody, nil},
		"multipart without a boundary":    {"multipart/form-data", multipartBody, errMalformed},
		"a boundary that is too long":     {"multipart/form-data; boundary=" + strings.Repeat("b", 71), multipartBody, errMalformed},
		"none":                            {"", "name=a", errMediaType},
		"JSON":                            {"application/json", `{"name":"a"}`, errMediaType},
		"plain text, as a form may":       {"text/plain", "name=a", errMediaType},
		"another multipart":               {"multipart/mixed; boundary=" + bound, multipartBody, errMediaType},
		"nonsense":                        {";;;", "name=a", errMediaType},
		"the same parameter twice":        {"multipart/form-data; boundary=a; boundary=b", multipartBody, errMediaType},
		"a type that begins the same way": {urlencoded + "x", "name=a", errMediaType},
		"a type that has no end":          {urlencoded + strings.Repeat("; a=b", 1000), "name=a", errMediaType},
	} {
		b, err := readForm(post(tc.media, tc.body, int64(len(tc.body))))
		if !errors.Is(err, tc.err) || tc.err == nil && b.get("name") != "a" {
			t.Errorf("%s: %q, %v; want %v", why, flat(b), err, tc.err)
		}
	}
	r := post(urlencoded, "name=a", 6)
	r.Header.Set("Content-Encoding", "gzip")
	if _, err := readForm(r); !errors.Is(err, errMediaType) {
		t.Errorf("a compressed body: %v", err)
	}
}

// counting tells how much of a body was read.
type counting struct {
	io.Reader
	n int64
}

func (c *counting) Read(p []byte) (int, error) {
	n, err := c.Reader.Read(p)
	c.n += int64(n)
	return n, err
}
func (c *counting) Close() error { return nil }

// zeros gives n bytes that are all the same.
func zeros(n int64) io.Reader { return io.LimitReader(neverEnding{}, n) }

type neverEnding struct{}

func (neverEnding) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = 'x'
	}
	return len(p), nil
}

// S-44: over 1 MiB is too large, however it comes, and what is read and thrown away has a bound.
func TestBodyLimit(t *testing.T) {
	for why, tc := range map[string]struct {
		body, size int64
		err        error
	}{
		"just as large as may be":               {maxBody, maxBody, nil},
		"just as large as may be, in chunks":    {maxBody, -1, nil},
		"one byte more":                         {maxBody + 1, maxBody + 1, errTooLarge},
		"one byte more, in chunks":              {maxBody + 1, -1, errTooLarge},
		"50 MB":                                 {50 << 20, 50 << 20, errTooLarge},
		"50 MB in chunks":                       {50 << 20, -1, errTooLarge},
		"without an end":                        {1 << 50, -1, errTooLarge},
		"it says that it is without an end":     {10, 1 << 60, errTooLarge},
		"less than it says":                     {10, 20, errMalformed},
		"much less than it says":                {0, 1000, errMalformed},
		"nothing":                               {0, 0, nil},
		"nothing in chunks":                     {0, -1, nil},
		"more than it says, as no server sends": {20, 10, errTooLarge},
	} {
		body := &counting{Reader: zeros(tc.body)}
		r := post(urlencoded, "", tc.size)
		r.Body = body
		b, err := readForm(r)
		if !errors.Is(err, tc.err) || tc.err == nil && err != nil {
			t.Errorf("%s: %v, want %v", why, err, tc.err)
		}
		if body.n > maxBody+maxDiscard+(1<<20) {
			t.Errorf("%s: %d bytes were read", why, body.n)
		}
		b.wipe()
	}
}

// A body that breaks off is no form, whatever was read of it: half a secret would be stored as a whole
// one. Over a real connection, for net/http has errors of its own.
func TestBodyThatBreaksOff(t *testing.T) {
	for why, tc := range map[string]struct{ header, body string }{
		"with a length":         {"Content-Length: 100", "name=a&valueText=half a sec"},
		"in chunks":             {"Transfer-Encoding: chunked", "1b\r\nname=a&valueText=half a sec\r\n"},
		"in the middle of one":  {"Transfer-Encoding: chunked", "40\r\nname=a&valueText=half a sec"},
		"with a chunk of no":    {"Transfer-Encoding: chunked", "1b\r\nname=a&valueText=half a sec\r\nzz\r\n"},
		"before the first byte": {"Transfer-Encoding: chunked", ""},
	} {
		t.Run(why, func(t *testing.T) {
			got := make(chan error, 1)
			server := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
				b, err := readForm(r)
				b.wipe()
				got <- err
			}))
			defer server.Close()
			c := dial(t, server)
			_, _ = io.WriteString(c, "POST / HTTP/1.1\r\nHost: x\r\nContent-Type: "+urlencoded+"\r\n"+tc.header+"\r\n\r\n"+tc.body)
			_ = c.CloseWrite()
			if err := <-got; !errors.Is(err, errMalformed) {
				t.Errorf("%v", err)
			}
		})
	}
}

// S-34: the one buffer holds everything that was sent, and is cleared as a whole, after an error too.
func TestWipeClearsTheBuffer(t *testing.T) {
	for why, tc := range map[string]struct{ media, body string }{
		"urlencoded":                  {urlencoded, "name=a&valueText=canary%2D1&x=canary-2&valueText2=canary-3"},
		"multipart":                   {"multipart/form-data; boundary=" + bound, multi(named("valueText"), "canary-1\r\n", file("valueFile", "x"), "canary-2", named("x"), "canary-3")},
		"malformed":                   {urlencoded, "valueText=canary-1&valueText=canary-2&name=%zz"},
		"multipart without an end":    {"multipart/form-data; boundary=" + bound, "--" + bound + "\r\n" + named("valueText") + "\r\n\r\ncanary-1"},
		"twice":                       {urlencoded, "valueText=canary-1&valueText=canary-2"},
		"too large, sent in chunks":   {urlencoded, "valueText=" + strings.Repeat("canary-1", maxBody/8)},
		"of another type, not read":   {"text/plain", "valueText=canary-1"},
		"a secret with line ends":     {urlencoded, "valueText=" + strings.Repeat("canary%0D%0A", 50)},
		"escapes that become shorter": {urlencoded, "valueText=" + strings.Repeat("%63%61%6e", 50)},
	} {
		b, _ := readForm(post(tc.media, tc.body, -1))
		whole := b.buf[:cap(b.buf)]
		kept := b.secret("valueText")
		b.wipe()
		if left := bytes.Trim(whole, "\x00"); len(left) > 0 {
			t.Errorf("%s: %.80q is left", why, left)
		}
		if left := bytes.Trim(kept.Bytes(), "\x00"); len(left) > 0 {
			t.Errorf("%s: the value was a copy: %.80q", why, left)
		}
	}
}

// An urlencoded body as it comes: no panic, and what net/url makes of it.
func FuzzURLEncoded(f *testing.F) {
	f.Add([]byte("name=a&valueText=b%0D%0A&pairKey=k&pairKey=l&x=y"))
	f.Add([]byte("name=%zz&&=&+=;"))
	f.Add([]byte("valueText=%00%ff+%2B&valueText=&check=yes&recipe=password"))
	f.Fuzz(func(t *testing.T, raw []byte) {
		b, err := readForm(post(urlencoded, string(raw), int64(len(raw))))
		want, wantErr := url.ParseQuery(string(raw))
		if !bytes.ContainsRune(raw, ';') && bytes.Count(raw, []byte("&")) < maxParts {
			compareQuery(t, string(raw), b, err, want, wantErr)
		}
	})
}

// A multipart body as it comes: no panic, and no more than was sent; and one that mime/multipart built,
// with what was put into it.
func FuzzMultipart(f *testing.F) {
	f.Add([]byte("name=a&valueText=b%0D%0A&pairKey=k&pairKey=l&x=y"), "a", "b")
	f.Add([]byte("name=%zz&&=&+=;"), "\r\n", "--"+bound)
	f.Add([]byte(multi(named("name"), "a", file("valueFile", "ключ"), "f")), "", "\r\n--x")
	f.Add([]byte("--"+bound+"\r\n\r\n\r\n--"+bound+"--"), "\x00", "é\"")
	f.Fuzz(func(t *testing.T, raw []byte, field, content string) {
		b, err := readForm(post("multipart/form-data; boundary="+bound, string(raw), int64(len(raw))))
		if err == nil {
			total := 0
			for _, v := range flat(b) {
				total += len(strings.Join(v, ""))
			}
			if total > len(raw) {
				t.Fatalf("%d bytes out of %d", total, len(raw))
			}
		}
		if strings.Contains(content, "\r\n--"+bound) || strings.Contains(field, "\r\n--"+bound) {
			return
		}
		var buf bytes.Buffer
		w := multipart.NewWriter(&buf)
		if err := w.SetBoundary(bound); err != nil {
			t.Fatal(err)
		}
		_ = w.WriteField("name", field)
		_ = w.WriteField("valueText", content)
		if part, err := w.CreateFormFile("valueFile", field); err == nil {
			_, _ = io.WriteString(part, content)
		}
		_ = w.WriteField(field, "in a field of any name")
		if part, err := w.CreatePart(textproto.MIMEHeader{"Content-Disposition": {`form-data; name="pairKey"`}, "Content-Type": {"text/plain"}}); err == nil {
			_, _ = io.WriteString(part, "k")
		}
		_ = w.Close()
		if knownFields[field] || buf.Len() > maxBody || len(field) > 1000 {
			return
		}
		body := buf.String()
		b, err = readForm(post(w.FormDataContentType(), body, int64(len(body))))
		form, formErr := multipart.NewReader(strings.NewReader(body), bound).ReadForm(1 << 20)
		if formErr != nil {
			return
		}
		if !validUTF8(field) {
			if !errors.Is(err, errMalformed) {
				t.Fatalf("%q: a field that is not UTF-8: %v", body, err)
			}
			return
		}
		if err != nil {
			t.Fatalf("%q: %v", body, err)
		}
		if got, want := b.get("name"), submission.Line(form.Value["name"][0]); got != want {
			t.Fatalf("name %q, want %q", got, want)
		}
		if got, want := string(b.secret("valueText").Bytes()), normalized(form.Value["valueText"][0]); got != want {
			t.Fatalf("valueText %q, want %q", got, want)
		}
		// mime/multipart takes a file without a name for a field; a browser sends one where none is chosen.
		inFile := []byte(strings.Join(form.Value["valueFile"], ""))
		if files := form.File["valueFile"]; len(files) == 1 {
			opened, err := files[0].Open()
			if err != nil {
				t.Fatal(err)
			}
			inFile, _ = io.ReadAll(opened)
		}
		if got := b.secret("valueFile").Bytes(); !bytes.Equal(got, inFile) || string(got) != content {
			t.Fatalf("valueFile %q, want %q", got, inFile)
		}
		if !reflect.DeepEqual(b.text["pairKey"], []string{"k"}) {
			t.Fatalf("pairKey %q", b.text["pairKey"])
		}
	})
}

func validUTF8(s string) bool { return strings.ToValidUTF8(s, "") == s }

func normalized(s string) string { return string(submission.NormalizeLineEnds([]byte(s))) }

func compareQuery(t *testing.T, raw string, b *formBody, err error, want url.Values, wantErr error) {
	t.Helper()
	if wantErr != nil {
		if !errors.Is(err, errMalformed) {
			t.Fatalf("%q is taken: %v, and url.ParseQuery says %v", raw, err, wantErr)
		}
		return
	}
	expected := fields{}
	for name, values := range want {
		if !knownFields[name] || name == "valueFile" {
			continue
		}
		if len(values) > 1 && !repeated[name] {
			if !errors.Is(err, errMalformed) {
				t.Fatalf("%q: %s comes twice, and the error is %v", raw, name, err)
			}
			return
		}
		for _, v := range values {
			if secretFields[name] {
				v = normalized(v)
			} else if !validUTF8(v) {
				if !errors.Is(err, errMalformed) {
					t.Fatalf("%q: %s is not UTF-8, and the error is %v", raw, name, err)
				}
				return
			} else {
				v = submission.Line(v)
			}
			expected[name] = append(expected[name], v)
		}
	}
	if err != nil || !reflect.DeepEqual(flat(b), expected) {
		t.Fatalf("%q: %q, %v; want %q", raw, flat(b), err, expected)
	}
}

// The order that a form becomes, with every field in its place.
func TestOrdersOfABody(t *testing.T) {
	b, err := readForm(post(urlencoded, "projectId=P&secretReferenceName=N&agentType=Azure&secretReferenceType=T&description=D&vaultName=V&secretName=S&secretKey=K&agentId=A&valueFormat=text&key=k&valueText=t&valueJSON=j&name=n&type=y&"+
		"pairKey=a&pairValue=1&pairKey=&pairValue=&pairKey=c&pairValue=3&pairKey=&pairValue=", -1))
	if err != nil {
		t.Fatal(err)
	}
	none := func(*record.Fields) string { return "" }
	r, _ := referenceForm.entered(b, none).(submission.Reference)
	if got := fmt.Sprint(r.ProjectID, r.Name, r.AgentType, r.Type, r.Description, r.VaultName, r.SecretName, r.SecretKey, r.AgentID, r.Value.Format, r.Value.Key); got != fmt.Sprint("P", "N", "Azure", "T", "D", "V", "S", "K", "A", "text", "k") {
		t.Errorf("reference: %s", got)
	}
	v, _ := valueForm.entered(b, none).(submission.Value)
	if got := fmt.Sprint(v.AgentID, v.ProjectID, v.Name, v.Type); got != fmt.Sprint("A", "P", "n", "y") {
		t.Errorf("value: %s", got)
	}
	if string(v.Value.Text.Bytes()) != "t" || string(v.Value.JSON.Bytes()) != "j" || !v.Value.File.Empty() {
		t.Error("the values are mixed up")
	}
	var rows []string
	for _, p := range v.Value.Pairs {
		rows = append(rows, p.Key+"="+string(p.Value.Bytes()))
	}
	if got := strings.Join(rows, " "); got != "a=1 = c=3" {
		t.Errorf("pairs %q: they belong together by position, and empty rows at the end do not count", got)
	}
	if !b.hasSecret() {
		t.Error("no secret was seen")
	}
	// Keys and values in different numbers: nothing is lost, and the rules say what is missing.
	b, _ = readForm(post(urlencoded, "pairKey=a&pairKey=b&pairValue=1", -1))
	if p := value(b).Pairs; len(p) != 2 || p[1].Key != "b" || !p[1].Value.Empty() {
		t.Errorf("%d pairs", len(p))
	}
	b, _ = readForm(post(urlencoded, "pairValue=1&pairValue=2&pairKey=a", -1))
	if p := value(b).Pairs; len(p) != 2 || p[1].Key != "" || p[1].Value.Empty() {
		t.Errorf("%d pairs", len(p))
	}
	b, _ = readForm(post(urlencoded, "valueText=&pairValue=&name=n", -1))
	if b.hasSecret() {
		t.Error("empty fields count as a secret")
	}
}
