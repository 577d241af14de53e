// Package form reads the bodies of forms that hold secrets: into one buffer, of which the secrets are slices, so that
// wiping it wipes them all.
//
// It knows no form. A Table says which fields there are, and which of them are secret. Nothing of net/http or
// mime/multipart parses here: they make strings of secrets, copy them and write them to temporary files.
package form
