package sheet

import (
	"bytes"
	"fmt"
	"image"
	"image/color"
	"image/draw"
	"image/jpeg"
	"image/png"
	"io"
	"strings"

	xdraw "golang.org/x/image/draw"
	"golang.org/x/image/font"
	"golang.org/x/image/font/gofont/goregular"
	"golang.org/x/image/font/opentype"
	"golang.org/x/image/math/fixed"
)

// Measures of a sheet that is a picture, in pixels.
const (
	pngPicture = 480 // width of a photo
	pngGap     = 8   // between before and after
	pngMargin  = 24
	pngLine    = 20 // from one line of text to the next
	pngMost    = 200 << 20 / 4
)

// ErrTooTall says that a picture of so many photos would be too large to be looked at.
var ErrTooTall = fmt.Errorf("too many photos for one picture: take fewer, or an HTML sheet")

// WritePNG writes the sheet as a picture: before on the left, after on the right, and below them
// what is said of them. Pictures must be JPEGs.
func (s Sheet) WritePNG(w io.Writer) error {
	face, err := newFace(15)
	if err != nil {
		return err
	}
	defer face.Close()
	p := painter{face: face, width: 2*pngMargin + 2*pngPicture + pngGap}
	rows := make([]row, len(s.Photos))
	height := pngMargin + 2*pngLine
	for i, photo := range s.Photos {
		if rows[i], err = p.row(photo); err != nil {
			return fmt.Errorf("%s: %w", photo.Name, err)
		}
		if height += rows[i].height(); height*p.width > pngMost {
			return ErrTooTall
		}
	}
	p.canvas = image.NewRGBA(image.Rect(0, 0, p.width, height))
	draw.Draw(p.canvas, p.canvas.Bounds(), image.White, image.Point{}, draw.Src)
	y := pngMargin
	p.text(s.Title+": before on the left, after on the right", y)
	y += 2 * pngLine
	for _, r := range rows {
		y = p.paint(r, y)
	}
	return png.Encode(w, p.canvas)
}

func newFace(size float64) (font.Face, error) {
	f, err := opentype.Parse(goregular.TTF)
	if err != nil {
		return nil, err
	}
	return opentype.NewFace(f, &opentype.FaceOptions{Size: size, DPI: 72, Hinting: font.HintingFull})
}

// row is a photo as it is painted.
type row struct {
	before, after image.Image // both nil where there was trouble
	lines         []string
}

func (r row) height() int {
	return r.pictures() + len(r.lines)*pngLine + 2*pngLine
}

// pictures is the height of the taller picture.
func (r row) pictures() int {
	if r.before == nil {
		return 0
	}
	return max(scaled(r.before.Bounds()), scaled(r.after.Bounds())) + pngLine
}

// scaled is the height of a picture that is made as wide as all are, or stays narrower.
func scaled(b image.Rectangle) int {
	return max(1, b.Dy()*min(pngPicture, b.Dx())/b.Dx())
}

// painter paints rows onto a canvas.
type painter struct {
	canvas *image.RGBA
	face   font.Face
	width  int
}

func (p painter) row(photo Photo) (r row, err error) {
	r.lines = p.wrap(photo.Name)
	if photo.Trouble != "" {
		r.lines = append(r.lines, p.wrap(photo.Trouble)...)
		return r, nil
	}
	if r.before, err = jpeg.Decode(bytes.NewReader(photo.Before.Data)); err != nil {
		return r, err
	}
	if r.after, err = jpeg.Decode(bytes.NewReader(photo.After.Data)); err != nil {
		return r, err
	}
	for _, note := range photo.Notes {
		r.lines = append(r.lines, p.wrap(note)...)
	}
	sizes := make(map[string][]string)
	var formats []string
	for _, v := range photo.Variants {
		if sizes[v.Format] == nil {
			formats = append(formats, v.Format)
		}
		sizes[v.Format] = append(sizes[v.Format], fmt.Sprintf("%d px %s", v.Width, v.Size()))
	}
	for _, f := range formats {
		r.lines = append(r.lines, p.wrap(f+": "+strings.Join(sizes[f], ", "))...)
	}
	return r, nil
}

// wrap breaks a text into lines that fit, at spaces or, where a word is too long, anywhere.
func (p painter) wrap(text string) (lines []string) {
	room := fixed.I(p.width - 2*pngMargin)
	current := ""
	for _, word := range strings.Fields(text) {
		for {
			next := strings.TrimSpace(current + " " + word)
			if font.MeasureString(p.face, next) <= room {
				current = next
				break
			}
			if current != "" {
				lines, current = append(lines, current), ""
				continue
			}
			cut := p.fits(word, room)
			lines, word = append(lines, word[:cut]), word[cut:]
		}
	}
	return append(lines, current)
}

// fits is how many bytes of a word fit into the room: at least one character.
func (p painter) fits(word string, room fixed.Int26_6) int {
	last := 0
	for i := range word {
		if i > 0 && font.MeasureString(p.face, word[:i]) > room {
			return max(last, 1)
		}
		if i > 0 {
			last = i
		}
	}
	return len(word)
}

// paint paints a row from y down, and returns where the next begins.
func (p painter) paint(r row, y int) int {
	if r.before != nil {
		p.picture(r.before, pngMargin, y)
		p.picture(r.after, pngMargin+pngPicture+pngGap, y)
	}
	y += r.pictures()
	for _, line := range r.lines {
		p.text(line, y)
		y += pngLine
	}
	return y + 2*pngLine
}

func (p painter) picture(img image.Image, x, y int) {
	b := img.Bounds()
	to := image.Rect(x, y, x+min(pngPicture, b.Dx()), y+scaled(b))
	xdraw.CatmullRom.Scale(p.canvas, to, img, b, draw.Src, nil)
}

// text writes a line whose top is at y.
func (p painter) text(line string, y int) {
	d := font.Drawer{Dst: p.canvas, Src: image.NewUniform(color.Gray{40}), Face: p.face, Dot: fixed.P(pngMargin, y+15)}
	d.DrawString(line)
}
