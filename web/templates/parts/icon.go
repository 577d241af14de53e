package parts

// The icons, see icon.templ.
var (
	IconBrand   = Once(iconBrand())
	IconChevron = Once(iconChevron())
	IconArrow   = Once(iconArrow())
	IconAWS     = Once(iconAWS())
	IconAzure   = Once(iconAzure())
	IconHosted  = Once(iconHosted())
)
