package parts

import (
	"slices"

	"github.com/a-h/templ"
)

// What the fields of a value look like as long as nothing is known, entered or wrong.
var (
	ValuePromises = Once(valuePromises())

	usualFormats = func() map[string]templ.Component {
		choices := map[string]templ.Component{}
		for _, chosen := range append([]string{""}, allFormats...) {
			choices[chosen] = Once(formatChoice(ValueFields{
				Formats: allFormats,
				Format:  Choice{Name: formatName, Chosen: chosen},
			}))
		}
		return choices
	}()
	usualText = Once(textGroup(ValueFields{Text: SecretField{Name: "valueText"}}, false))
	usualJSON = Once(jsonGroup(ValueFields{JSON: SecretField{Name: "valueJSON"}}, false))
	usualFile = Once(secretFile(SecretField{Name: "valueFile"}, "", false))
	usualKeys = map[string]templ.Component{
		KeyForAll:  Once(keyField(Field{Name: keyName}, KeyForAll)),
		KeyForText: Once(keyField(Field{Name: keyName}, KeyForText)),
	}
	fromLink  = Once(linkMark())
	fixed     = Once(fixedMark())
	showPairs = Once(showBox("pairValue"))
	emptyRows = func() (rows [usualRows]templ.Component) {
		for i := range rows {
			rows[i] = Once(pairRow(Pair{}, i, false))
		}
		return rows
	}()
	checkBoxes = func() map[checkState]templ.Component {
		boxes := map[checkState]templ.Component{}
		for _, s := range []checkState{{false, false}, {false, true}, {true, false}, {true, true}} {
			boxes[s] = Once(checkBox(s))
		}
		return boxes
	}()
)

const (
	formatName = "valueFormat"
	keyName    = "key"
	// usualRows is how many empty rows are drawn before somebody needs them: as many as a form can have.
	usualRows = 50
)

// allFormats are the formats of a value in their order.
var allFormats = []string{"text", "pairs", "json", "file"}

// checkState is how the box stands that asks for a look at the value.
type checkState struct{ ticked, doubted bool }

func (v ValueFields) hasUsualFormats() bool {
	return v.Format.Name == formatName && len(v.Format.Errors) == 0 && !v.Format.Linked && !v.Format.Locked &&
		v.TextLabel == "" && slices.Equal(v.Formats, allFormats)
}

func (v ValueFields) hasUsualText() bool {
	return len(v.Text.Errors) == 0 && v.TextLabel == "" && v.TextHint == "" && !v.Short
}

func (v ValueFields) hasUsualFile() bool {
	return v.File.Name == "valueFile" && len(v.File.Errors) == 0 && v.FileHint == ""
}

// IsUsual says whether a field of some name is as Once may draw it: nothing is known, entered or wrong.
func (f Field) IsUsual(name string) bool {
	return f.Name == name && f.Value == "" && f.Rule == "" && f.Advice == "" && len(f.Options) == 0 &&
		len(f.Errors) == 0 && !f.Linked && !f.Locked && !f.MayStay && f.Picker == nil
}

func (p Pair) isEmpty() bool { return p.Key == "" && len(p.KeyErrors)+len(p.ValueErrors) == 0 }
