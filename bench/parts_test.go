package main

import (
	"bytes"
	"io"
	"mime/multipart"
	"strings"
	"testing"
	"time"
)

func TestProcFiles(t *testing.T) {
	if got, err := schedstat([]byte("5371945 1566662 2\n")); got != 5371945*time.Nanosecond || err != nil {
		t.Errorf("schedstat: %v, %v", got, err)
	}
	if _, err := schedstat(nil); err == nil {
		t.Error("an empty schedstat is read")
	}
	if got, err := highWater([]byte("VmPeak:\t 3892 kB\nVmHWM:\t    2268 kB\nVmRSS:\t 1 kB\n")); got != 2268 || err != nil {
		t.Errorf("VmHWM: %v, %v", got, err)
	}
	if _, err := highWater([]byte("VmPeak:\t 3892 kB\n")); err == nil {
		t.Error("a status without VmHWM is read")
	}
}

const page = `<form><input type="hidden" name="formToken" value="t0ken"/><input name="name" value="a &amp; b"/>
<input type="radio" name="valueFormat" value="text" checked/><input type="radio" name="valueFormat" value="json"/>
<input type="checkbox" name="check" value="yes" checked/><input type="file" name="valueFile"/></form>`

func TestFormAsBrowsersSendIt(t *testing.T) {
	fields := inputs([]byte(page))
	if got := fields.Encode(); got != "check=yes&formToken=t0ken&name=a+%26+b&valueFormat=text" {
		t.Errorf("the page's fields: %s", got)
	}
	body, err := newTemplate(form{agent: "agent", value: "v1\r\nv2", noCheck: true}.fill(fields))
	if err != nil {
		t.Fatal(err)
	}
	token, err := tokenOf([]byte(page))
	if err != nil || token != "t0ken" {
		t.Fatal(token, err)
	}
	sent := map[string]string{}
	parts := multipart.NewReader(bytes.NewReader(body.with(token)), boundary)
	for {
		p, err := parts.NextPart()
		if err == io.EOF {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		b, err := io.ReadAll(p)
		if err != nil {
			t.Fatal(err)
		}
		sent[p.FormName()] = string(b)
	}
	if _, ticked := sent["check"]; ticked {
		t.Error("check is sent though its box is not ticked")
	}
	if sent["formToken"] != "t0ken" || sent["valueText"] != "v1\r\nv2" || sent["agentId"] != "agent" {
		t.Errorf("%v", sent)
	}
	if _, err := tokenOf([]byte("<form></form>")); err == nil {
		t.Error("a page without a token has one")
	}
}

func TestValuesAreOfTheirLength(t *testing.T) {
	if got := randomText(40); len(got) != 40 || got == randomText(40) {
		t.Errorf("%q", got)
	}
	long := lines(randomText(longValue))
	if n := len(strings.ReplaceAll(long, "\r", "")); n < 245_000 || n > 256<<10 {
		t.Errorf("the long value has %d bytes", n)
	}
	for l := range strings.SplitSeq(long, "\r\n") {
		if len(l) > lineLength {
			t.Fatalf("a line of %d", len(l))
		}
	}
	if key, err := privateKey(); err != nil || !strings.HasPrefix(key, "-----BEGIN PRIVATE KEY-----\r\n") {
		t.Errorf("%q, %v", key, err)
	}
}

// A round has about as many tokens as requests, and more when the server got quicker.
func TestTokensForARound(t *testing.T) {
	got := needed(&target{speed: 200}, load{connections: 16}, time.Second)
	if got != 364 {
		t.Errorf("closed: %d", got)
	}
	if got := needed(&target{speed: 2}, load{rate: 200}, 400*time.Millisecond); got != 81 {
		t.Errorf("open: %d", got)
	}
}
