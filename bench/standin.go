package main

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"sync/atomic"
	"time"

	"maiaportal/internal/sandbox/maia"
)

// Agents with which the stand-in for Maia behaves in another way.
const (
	refusedAgent = "bench-refused"
	slowAgent    = "bench-slow"
	slowness     = time.Second
)

const (
	stored = `{"resolver_ref":"vault:aws:bench#password","vaultSecretName":"bench"}`

	refusal = `{"type":"https://api.matillion.com/problems/bad-request","title":"Bad Request","status":400,` +
		`"detail":"Wrong request parameters used: the secret could not be read as the kind of secret that its type names",` +
		`"instance":"/v1/secrets/{agentId}/secret-value","violations":["secret.type: must be one of the types of this account"]}`
)

// lastPath is where the stand-in hands out the last body that it was sent, so that the others get the same bytes.
const lastPath = "/bench/last"

// standIn answers as Maia does, and does nothing else.
func standIn(mux *http.ServeMux) {
	var last atomic.Pointer[[]byte]
	mux.HandleFunc("POST /v1/secrets/{agentId}/secret-value", func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			return
		}
		last.Store(&body)
		w.Header().Set("Content-Type", "application/json")
		switch r.PathValue("agentId") {
		case refusedAgent:
			w.Header().Set("Content-Type", "application/problem+json")
			w.WriteHeader(http.StatusBadRequest)
			_, _ = io.WriteString(w, refusal)
			return
		case slowAgent:
			time.Sleep(slowness)
		}
		w.WriteHeader(http.StatusCreated)
		_, _ = io.WriteString(w, stored)
	})
	mux.HandleFunc("GET "+lastPath, func(w http.ResponseWriter, _ *http.Request) {
		if body := last.Load(); body != nil {
			_, _ = w.Write(*body)
		}
	})
	mux.HandleFunc("GET /v1/projects", func(w http.ResponseWriter, _ *http.Request) { list(w, maia.Projects()) })
	mux.HandleFunc("GET /v1/agents", func(w http.ResponseWriter, _ *http.Request) {
		var agents []map[string]string
		for _, a := range maia.Agents() {
			agents = append(agents, map[string]string{
				"agentId":       a.ID,
				"name":          a.Name,
				"agentType":     a.Kind,
				"cloudProvider": a.CloudProvider,
				"agentStatus":   a.Status,
			})
		}
		list(w, agents)
	})
}

// list answers with one page that has everything.
func list[T any](w http.ResponseWriter, all []T) {
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(map[string]any{"page": 0, "size": 100, "total": len(all), "results": all})
}

// lastBody is what the stand-in was sent last.
func lastBody(ctx context.Context, maia *process) ([]byte, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, maia.base+lastPath, nil)
	if err != nil {
		return nil, err
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return nil, err
	}
	defer func() { _ = resp.Body.Close() }()
	return io.ReadAll(resp.Body)
}
