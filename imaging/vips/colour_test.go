package vips

import (
	"fmt"
	"strings"
	"testing"

	"burnish/imaging"
)

// Every fixture shows the same chart, whose colours are known: testdata/profiles.py
// computed its samples. The right colours in sRGB are therefore the chart's own.
func TestColoursComeOutRight(t *testing.T) {
	green := make([]rgb, len(chart)) // grey-1.8.png shows the green of each patch as a grey
	for i, c := range chart {
		green[i] = rgb{c[1], c[1], c[1]}
	}
	greys := make([]rgb, len(chart))
	for i, c := range chart { // ImageMagick's grey: BT.709 luma
		v := int(0.212656*float64(c[0]) + 0.715158*float64(c[1]) + 0.072186*float64(c[2]) + 0.5)
		greys[i] = rgb{v, v, v}
	}
	for _, test := range []struct {
		file      string
		want      []rgb
		tolerance int
	}{
		{"chart.png", chart, 1},
		{"progressive.jpg", chart, 2},
		{"chart.webp", chart, 6}, // lossy, and WebP's range of 16 to 235
		{"lossless.webp", chart, 1},
		{"chart.avif", chart, 3},
		{"chart-10.avif", chart, 3},
		{"chart.gif", chart, 1},
		{"palette.png", chart, 1},
		{"interlaced.png", chart, 1},
		{"rgb-16.png", chart, 1},
		{"tiled.tif", chart, 1},
		{"jpeg-inside.tif", chart, 2},
		{"lab.tif", chart, 2},
		{"alpha-opaque.png", chart, 1},

		{"p3.png", chart, 2},
		{"p3.jpg", chart, 4},
		{"p3-nclx.avif", chart, 4},
		{"p3-cicp.png", chart, 2},
		{"adobe.jpg", chart, 3},
		{"adobe.tif", chart, 2},
		{"adobe-exif.jpg", chart, 3},
		{"prophoto-16.png", chart, 2},
		{"prophoto-16.tif", chart, 2},
		{"swapped.jpg", chart, 3},
		{"srgb-other-name.png", chart, 1},
		{"srgb-gamma-2.2.png", chart, 2}, // its name says sRGB, its curve does not
		{"broken-profile.jpg", chart, 2},

		{"grey.jpg", greys, 3},
		{"grey-16.png", greys, 2},
		{"grey-1.8.png", green, 2},
	} {
		t.Run(test.file, func(t *testing.T) {
			r := process(t, engine(t), exact(fixture(t, test.file), 48))
			wantPatches(t, patches(decodeJPEG(t, r.Variants[0].Data)), test.want, test.tolerance)
		})
	}
}

// What lcms makes of the CMYK chart stands in expected-cmyk.txt, written by testdata/make.
func TestCMYKFollowsItsProfile(t *testing.T) {
	var want []rgb
	for line := range strings.Lines(string(fixture(t, "expected-cmyk.txt"))) {
		var c rgb
		if _, err := fmt.Sscan(line, &c[0], &c[1], &c[2]); err != nil {
			t.Fatal(err)
		}
		want = append(want, c)
	}
	for file, tolerance := range map[string]int{"cmyk.tif": 2, "cmyk.jpg": 4} {
		t.Run(file, func(t *testing.T) {
			r := process(t, engine(t), exact(fixture(t, file), 48))
			wantPatches(t, patches(decodeJPEG(t, r.Variants[0].Data)), want, tolerance)
			if r.Source.Bands != 4 || r.Source.Profile != "Burnish test press" {
				t.Errorf("source is %+v", r.Source)
			}
		})
	}
}

// Without a profile nobody knows the press, but inks are still inks.
func TestCMYKWithoutProfile(t *testing.T) {
	for _, file := range []string{"cmyk-untagged.tif", "cmyk-untagged.jpg"} {
		t.Run(file, func(t *testing.T) {
			r := process(t, engine(t), exact(fixture(t, file), 48))
			p := patches(decodeJPEG(t, r.Variants[0].Data))
			paper, cyan, magenta, yellow, black := p[0], p[1], p[2], p[3], p[4]
			for name, ok := range map[string]bool{
				"paper is white":         min(paper[0], paper[1], paper[2]) > 245,
				"cyan lacks red":         cyan[0] < 80 && cyan[1] > 120 && cyan[2] > 180,
				"magenta lacks green":    magenta[1] < 80 && magenta[0] > 180,
				"yellow lacks blue":      yellow[2] < 80 && yellow[0] > 220 && yellow[1] > 200,
				"black is dark and grey": max(black[0], black[1], black[2]) < 60,
			} {
				if !ok {
					t.Errorf("not so: %s, in %v", name, p[:5])
				}
			}
		})
	}
}

// The wide-gamut photo's halves differ in P3 only: in sRGB both are pure red.
func TestWideGamutIsConverted(t *testing.T) {
	r := process(t, engine(t), exact(fixture(t, "P3-sRGB-red.png"), 320))
	img := decodeJPEG(t, r.Variants[0].Data)
	for _, x := range []int{40, 280} {
		if r, g, b, _ := img.At(x, 160).RGBA(); r>>8 < 250 || g>>8 > 12 || b>>8 > 12 {
			t.Errorf("at %d: %d %d %d, want pure red", x, r>>8, g>>8, b>>8)
		}
	}
	if r.Source.Profile == "" {
		t.Error("the profile has no name")
	}
}

// The pinned libvips does not read it. Where a build does, the colours are right: as right as a
// step of 1 in a* or b* lets them be, which is 7 levels of a dark green's red.
func TestLabOf8BitsIsRefusedOrRight(t *testing.T) {
	r, err := engine(t).Process(exact(fixture(t, "lab-8.tif"), 48), unlimited)
	if err != nil {
		wantFact(t, err, imaging.ErrUnsupported)
		return
	}
	wantPatches(t, patches(decodeJPEG(t, r.Variants[0].Data)), chart, 7)
}

// Taken for sRGB, high dynamic range comes out grey; so it is refused.
func TestHighDynamicRangeIsRefused(t *testing.T) {
	_, err := engine(t).Process(exact(fixture(t, "pq.avif"), 48), unlimited)
	wantFact(t, err, imaging.ErrUnsupported, "high dynamic range")
}
