package sheet

import (
	"bytes"
	"errors"
	"image/color"
	"image/png"
	"io"
	"regexp"
	"strings"
	"testing"

	"golang.org/x/net/html"
)

// written writes a sheet and parses it as a browser does.
func written(t *testing.T, s Sheet) (text string, elements map[string]int) {
	t.Helper()
	var out bytes.Buffer
	if err := s.Write(&out); err != nil {
		t.Fatal(err)
	}
	text = out.String()
	root, err := html.Parse(strings.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	elements = make(map[string]int)
	for n := range root.Descendants() {
		if n.Type == html.ElementNode {
			elements[n.Data]++
		}
	}
	return text, elements
}

var hostile = `a"><script>alert(1)</script><img src=x onerror=alert(1)>.jpg`

func sample() Sheet {
	picture := Picture{"image/jpeg", []byte("pixels")}
	return Sheet{Title: hostile, Intro: []string{hostile}, Photos: []Photo{
		{
			Name: hostile, Before: picture, After: picture, Width: 4, Height: 3, Notes: []string{hostile},
			Variants: []Variant{{"webp", 4, 3, 2048}},
		},
		{Name: "broken.jpg", Trouble: hostile},
	}}
}

func TestNamesStayText(t *testing.T) {
	text, elements := written(t, sample())
	if elements["script"] != 1 || elements["img"] != 2 || elements["article"] != 2 {
		t.Errorf("elements %v", elements)
	}
	if strings.Contains(text, "<script>alert") {
		t.Error("a name became a script")
	}
	if !strings.Contains(text, "4 × 3") || !strings.Contains(text, "2.0 KiB") {
		t.Error("the variants are not listed")
	}
}

func TestNothingIsFetched(t *testing.T) {
	text, _ := written(t, sample())
	if address := regexp.MustCompile(`(?i)(src|href)="([^d][^"]*|d[^a][^"]*)"|url\(|@import`).FindString(text); address != "" {
		t.Errorf("the page refers to %s", address)
	}
	if !strings.Contains(text, "default-src &#39;none&#39;") {
		t.Error("its policy allows more")
	}
}

func TestPNGShowsBothSides(t *testing.T) {
	s := redToBlue(t)
	s.Photos = append(s.Photos, Photo{Name: strings.Repeat("long", 100) + "é", Trouble: "truncated: the file ends early"})
	var out bytes.Buffer
	if err := s.WritePNG(&out); err != nil {
		t.Fatal(err)
	}
	img, err := png.Decode(&out)
	if err != nil {
		t.Fatal(err)
	}
	y := pngMargin + 3*pngLine
	for x, want := range map[int]color.RGBA{pngMargin + 20: red, pngMargin + pngPicture + pngGap + 20: blue} {
		if r, _, b, _ := img.At(x, y).RGBA(); abs(int(r>>8)-int(want.R)) > 10 || abs(int(b>>8)-int(want.B)) > 10 {
			t.Errorf("at %d: red %d, blue %d, want %v", x, r>>8, b>>8, want)
		}
	}
	s.Photos[0].After.Data = []byte("no picture")
	if err := s.WritePNG(&out); err == nil {
		t.Error("a picture that is none is painted")
	}
}

func TestTooManyPhotosForAPicture(t *testing.T) {
	s := Sheet{Photos: make([]Photo, 1000)}
	for i := range s.Photos {
		s.Photos[i] = Photo{Name: "a.jpg", Trouble: "corrupt"}
	}
	if err := s.WritePNG(io.Discard); !errors.Is(err, ErrTooTall) {
		t.Errorf("error is %v", err)
	}
}
