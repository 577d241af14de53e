package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
)

// about is the first line of a file of results.
type about struct {
	Time   string `json:"time"`
	Portal string `json:"portal"` // commit or binary
	Store  string `json:"store"`
	Proxy  string `json:"oauth2_proxy"`
	Go     string `json:"go"`
	CPUs   int    `json:"cpus"`
	Quick  bool   `json:"quick"`
}

// sample is what one server did in one round, one line of a file of results. A figure that was not taken is 0.
type sample struct {
	Case     string  `json:"case"`
	Load     string  `json:"load"`
	Server   string  `json:"server"`
	Subject  string  `json:"subject"` // the server whose figures are divided by the others'
	Round    int     `json:"round"`
	Requests int     `json:"requests"`
	CPU      float64 `json:"cpu_us,omitempty"`   // by request
	Rate     float64 `json:"rate,omitempty"`     // requests a second
	P50      float64 `json:"p50_us,omitempty"`   // latencies
	P99      float64 `json:"p99_us,omitempty"`   //
	Peak     float64 `json:"peak_kib,omitempty"` // memory, the most so far
}

// newSample has what can be told from latencies alone.
func newSample(server string, b burst) sample {
	var sorted []float64
	for _, l := range b.latency {
		sorted = append(sorted, micros(l))
	}
	slices.Sort(sorted)
	return sample{
		Server:   server,
		Requests: len(sorted),
		Rate:     float64(len(sorted)) / b.took.Seconds(),
		P50:      quantile(sorted, 0.5),
		P99:      quantile(sorted, 0.99),
	}
}

// recorder keeps samples and writes them to the file of results.
type recorder struct {
	file    *os.File
	samples []sample
}

func newRecorder(o options, a about) (*recorder, error) {
	if err := os.MkdirAll(filepath.Dir(o.results), 0o750); err != nil {
		return nil, err
	}
	f, err := os.Create(o.results)
	if err != nil {
		return nil, err
	}
	return &recorder{file: f}, json.NewEncoder(f).Encode(a)
}

func (r *recorder) close() error { return r.file.Close() }

// record takes the samples of one case.
type record struct {
	*recorder
	name, subject string
}

func (r *recorder) of(c contest) record { return record{r, c.name, c.subject} }

func (r record) add(s sample) error {
	s.Case = r.name
	s.Subject = r.subject
	r.samples = append(r.samples, s)
	return json.NewEncoder(r.file).Encode(s)
}

// readSamples reads a file of results.
func readSamples(path string) (about, []sample, error) {
	f, err := os.Open(path) // #nosec G703 -- whoever compares names the files
	if err != nil {
		return about{}, nil, err
	}
	defer func() { _ = f.Close() }()
	a, list, err := decodeSamples(bufio.NewReader(f))
	if err != nil {
		return about{}, nil, fmt.Errorf("%s: %w", path, err)
	}
	return a, list, nil
}

func decodeSamples(from io.Reader) (about, []sample, error) {
	d := json.NewDecoder(from)
	var a about
	if err := d.Decode(&a); err != nil {
		return about{}, nil, err
	}
	var list []sample
	for d.More() {
		var s sample
		if err := d.Decode(&s); err != nil {
			return about{}, nil, err
		}
		list = append(list, s)
	}
	return a, list, nil
}
