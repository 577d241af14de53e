package session

import (
	"bytes"
	"errors"
	"strconv"
	"time"
	"unicode/utf8"

	"maiaportal/internal/secret/plainjson"
)

// errStored is a stored login that is none. It quotes nothing of it.
var errStored = errors.New("auth: what is stored is no login")

// read reads what encoding/json has written of a login. Each request with a session does that, and encoding/json itself
// takes several times as long for it.
func (s *storedLogin) read(plain []byte) error {
	if _, err := (plainjson.Walk{}).Object(plain); err != nil {
		return errStored
	}
	return readObject(plain, s.field)
}

// field is where a member of a login goes; nil: one of a newer version.
func (s *storedLogin) field(name []byte) any {
	switch string(name) {
	case "iss":
		return &s.Issuer
	case "sub":
		return &s.Subject
	case "name":
		return &s.Name
	case "email":
		return &s.Email
	case "groups":
		return &s.Groups
	case "sid":
		return &s.SID
	case "auth_time":
		return &s.AuthTime
	case "acr":
		return &s.ACR
	case "access_token":
		return &s.AccessToken
	case "obtained":
		return &s.Obtained
	case "expires":
		return &s.Expires
	case "refresh_token":
		return &s.RefreshToken
	case "id_token":
		return &s.IDToken
	case "exchanged":
		return &s.Exchanged
	}
	return nil
}

func (s *storedExchanged) field(name []byte) any {
	switch string(name) {
	case "token":
		return &s.Token
	case "obtained":
		return &s.Obtained
	case "expires":
		return &s.Expires
	}
	return nil
}

// readObject reads each member of valid JSON into its field.
func readObject(raw []byte, field func(name []byte) any) error {
	var failed error
	ok := plainjson.Members(raw, func(name, value []byte) {
		if into := field(name); into != nil && string(value) != "null" {
			failed = errors.Join(failed, readValue(into, value))
		}
	})
	if !ok {
		return errStored
	}
	return failed
}

func readValue(into any, value []byte) error {
	switch into := into.(type) {
	case *string:
		return readText(into, value)
	case *[]string:
		list, ok := plainjson.Elements(value)
		if !ok {
			return errStored
		}
		*into = make([]string, len(list))
		for i, v := range list {
			if err := readText(&(*into)[i], v); err != nil {
				return err
			}
		}
	case *int64:
		n, err := strconv.ParseInt(string(value), 10, 64)
		if err != nil {
			return errStored
		}
		*into = n
	case *time.Time:
		if into.UnmarshalJSON(value) != nil {
			return errStored
		}
	case *storedExchanged:
		return readObject(value, into.field)
	}
	return nil
}

func readText(into *string, value []byte) error {
	if value[0] != '"' {
		return errStored
	}
	if inside := value[1 : len(value)-1]; utf8.Valid(inside) && bytes.IndexByte(inside, '\\') < 0 {
		*into = string(inside)
		return nil
	}
	text := plainjson.Text(value)
	defer clear(text) // it may be a token
	*into = string(text)
	return nil
}
