package handlers

import "maiaportal/internal/secret/form"

// bodies reads the bodies of all forms: which one it is says the address, and the reader need not know.
var bodies = func() form.Table {
	var fields []form.Field
	for name := range knownFields {
		fields = append(fields, form.Field{
			Name:     name,
			Secret:   secretFields[name],
			File:     name == "valueFile",
			Repeated: repeated[name],
			Exact:    exactFields[name],
			Returns:  comesBack[name],
		})
	}
	return form.NewTable(maxLink, fields...)
}()
