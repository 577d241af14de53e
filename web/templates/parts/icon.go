package parts

// The icons, see icon.templ.
var (
	IconBrand    = Once(iconBrand())
	IconChevron  = Once(iconChevron())
	IconArrow    = Once(iconArrow())
	IconLock     = Once(iconLock())
	IconRecord   = Once(iconRecord())
	IconNoScript = Once(iconNoScript())
	IconAWS      = Once(iconAWS())
	IconAzure    = Once(iconAzure())
	IconHosted   = Once(iconHosted())
)
