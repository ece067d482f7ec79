package main

import (
	_ "embed" // for the list of photos
	"encoding/csv"
	"image"
	"os"
	"path/filepath"
	"strings"

	"golang.org/x/image/draw"
)

// longest is the longest side of a photo as it is evaluated, in pixels.
const longest = 640

//go:embed photos.tsv
var list string

// photo is a line of the list.
type photo struct{ file, kind, half string }

// photos reads the list.
func photos() (all []photo, err error) {
	r := csv.NewReader(strings.NewReader(list))
	r.Comma, r.Comment, r.FieldsPerRecord = '\t', '#', 3
	lines, err := r.ReadAll()
	for _, l := range lines {
		all = append(all, photo{l[0], l[1], l[2]})
	}
	return all, err
}

// load decodes a photo and makes it no longer than longest.
func (p photo) load(dir string) (picture, error) {
	f, err := os.Open(filepath.Join(dir, p.file))
	if err != nil {
		return picture{}, err
	}
	defer f.Close()
	img, _, err := image.Decode(f)
	if err != nil {
		return picture{}, err
	}
	b := img.Bounds()
	if long := max(b.Dx(), b.Dy()); long > longest {
		to := image.NewRGBA(image.Rect(0, 0, b.Dx()*longest/long, b.Dy()*longest/long))
		draw.CatmullRom.Scale(to, to.Bounds(), img, b, draw.Src, nil)
		img = to
	}
	return pictureOf(img), nil
}
