package vips

import (
	"testing"

	"burnish/imaging"
)

func TestSniff(t *testing.T) {
	for file, want := range map[string]imaging.Format{
		"grey.jpg": imaging.JPEG, "chart.png": imaging.PNG, "chart.webp": imaging.WebP, "chart.avif": imaging.AVIF,
		"lab.tif": imaging.TIFF, "chart.gif": imaging.GIF, "chart.heic": imaging.HEIC,
	} {
		t.Run(file, func(t *testing.T) {
			if got, err := sniff(fixture(t, file)); got != want || err != nil {
				t.Errorf("got %s, %v", got, err)
			}
		})
	}
	for brand, want := range map[string]imaging.Format{
		"avis": imaging.AVIF, "heix": imaging.HEIC, "hevc": imaging.HEIC, "mif1....avif": imaging.AVIF, "mif1....heic": imaging.HEIC,
	} {
		t.Run(brand, func(t *testing.T) {
			box := "\x00\x00\x00\x20ftyp" + brand + "\x00\x00\x00\x00\x00\x00\x00\x00"
			if got, err := sniff([]byte(box)); got != want || err != nil {
				t.Errorf("got %s, %v", got, err)
			}
		})
	}
}

// What is not read is refused by name, before any loader sees it.
func TestOtherTypesAreRefusedByName(t *testing.T) {
	e := engine(t)
	for name, head := range map[string]string{
		"Photoshop":      "8BPS\x00\x01",
		"JPEG XL":        "\xff\x0a\xfa\x1f",
		"JPEG 2000":      "\x00\x00\x00\x0cjP  \r\n\x87\n",
		"BMP":            "BM\x36\x00\x00\x00",
		"PDF":            "%PDF-1.7\n%",
		"PostScript":     "%!PS-Adobe",
		"SVG":            "<?xml version='1.0'?><!-- a --><svg xmlns='x' width='9' height='9'/>",
		"OpenEXR":        "v/1\x01\x02",
		"Radiance":       "#?RADIANCE\n",
		"icon":           "\x00\x00\x01\x00\x01\x00",
		"Canon RAW":      "\x00\x00\x00\x18ftypcrx \x00\x00\x00\x01crx isom",
		"video":          "\x00\x00\x00\x18ftypisom\x00\x00\x02\x00isommp42",
		"RIFF media":     "RIFF\x24\x00\x00\x00WAVEfmt ",
		"PPM":            "P6\n2 2\n255\n012345678901",
		"libvips":        "\x08\xf2\xa6\xb6\x00\x00\x00\x10",
		"ZIP":            "PK\x03\x04\x14",
		"FITS":           "SIMPLE  =                    T",
		"MATLAB":         "MATLAB 5.0 MAT-file",
		"no known kind":  "hello, this is text, and long enough",
		"without a mark": "\xff\xd8\x00\x00",
	} {
		t.Run(name, func(t *testing.T) {
			_, err := e.Process(catalogue([]byte(head)), unlimited)
			wantFact(t, err, imaging.ErrUnsupported, name)
		})
	}
}

func TestNothingIsTruncated(t *testing.T) {
	e := engine(t)
	_, err := e.Process(catalogue(nil), unlimited)
	wantFact(t, err, imaging.ErrTruncated, "empty")
	_, err = e.Process(catalogue([]byte("RIFF\x00")), unlimited)
	wantFact(t, err, imaging.ErrTruncated, "5 bytes")
}

// Even asked directly, libvips has no way in but the loaders that are used.
func TestOtherLoadersAreBlocked(t *testing.T) {
	engine(t)
	library.Lock()
	defer library.Unlock()
	tried := 0
	for loader, source := range map[string]string{
		"svgload_buffer":    "<svg xmlns='http://www.w3.org/2000/svg' width='9' height='9'/>",
		"ppmload_buffer":    "P6\n2 2\n255\n012345678901",
		"uhdrload_buffer":   string(fixture(t, "progressive.jpg")),
		"magickload_buffer": "P6\n2 2\n255\n012345678901",
	} {
		if !can(loader) {
			continue // not even built in
		}
		tried++
		t.Run(loader, func(t *testing.T) {
			loaders["other"] = loader
			defer delete(loaders, "other")
			p, err := open("other", []byte(source), 1)
			if err == nil {
				p.release()
			}
			wantFact(t, err, imaging.ErrUnsupported, "blocked")
		})
	}
	if tried == 0 {
		t.Error("this build has no loader to try")
	}
}
