package main

import (
	"bytes"
	"context"
	"fmt"
	"image"
	_ "image/jpeg" // what methods give back
	_ "image/png"  // likewise
	"os/exec"

	"burnish/imaging"
)

// method repairs a coded photo, or tries to, and returns it coded.
type method struct {
	name string
	do   func(ctx context.Context, coded []byte) ([]byte, error)
}

// methods are Burnish, doing nothing, and what people reach for.
func (e *evaluation) methods() []method {
	return []method{
		{"burnish", e.burnish},
		{"nothing", func(_ context.Context, coded []byte) ([]byte, error) { return coded, nil }},
		{"-auto-level", e.magick("-auto-level")},
		{"-normalize", e.magick("-normalize")},
		{"-auto-gamma", e.magick("-auto-gamma")},
		{"-equalize", e.magick("-equalize")},
		{"sharp", e.sharp},
	}
}

// burnish sends a photo through an imager with the built-in recipe's adjustments. The variant is a
// JPEG of quality 100 without subsampling: what coding itself changes, a mean ΔE2000 of some 0.3,
// counts against Burnish.
func (e *evaluation) burnish(ctx context.Context, coded []byte) ([]byte, error) {
	r, err := e.pool.Process(ctx, imaging.Request{
		Limits: e.recipe.Limits, Enhance: e.recipe.Enhance,
		Variants: imaging.Variants{
			Widths: []int{longest}, Background: e.recipe.Variants.Background,
			JPEG: &imaging.JPEGOptions{Quality: 100, Chroma: imaging.Full},
		},
		Source: coded,
	})
	if err != nil {
		return nil, err
	}
	return r.Variants[0].Data, nil
}

// magick is ImageMagick with one operator, from and to lossless pixels.
func (e *evaluation) magick(operator string) func(context.Context, []byte) ([]byte, error) {
	return func(ctx context.Context, coded []byte) ([]byte, error) {
		return piped(exec.CommandContext(ctx, "convert", "-", operator, "-depth", "8", "ppm:-"), coded)
	}
}

// sharp is its normalise().
func (e *evaluation) sharp(ctx context.Context, coded []byte) ([]byte, error) {
	cmd := exec.CommandContext(ctx, "node", "normalise.mjs")
	cmd.Dir = e.peers
	return piped(cmd, coded)
}

// piped sends bytes through a program.
func piped(cmd *exec.Cmd, in []byte) ([]byte, error) {
	var out, said bytes.Buffer
	cmd.Stdin, cmd.Stdout, cmd.Stderr = bytes.NewReader(in), &out, &said
	if err := cmd.Run(); err != nil {
		return nil, fmt.Errorf("%s: %w\n%s", cmd, err, said.Bytes())
	}
	return out.Bytes(), nil
}

// decode reads a JPEG, a PNG or a PPM.
func decode(coded []byte) (picture, error) {
	if bytes.HasPrefix(coded, []byte("P6")) {
		return ppm(coded)
	}
	img, _, err := image.Decode(bytes.NewReader(coded))
	if err != nil {
		return picture{}, err
	}
	return pictureOf(img), nil
}

// ppm reads the binary form with 8 bits a sample.
func ppm(data []byte) (p picture, err error) {
	var most int
	r := bytes.NewReader(data[2:])
	if _, err := fmt.Fscan(r, &p.width, &p.height, &most); err != nil || most != 255 {
		return p, fmt.Errorf("not a PPM of 8 bits: %w", err)
	}
	p.pix = data[len(data)-r.Len()+1:]
	if len(p.pix) != 3*p.width*p.height {
		return p, fmt.Errorf("a PPM of %d × %d with %d samples", p.width, p.height, len(p.pix))
	}
	return p, nil
}
