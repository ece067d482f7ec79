// Package sheet lays photos before and after side by side in one HTML file.
package sheet

import (
	"crypto/sha256"
	_ "embed" // for the page and what is in it
	"encoding/base64"
	"html/template"
	"io"

	"github.com/dustin/go-humanize"
)

// Sheet is a page of photos.
type Sheet struct {
	Title  string
	Intro  []string // paragraphs
	Photos []Photo
}

// Photo is one entry. Where there is nothing to be seen, Trouble says why.
type Photo struct {
	Name          string
	Before, After Picture
	Width, Height int      // pixels of both pictures
	Notes         []string // what was measured and done, in words
	Variants      []Variant
	Trouble       string
}

// Picture is a coded picture that browsers show.
type Picture struct {
	Type string // its media type
	Data []byte
}

// Variant is a line of a photo's table.
type Variant struct {
	Format        string
	Width, Height int // pixels
	Bytes         int64
}

// URL is the picture in the page itself.
func (p Picture) URL() template.URL {
	return template.URL("data:" + p.Type + ";base64," + base64.StdEncoding.EncodeToString(p.Data))
}

// Size is the variant's bytes for people.
func (v Variant) Size() string { return humanize.IBytes(uint64(max(0, v.Bytes))) }

//go:embed sheet.css
var style string

//go:embed sheet.js
var script string

//go:embed sheet.html
var page string

var tmpl = template.Must(template.New("sheet").Parse(page))

// Write writes the page. It needs nothing else: pictures, style and script are in it, and its
// policy forbids the browser to fetch anything. Names are text, whatever is in them.
func (s Sheet) Write(w io.Writer) error {
	return tmpl.Execute(w, struct {
		Sheet
		Style  template.CSS
		Script template.JS
		Policy string
	}{s, template.CSS(style), template.JS(script), "default-src 'none'; img-src data:; " +
		"style-src " + hash(style) + "; script-src " + hash(script)})
}

// hash is how a content security policy names what may stand in the page.
func hash(text string) string {
	sum := sha256.Sum256([]byte(text))
	return "'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "'"
}
