// Package harden keeps what is in the process's memory there: nobody may dump it, and the runtime must
// not store registers in it that a secret went through.
//
// It is about the process as a whole. What is wiped, and when, is the business of those who hold it, and
// of package wipe.
package harden

import "strings"

// preemption is the setting of the Go runtime that has it interrupt goroutines by signals.
const preemption = "asyncpreemptoff"

// steady is an environment in which the runtime does not interrupt goroutines by signals, and whether
// it differs from environ.
func steady(environ []string) ([]string, bool) {
	out := make([]string, 0, len(environ)+1)
	setting := preemption + "=1"
	for _, v := range environ {
		if before, ok := strings.CutPrefix(v, "GODEBUG="); ok {
			if strings.Contains(before, preemption+"=") {
				return environ, false // the operator's word
			}
			if before != "" {
				setting = before + "," + setting
			}
			continue
		}
		out = append(out, v)
	}
	return append(out, "GODEBUG="+setting), true
}
