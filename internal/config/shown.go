package config

import (
	"net/url"
	"reflect"
)

// shown are the settings that are not secret and not empty, by their variables, as they are in force.
func (r *reader) shown() map[string]string {
	out := map[string]string{}
	given := reflect.ValueOf(r.given)
	for _, s := range All() {
		if s.Secret() {
			continue
		}
		value := given.Field(s.index).String()
		if u, err := url.Parse(value); err == nil && u.User != nil {
			u.User = url.User("hidden") // nobody should, but somebody will
			value = u.String()
		}
		if value != "" {
			out[s.Variable] = value
		}
	}
	return out
}
