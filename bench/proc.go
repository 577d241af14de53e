package main

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"time"
)

// cpu is the CPU time that a process has used, all its threads together. It comes from schedstat, which counts
// nanoseconds: the ticks of /proc/PID/stat are as long as a hundred requests to a bare server. Threads that have
// ended are missing, but Go's do not end.
func (p *process) cpu() (time.Duration, error) {
	tasks, err := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/schedstat", p.cmd.Process.Pid))
	if err != nil {
		return 0, err
	}
	if len(tasks) == 0 {
		return 0, fmt.Errorf("%s has no /proc/PID/task/*/schedstat: did it end?", p.name)
	}
	var sum time.Duration
	for _, task := range tasks {
		b, err := os.ReadFile(task)
		if err != nil {
			return 0, err
		}
		used, err := schedstat(b)
		if err != nil {
			return 0, err
		}
		sum += used
	}
	return sum, nil
}

// schedstat reads the time that a thread was running.
func schedstat(b []byte) (time.Duration, error) {
	first, _, _ := bytes.Cut(b, []byte(" "))
	n, err := strconv.ParseInt(string(first), 10, 64)
	if err != nil {
		return 0, fmt.Errorf("schedstat: %w", err)
	}
	return time.Duration(n), nil
}

// peak is the most memory that the process ever had, in KiB.
func (p *process) peak() (float64, error) {
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", p.cmd.Process.Pid))
	if err != nil {
		return 0, err
	}
	return highWater(b)
}

// highWater reads VmHWM.
func highWater(status []byte) (float64, error) {
	for line := range bytes.Lines(status) {
		rest, found := bytes.CutPrefix(line, []byte("VmHWM:"))
		if !found {
			continue
		}
		fields := bytes.Fields(rest)
		if len(fields) != 2 || string(fields[1]) != "kB" {
			break
		}
		return strconv.ParseFloat(string(fields[0]), 64)
	}
	return 0, errors.New("/proc/PID/status has no VmHWM in kB")
}
