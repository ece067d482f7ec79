package main

import (
	"bytes"
	"cmp"
	"fmt"
	stdimage "image"
	"image/jpeg"
	"image/png"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"golang.org/x/image/draw"

	"burnish/imaging/enhance"
	"burnish/imaging/gemini/guard"
)

// image is a picture in levels of 0 to 255, R, G and B of each pixel.
type image struct {
	width, height int
	v             []float32
}

func newImage(w, h int) image { return image{w, h, make([]float32, 3*w*h)} }

func (p image) clone() image { return image{p.width, p.height, slices.Clone(p.v)} }

// find lists the photos of folders, by name. Charts are none.
func find(folders []string) ([]string, error) {
	var out []string
	for _, dir := range folders {
		entries, err := os.ReadDir(dir)
		if err != nil {
			return nil, err
		}
		for _, e := range entries {
			ext := strings.ToLower(filepath.Ext(e.Name()))
			if (ext == ".jpg" || ext == ".png") && !strings.HasPrefix(e.Name(), "P3-") && !e.IsDir() {
				out = append(out, filepath.Join(dir, e.Name()))
			}
		}
	}
	slices.SortFunc(out, func(a, b string) int { return cmp.Compare(filepath.Base(a), filepath.Base(b)) })
	return out, nil
}

// open reads a photo, reduced to at most 800 pixels.
func open(file string) (image, error) {
	data, err := os.ReadFile(file)
	if err != nil {
		return image{}, err
	}
	img, _, err := stdimage.Decode(bytes.NewReader(data))
	if err != nil {
		return image{}, fmt.Errorf("decode %s: %w", file, err)
	}
	b := img.Bounds()
	k := min(1, 800/float64(max(b.Dx(), b.Dy())))
	to := stdimage.NewRGBA(stdimage.Rect(0, 0, int(k*float64(b.Dx())), int(k*float64(b.Dy()))))
	draw.BiLinear.Scale(to, to.Bounds(), img, b, draw.Src, nil)
	return fromRGBA(to), nil
}

func fromRGBA(m *stdimage.RGBA) image {
	p := newImage(m.Bounds().Dx(), m.Bounds().Dy())
	for i := range p.width * p.height {
		for c := range 3 {
			p.v[3*i+c] = float32(m.Pix[4*i+c])
		}
	}
	return p
}

func (p image) rgba() *stdimage.RGBA {
	m := stdimage.NewRGBA(stdimage.Rect(0, 0, p.width, p.height))
	for i := range p.width * p.height {
		for c := range 3 {
			m.Pix[4*i+c] = uint8(max(0, min(255, p.v[3*i+c]+0.5)))
		}
		m.Pix[4*i+3] = 255
	}
	return m
}

func (p image) bytes() enhance.Picture {
	out := enhance.Picture{Width: p.width, Height: p.height, Pix: make([]byte, len(p.v))}
	for i, v := range p.v {
		out.Pix[i] = uint8(max(0, min(255, v+0.5)))
	}
	return out
}

// recompressed is a picture after a JPEG of a quality.
func (p image) recompressed(quality int) (image, error) {
	var b bytes.Buffer
	if err := jpeg.Encode(&b, p.rgba(), &jpeg.Options{Quality: quality}); err != nil {
		return image{}, err
	}
	m, err := jpeg.Decode(&b)
	if err != nil {
		return image{}, err
	}
	to := stdimage.NewRGBA(m.Bounds())
	draw.Draw(to, to.Bounds(), m, stdimage.Point{}, draw.Src)
	return fromRGBA(to), nil
}

// at is the colour at a place, between pixels linearly. Beyond the border lies the outermost pixel.
func (p image) at(x, y float64) (out [3]float32) {
	fx := max(0, min(float64(p.width-1), x-0.5))
	fy := max(0, min(float64(p.height-1), y-0.5))
	i, j := min(int(fx), max(0, p.width-2)), min(int(fy), max(0, p.height-2))
	u, v := float32(fx-float64(i)), float32(fy-float64(j))
	k := 3 * (j*p.width + i)
	for c := range out {
		a, b := p.v[k+c], p.v[k+3+c]
		d, e := p.v[k+3*p.width+c], p.v[k+3*p.width+3+c]
		out[c] = (1-v)*(a+u*(b-a)) + v*(d+u*(e-d))
	}
	return out
}

func (p image) set(x, y int, v [3]float32) { copy(p.v[3*(y*p.width+x):], v[:]) }

// blurred is a picture after a Gaussian, if a wide one by three box filters (Wells 1986).
func (p image) blurred(sigma float64) image {
	if sigma < 0.05 {
		return p.clone()
	}
	if r := int(math.Sqrt(4*sigma*sigma+1)-1) / 2; sigma > 2.5 {
		out := p
		for range 3 {
			out = out.along(func(row []float32) { box(row, max(1, r)) })
		}
		return out
	}
	r := int(math.Ceil(3 * sigma))
	kernel := make([]float32, 2*r+1)
	var sum float32
	for i := range kernel {
		kernel[i] = float32(math.Exp(-float64((i-r)*(i-r)) / (2 * sigma * sigma)))
		sum += kernel[i]
	}
	for i := range kernel {
		kernel[i] /= sum
	}
	return p.along(func(row []float32) {
		in := slices.Clone(row)
		for x := range row {
			var v float32
			for i, k := range kernel {
				v += k * in[max(0, min(len(in)-1, x+i-r))]
			}
			row[x] = v
		}
	})
}

// box averages 2r+1 neighbours.
func box(row []float32, r int) {
	in := slices.Clone(row)
	at := func(i int) float32 { return in[max(0, min(len(in)-1, i))] }
	var sum float32
	for k := -r; k <= r; k++ {
		sum += at(k)
	}
	for x := range row {
		row[x] = sum / float32(2*r+1)
		sum += at(x+r+1) - at(x-r)
	}
}

// along gives each row and then each column of each channel to a function that changes it.
func (p image) along(change func(row []float32)) image {
	out := p.clone()
	line := make([]float32, max(p.width, p.height))
	pass := func(lines, length, next, step int) {
		for l := range lines {
			for c := range 3 {
				for i := range length {
					line[i] = out.v[3*(l*next+i*step)+c]
				}
				change(line[:length])
				for i := range length {
					out.v[3*(l*next+i*step)+c] = line[i]
				}
			}
		}
	}
	pass(p.height, p.width, p.width, 1)
	pass(p.width, p.height, 1, p.width)
	return out
}

// save writes a pair as PNG.
func (p pair) save(dir string) error {
	edited := image{p.edited.Width, p.edited.Height, make([]float32, len(p.edited.Pix))}
	for i, v := range p.edited.Pix {
		edited.v[i] = float32(v)
	}
	for name, img := range map[string]image{"original": p.original, "edited": edited} {
		f, err := os.Create(filepath.Join(dir, p.name()+"-"+name+".png"))
		if err != nil {
			return err
		}
		defer f.Close()
		if err := png.Encode(f, img.rgba()); err != nil {
			return err
		}
	}
	return nil
}

// cover is a mask as the guard takes it.
func (m mask) cover() guard.Mask {
	out := guard.Mask{Width: m.width, Height: m.height, Cover: make([]uint8, len(m.v))}
	for i, v := range m.v {
		out.Cover[i] = uint8(255*v + 0.5)
	}
	return out
}
