package maia

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"mime"
	"strings"
	"unicode/utf8"

	"maiaportal/internal/sandbox/web"
)

// member is one member of a JSON object, as it was sent.
type member = json.RawMessage

var errNotObject = errors.New("sandbox: not a JSON object")

// decodeObject keeps each member's bytes as they are. Names are matched exactly, which
// encoding/json does not do for structs.
func decodeObject(raw []byte) (map[string]member, error) {
	if !json.Valid(raw) {
		return nil, errors.New("sandbox: not JSON")
	}
	if !bytes.HasPrefix(bytes.TrimLeft(raw, " \t\r\n"), []byte("{")) {
		return nil, errNotObject
	}
	var members map[string]member
	if err := json.Unmarshal(raw, &members); err != nil {
		return nil, err
	}
	return members, nil
}

func isJSON(contentType string) bool {
	mediaType, params, err := mime.ParseMediaType(contentType)
	charset := params["charset"]
	return err == nil && mediaType == web.JSONType && (charset == "" || strings.EqualFold(charset, "utf-8"))
}

func decodeForLog(body []byte) map[string]any {
	var decoded map[string]any
	if json.Unmarshal(body, &decoded) != nil {
		return nil
	}
	return withoutSecrets(decoded)
}

// sentValue finds the secret in a body that nobody has checked yet, for Fault.Echo.
func sentValue(body []byte) []byte {
	var sent struct {
		SecretValue member `json:"secretValue"`
		Secret      struct {
			Value member `json:"value"`
		} `json:"secret"`
	}
	_ = json.Unmarshal(body, &sent)
	if sent.SecretValue != nil {
		return sent.SecretValue
	}
	return sent.Secret.Value
}

// checker reads members and gathers violations as Maia words them: the property, then what is
// wrong.
type checker struct {
	members    map[string]member
	violations []string
}

func (c *checker) violate(name, format string, args ...any) {
	c.violations = append(c.violations, name+": "+fmt.Sprintf(format, args...))
}

func (c *checker) has(name string) bool {
	raw, ok := c.members[name]
	return ok && string(raw) != "null"
}

// text reads an optional string that is not empty.
func (c *checker) text(name string) string {
	if !c.has(name) {
		return ""
	}
	var text string
	if json.Unmarshal(c.members[name], &text) != nil {
		c.violate(name, "must be a string")
		return ""
	}
	if text == "" {
		c.violate(name, "must not be empty")
	}
	return text
}

// requiredText reads a string that must be there and say something.
func (c *checker) requiredText(name string) string {
	var text string
	switch {
	case c.members[name] != nil && json.Unmarshal(c.members[name], &text) != nil:
		c.violate(name, "must be a string")
	case strings.TrimSpace(text) == "":
		c.violate(name, "must not be blank")
	}
	return text
}

// oneOf reads a required string of a closed list.
func (c *checker) oneOf(name string, allowed ...string) string {
	before := len(c.violations)
	text := c.requiredText(name)
	if len(c.violations) > before {
		return ""
	}
	for _, a := range allowed {
		if text == a {
			return text
		}
	}
	c.violate(name, "must be one of %s", strings.Join(allowed, ", "))
	return ""
}

// atMost reads an optional string of up to so many characters; it may be empty.
func (c *checker) atMost(name string, limit int) string {
	if !c.has(name) {
		return ""
	}
	var text string
	if json.Unmarshal(c.members[name], &text) != nil {
		c.violate(name, "must be a string")
		return ""
	}
	if utf8.RuneCountInString(text) > limit {
		c.violate(name, "size must be between 0 and %d", limit)
	}
	return text
}

// object reads a required JSON object, as the bytes that were sent and by its properties.
func (c *checker) object(name string) (raw []byte, properties map[string]member) {
	if !c.has(name) {
		c.violate(name, "must not be null")
		return nil, nil
	}
	properties, err := decodeObject(c.members[name])
	if err != nil {
		c.violate(name, "must be a JSON object")
		return nil, nil
	}
	return c.members[name], properties
}
