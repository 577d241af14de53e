package parts_test

import (
	"strings"
	"testing"

	"github.com/a-h/templ"

	"maiaportal/web/templates/parts"
)

// Somebody who mistyped a name, or began with one, is still offered those that are known.
func TestSuggestions(t *testing.T) {
	for name, tc := range map[string]struct {
		f    parts.Field
		want bool
	}{
		"nothing typed":        {parts.Field{}, true},
		"a beginning":          {parts.Field{Value: "OAUTH"}, true},
		"one that is known":    {parts.Field{Value: "PASSWORD"}, false},
		"fixed by a preset":    {parts.Field{Value: "OTHER", Locked: true}, false},
		"empty, but fixed too": {parts.Field{Locked: true}, false},
	} {
		t.Run(name, func(t *testing.T) {
			tc.f.Name = "type"
			tc.f.Options = []parts.Option{
				{
					Value: "PASSWORD",
					Label: "One password",
				}, {
					Value: "OAUTH_CLIENT_CREDENTIALS",
					Label: "An OAuth client",
				},
			}
			var b strings.Builder
			if err := parts.TextField(tc.f, "Secret type", true).Render(templ.InitializeContext(t.Context()), &b); err != nil {
				t.Fatal(err)
			}
			list, used := strings.Contains(b.String(), `<datalist id="type-list">`), strings.Contains(b.String(), `list="type-list"`)
			if list != tc.want || used != tc.want {
				t.Errorf("suggestions %t, used by the field %t, want %t: %s", list, used, tc.want, b.String())
			}
		})
	}
}
