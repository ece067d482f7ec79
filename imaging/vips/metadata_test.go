package vips

import (
	"bytes"
	"strings"
	"testing"

	"burnish/imaging"
)

// Whatever the file says of its owner stays in every variant; where and with what it was taken
// goes, with the profile and the thumbnail.
func TestRightsStayAndTheRestGoes(t *testing.T) {
	for _, file := range []string{"metadata.jpg", "metadata.png", "metadata.webp", "metadata.tif"} {
		t.Run(file, func(t *testing.T) {
			source := fixture(t, file)
			if !bytes.Contains(source, []byte("DROPPED")) {
				t.Fatal("the fixture has nothing to drop")
			}
			e := engine(t)
			r := process(t, e, catalogue(source))
			for _, v := range r.Variants {
				for _, gone := range []string{"DROPPED", "Exif\x00\x00", "EXIF", "GPS", "Photoshop 3.0", "ICC_PROFILE", "ICCP", "prof"} {
					if v.Format == imaging.AVIF && gone == "Exif\x00\x00" && strings.HasPrefix(e.Build().Libvips, "8.14") {
						continue // of its own making: a resolution
					}
					if bytes.Contains(v.Data, []byte(gone)) {
						t.Errorf("%s has %q", v.Format, gone)
					}
				}
				if !bytes.Contains(v.Data, []byte("Anna Kept")) {
					t.Errorf("%s does not name its owner", v.Format)
				}
			}
		})
	}
}

// The profile of a wide-gamut photo is used and dropped: what is written is sRGB.
func TestVariantsCarryNoProfile(t *testing.T) {
	for _, file := range []string{"p3.jpg", "cmyk.jpg", "srgb-other-name.png"} {
		r := process(t, engine(t), catalogue(fixture(t, file)))
		for _, v := range r.Variants {
			if bytes.Contains(v.Data, []byte("acsp")) || bytes.Contains(v.Data, []byte("Exif")) {
				t.Errorf("%s of %s carries a profile or EXIF", v.Format, file)
			}
		}
	}
}
