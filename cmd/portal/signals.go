package main

import (
	"os"
	"os/signal"
	"slices"
	"syscall"
)

// inert are signals that would end the process on the spot, with whatever is under way, though whoever
// sends them means something else: read the configuration again, or begin a new log file.
var inert = []os.Signal{syscall.SIGHUP}

// ends are the signals that ask the process to end.
var ends = []os.Signal{syscall.SIGTERM, syscall.SIGINT}

// signalsCaught are those that came since catchSignals.
type signalsCaught struct {
	came chan os.Signal
	done chan struct{}
}

// catchSignals begins to catch, as early as it can be done: what came before watch is not lost.
func catchSignals() *signalsCaught {
	// Somebody who reads the logs and goes away must not end the process: the next line would.
	signal.Ignore(syscall.SIGPIPE)
	s := &signalsCaught{came: make(chan os.Signal, 16), done: make(chan struct{})}
	signal.Notify(s.came, slices.Concat(inert, ends)...)
	return s
}

// watch calls tell for each inert signal. again is closed when the process is asked to end for the second
// time; the first time is main's business.
func (s *signalsCaught) watch(tell func(os.Signal)) (again <-chan struct{}) {
	hurry := make(chan struct{})
	go func() {
		asked := 0
		for {
			select {
			case <-s.done:
				return
			case sig := <-s.came:
				if slices.Contains(inert, sig) {
					tell(sig)
					continue
				}
				if asked++; asked == 2 {
					close(hurry)
				}
			}
		}
	}()
	return hurry
}

// stop gives the signals back, all but SIGPIPE: the process has a last word to say.
func (s *signalsCaught) stop() {
	signal.Stop(s.came)
	close(s.done)
}
