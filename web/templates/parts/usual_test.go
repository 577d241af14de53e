package parts_test

import (
	"reflect"
	"testing"

	"maiaportal/web/templates/parts"
)

// Whatever there is to show in a field, it is not drawn as one in which nothing is.
func TestUsualField(t *testing.T) {
	if !(parts.Field{Name: "name"}).IsUsual("name") {
		t.Error("an empty field is not usual")
	}
	for i := range reflect.TypeFor[parts.Field]().NumField() {
		f := parts.Field{Name: "name"}
		switch v := reflect.ValueOf(&f).Elem().Field(i); v.Kind() {
		case reflect.String:
			v.SetString("something")
		case reflect.Slice:
			v.Set(reflect.MakeSlice(v.Type(), 1, 1))
		case reflect.Bool:
			v.SetBool(true)
		case reflect.Pointer:
			v.Set(reflect.New(v.Type().Elem()))
		default:
			t.Fatalf("a field of kind %s", v.Kind())
		}
		if f.IsUsual("name") {
			t.Errorf("%+v is drawn as if it were empty", f)
		}
	}
}
