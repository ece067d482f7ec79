package vips

import (
	"bytes"
	"testing"

	"burnish/imaging"
)

// profileOf takes the profile out of a fixture as libvips does.
func profileOf(t *testing.T, file string) []byte {
	t.Helper()
	data := fixture(t, file)
	format, err := sniff(data)
	if err != nil {
		t.Fatal(err)
	}
	library.Lock()
	defer library.Unlock()
	h, err := readHeader(format, data, imaging.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	return h.profile
}

// A profile is sRGB by its numbers, not by its name.
func TestIsSRGB(t *testing.T) {
	engine(t)
	for _, test := range []struct {
		file, name string
		want       bool
	}{
		{"srgb-other-name.png", "Not called by its name", true},
		{"srgb-gamma-2.2.png", "sRGB IEC61966-2.1", false},
		{"p3.jpg", "Display P3", false},
		{"adobe.tif", "Adobe RGB (1998)", false},
		{"adobe-exif.jpg", "Adobe RGB (1998), by EXIF", false},
		{"prophoto-16.tif", "ProPhoto RGB", false},
		{"swapped.jpg", "sRGB, red and green swapped", false},
		{"grey-1.8.png", "Grey, gamma 1.8", false},
		{"cmyk.tif", "Burnish test press", false},
		{"broken-profile.jpg", "", false},
	} {
		t.Run(test.file, func(t *testing.T) {
			profile := profileOf(t, test.file)
			if isSRGB(profile) != test.want {
				t.Errorf("is sRGB: %t", !test.want)
			}
			if name := profileName(profile); name != test.name {
				t.Errorf("called %q, want %q", name, test.name)
			}
		})
	}
}

// Profiles come from strangers: cut anywhere or with any byte changed, they are read or not.
func TestHostileProfiles(t *testing.T) {
	engine(t)
	whole := profileOf(t, "srgb-other-name.png")
	for cut := range whole {
		if cut < 600 || cut%97 == 0 {
			isSRGB(whole[:cut])
			profileName(whole[:cut])
		}
	}
	for at := range 400 {
		for _, v := range []byte{0, 0x7f, 0xff} {
			p := bytes.Clone(whole)
			p[at] = v
			isSRGB(p)
			profileName(p)
		}
	}
}

func FuzzProfile(f *testing.F) {
	f.Add([]byte("not a profile"))
	f.Fuzz(func(t *testing.T, p []byte) {
		isSRGB(p)
		if n := len([]rune(profileName(p))); n > 80 {
			t.Errorf("a name of %d characters", n)
		}
	})
}
