package secret

import (
	"crypto/hkdf"
	"crypto/sha256"
	"encoding/hex"
)

// fingerprintBytes is how much of a fingerprint is shown: enough to tell a handful of keys apart, and too little to say
// anything about 32 random bytes.
const fingerprintBytes = 4

// Fingerprint names a random key of 32 bytes, so that people can compare those of two instances; purpose keeps the same
// key's fingerprints apart. It is for random keys alone: whoever has that of a password can try guesses.
func Fingerprint(key Value, purpose string) string {
	derived, err := hkdf.Key(sha256.New, key.Bytes(), nil, "portal fingerprint of "+purpose, sha256.Size)
	if err != nil {
		return "" // only for a length that no caller asks for
	}
	sum := sha256.Sum256(derived)
	return hex.EncodeToString(sum[:fingerprintBytes])
}
