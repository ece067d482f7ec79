package sheet

import (
	"bytes"
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
