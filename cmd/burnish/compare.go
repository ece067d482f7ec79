package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"image"
	_ "image/jpeg" // what pictures may be compared
	"image/png"
	"io"
	"os"

	"golang.org/x/image/draw"
	_ "golang.org/x/image/webp"

	"burnish/imaging/enhance"
	"burnish/imaging/gemini/guard"
)

type compareCmd struct {
	Original string `arg:"" help:"The photo: JPEG, PNG or WebP."`
	Edited   string `arg:"" help:"What was made of it, of any size and aspect ratio."`
	Mask     string `placeholder:"FILE" help:"A picture that is white where the original shows the product and black elsewhere. Default: what stands before a plain ground, or all of the photo where there is none."`
	Restore  string `short:"o" placeholder:"FILE" help:"Put the original's product over the edit's surroundings and write that, as PNG."`
	JSON     bool   `help:"Print what was measured as JSON."`
}

// Help tells what the comparison is for.
func (*compareCmd) Help() string {
	return `Tells whether an edited photo still shows the product of its original: its label, colours, shape,
parts and texture, in its place. Surroundings may differ. Pictures are taken as sRGB and upright.

Exit status: 0 faithful, 1 not faithful (it says why), 2 usage, 3 a picture cannot be read.`
}

const (
	mostCompared = 100_000_000 // pixels of a picture
	mostBytes    = 256 << 20   // of its file
	maskSide     = 768         // pixels of the small copy on which a ground is looked for
)

func (c *compareCmd) Run() error {
	original, err := readPicture(c.Original)
	if err != nil {
		return err
	}
	edited, err := readPicture(c.Edited)
	if err != nil {
		return err
	}
	mask, where := productOf(original)
	if c.Mask != "" {
		if mask, err = readMask(c.Mask); err != nil {
			return err
		}
		where = "the mask of " + c.Mask
	}
	o, e := pictureOf(original), pictureOf(edited)
	report, err := guard.Compare(o, e, mask, guard.Defaults())
	if err != nil {
		return exit{exitNotStarted, fmt.Errorf("compare %s with %s: %w", c.Original, c.Edited, err)}
	}
	if c.JSON {
		enc := json.NewEncoder(os.Stdout)
		enc.SetIndent("", "  ")
		if err := enc.Encode(report); err != nil {
			return err
		}
	} else {
		tellComparison(os.Stdout, report, where)
	}
	if c.Restore != "" {
		if err := c.restore(o, e, mask, report.Registration); err != nil {
			return err
		}
	}
	if !report.Faithful() {
		return exit{status: exitFailures}
	}
	return nil
}

// compareCoded compares two coded pictures where the original shows a product before a plain ground, or
// everywhere.
func compareCoded(original, edited []byte) (guard.Report, error) {
	o, err := decodePicture(original)
	if err != nil {
		return guard.Report{}, err
	}
	e, err := decodePicture(edited)
	if err != nil {
		return guard.Report{}, err
	}
	mask, _ := productOf(o)
	return guard.Compare(pictureOf(o), pictureOf(e), mask, guard.Defaults())
}

// productOf finds what stands before a plain ground, and says in words what it has found.
func productOf(original image.Image) (guard.Mask, string) {
	b := original.Bounds()
	k := min(1, maskSide/float64(max(b.Dx(), b.Dy())))
	small := image.NewRGBA(image.Rect(0, 0, max(1, int(k*float64(b.Dx()))), max(1, int(k*float64(b.Dy())))))
	draw.BiLinear.Scale(small, small.Bounds(), original, b, draw.Src, nil)
	ground := enhance.GroundOf(pictureOf(small))
	if !ground.Plain() {
		return guard.Whole(), "the whole photo, which has no plain ground: " + ground.Not
	}
	m := ground.Mask
	return guard.Mask{Width: m.Width, Height: m.Height, Cover: m.Cover}, "what stands before the plain ground"
}

// readMask reads a picture as a mask.
func readMask(name string) (guard.Mask, error) {
	m, err := readPicture(name)
	if err != nil {
		return guard.Mask{}, err
	}
	p := pictureOf(m)
	out := guard.Mask{Width: p.Width, Height: p.Height, Cover: make([]uint8, p.Width*p.Height)}
	for i := range out.Cover {
		out.Cover[i] = p.Pix[3*i+1]
	}
	return out, nil
}

