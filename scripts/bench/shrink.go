package main

import (
	"bufio"
	"fmt"
	"image"
	"image/jpeg"
	_ "image/png"
	"io"
	"math"
	"os"

	"golang.org/x/image/draw"
)

// lanczos3 is the windowed sinc of three lobes.
var lanczos3 = draw.Kernel{Support: 3, At: func(t float64) float64 {
	if t == 0 {
		return 1
	}
	x := math.Pi * t
	return 3 * math.Sin(x) * math.Sin(x/3) / (x * x)
}}

// scale resamples a picture in the values that it is stored in, as all peers do.
func scale(src image.Image, width, height int) *image.RGBA {
	dst := image.NewRGBA(image.Rect(0, 0, width, height))
	lanczos3.Scale(dst, dst.Bounds(), src, src.Bounds(), draw.Src, nil)
	return dst
}

const (
	mostPixels    = 12_000_000
	shrunkQuality = 92
)

// shrink copies a photo, reducing it to 12 megapixels if it has more.
func shrink(from, to string) error {
	f, err := os.Open(from)
	if err != nil {
		return err
	}
	defer f.Close()
	head, _, err := image.DecodeConfig(bufio.NewReader(f))
	if err != nil {
		return fmt.Errorf("%s: %w", from, err)
	}
	if _, err := f.Seek(0, io.SeekStart); err != nil {
		return err
	}
	out, err := os.Create(to)
	if err != nil {
		return err
	}
	defer out.Close()
	pixels := head.Width * head.Height
	if pixels <= mostPixels {
		if _, err := io.Copy(out, f); err != nil {
			return err
		}
		return out.Close()
	}
	src, _, err := image.Decode(bufio.NewReader(f))
	if err != nil {
		return fmt.Errorf("%s: %w", from, err)
	}
	by := math.Sqrt(mostPixels / float64(pixels))
	small := scale(src, int(float64(head.Width)*by), int(float64(head.Height)*by))
	if err := jpeg.Encode(out, small, &jpeg.Options{Quality: shrunkQuality}); err != nil {
		return err
	}
	return out.Close()
}
