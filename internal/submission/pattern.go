package submission

import (
	"regexp"
	"sync"
)

// pattern is a regular expression that is compiled at its first use. Those that count to 512 are large, and compiling
// all of them would be a good part of the time in which the portal starts.
func pattern(text string) func() *regexp.Regexp {
	return sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(text) })
}