// restore writes the edit with the original's product.
func (c *compareCmd) restore(original, edited enhance.Picture, mask guard.Mask, r guard.Registration) error {
	out, err := guard.Restore(original, edited, mask, r)
	if err != nil {
		return exit{exitFailures, fmt.Errorf("restore %s: %w", c.Restore, err)}
	}
	p := out.Picture
	m := image.NewRGBA(image.Rect(0, 0, p.Width, p.Height))
	for i := range p.Width * p.Height {
		copy(m.Pix[4*i:4*i+3], p.Pix[3*i:3*i+3])
		m.Pix[4*i+3] = 255
	}
	var b bytes.Buffer
	if err := png.Encode(&b, m); err != nil {
		return err
	}
	if err := os.WriteFile(c.Restore, b.Bytes(), 0o666); err != nil {
		return exit{exitNotStarted, err}
	}
	fmt.Fprintf(os.Stderr, "%s: %d × %d, the edit's own product shows beyond %.0f %% of the outline\n", c.Restore, p.Width, p.Height, 100*out.Seam)
	return nil
}

// tellComparison says in words what was measured and found.
func tellComparison(out io.Writer, r guard.Report, where string) {
	fmt.Fprintf(out, "compared   %s\n", where)
	if g, s := r.Registration, r.Scores; g.Scale > 0 {
		fmt.Fprintf(out, "place      moved by %.1f %% of the diagonal, %.1f %% of its size, turned by %.1f°, stretched by %.1f %%\n",
			100*g.Shift, 100*g.Scale, g.Rotation, 100*g.Stretch)
		fmt.Fprintf(out, "structure  %.3f, worst part %.3f, text %.3f (%d places)\n", s.Structure, s.WorstTile, s.Text, s.TextTiles)
		fmt.Fprintf(out, "edges      %.0f %% kept, %.0f %% true, worst part %.3f\n", 100*s.EdgesKept, 100*s.EdgesTrue, s.WorstEdge)
		fmt.Fprintf(out, "texture    %.0f %% of its contrast, %.0f %% where least\n", 100*s.Detail, 100*s.WorstDetail)
		fmt.Fprintf(out, "colour     ΔE %.1f, %.1f where most\n", s.Color, s.WorstColor)
		fmt.Fprintf(out, "outline    %.0f %% outgrown, %.1f %% of the product within the edit\n", 100*s.Outgrown, 100*s.Visible)
	}
	if r.Faithful() {
		fmt.Fprintln(out, "\nfaithful")
		return
	}
	fmt.Fprintln(out, "\nnot faithful")
	for _, f := range r.Findings {
		fmt.Fprintf(out, "  %-12s %s\n", f.Kind, f.Words)
	}
}

// readPicture reads a picture whose file and size are within bounds.
func readPicture(name string) (image.Image, error) {
	data, err := readPhoto(name, mostBytes)
	if err != nil {
		return nil, exit{exitNotStarted, err}
	}
	m, err := decodePicture(data)
	if err != nil {
		return nil, exit{exitNotStarted, fmt.Errorf("read %s: %w", name, err)}
	}
	return m, nil
}

// decodePicture decodes a picture whose size is within bounds.
func decodePicture(data []byte) (image.Image, error) {
	head, _, err := image.DecodeConfig(bytes.NewReader(data))
	if errors.Is(err, image.ErrFormat) {
		return nil, errors.New("neither JPEG nor PNG nor WebP")
	}
	if err != nil {
		return nil, err
	}
	if head.Width < 1 || head.Height < 1 || head.Width > mostCompared/head.Height {
		return nil, fmt.Errorf("%d × %d pixels, where %d are the most", head.Width, head.Height, mostCompared)
	}
	m, _, err := image.Decode(bytes.NewReader(data))
	return m, err
}

// pictureOf takes a picture's pixels, over white where it is transparent.
func pictureOf(m image.Image) enhance.Picture {
	b := m.Bounds()
	flat := image.NewRGBA(image.Rect(0, 0, b.Dx(), b.Dy()))
	draw.Draw(flat, flat.Bounds(), image.White, image.Point{}, draw.Src)
	draw.Draw(flat, flat.Bounds(), m, b.Min, draw.Over)
	out := enhance.Picture{Width: b.Dx(), Height: b.Dy(), Pix: make([]byte, 3*b.Dx()*b.Dy())}
	for i := range b.Dx() * b.Dy() {
		copy(out.Pix[3*i:3*i+3], flat.Pix[4*i:])
	}
	return out
}
