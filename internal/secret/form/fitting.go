package form

import "slices"

// Fitting leaves out the longest of a list until the rest fits. Its order stays.
func Fitting[T any](list []T, most int, length func(T) int) []T {
	total := 0
	lengths := make([]int, len(list))
	order := make([]int, len(list))
	for i, v := range list {
		lengths[i] = length(v)
		order[i] = i
		total += lengths[i]
	}
	if total <= most {
		return list
	}
	slices.SortStableFunc(order, func(a, b int) int { return lengths[b] - lengths[a] })
	left := make([]bool, len(list))
	for _, i := range order {
		if total <= most {
			break
		}
		total -= lengths[i]
		left[i] = true
	}
	var kept []T
	for i, v := range list {
		if !left[i] {
			kept = append(kept, v)
		}
	}
	return kept
}

// PairLen is how long a field becomes in a query (url.QueryEscape), which is not made for it.
func PairLen[T string | []byte](name string, value T) int {
	return len(name) + escapedLen(value) + len("=&")
}

func escapedLen[T string | []byte](text T) int {
	n := 0
	for i := range len(text) {
		switch c := text[i]; {
		case c >= 'a' && c <= 'z', c >= 'A' && c <= 'Z', c >= '0' && c <= '9',
			c == '-', c == '_', c == '.', c == '~', c == ' ':
			n++
		default:
			n += 3
		}
	}
	return n
}
