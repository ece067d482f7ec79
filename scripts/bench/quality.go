package main

import (
	"bufio"
	"cmp"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"image"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"

	"burnish/scripts/bench/ssimulacra2"

	"golang.org/x/sync/errgroup"
)

// decoder reads every picture that is scored, whoever wrote it, through one program.
type decoder struct {
	cmd *exec.Cmd
	in  io.WriteCloser
	out *bufio.Reader
}

func newDecoder(argv ...string) (*decoder, error) {
	cmd, in, out, err := piped("the decoder", argv...)
	if err != nil {
		return nil, err
	}
	return &decoder{cmd, in, bufio.NewReaderSize(out, 1<<20)}, nil
}

func (d *decoder) close() error {
	d.in.Close()
	return d.cmd.Wait()
}

func (d *decoder) decode(file string) (ssimulacra2.Picture, error) {
	var head [2]uint32
	if _, err := fmt.Fprintln(d.in, file); err != nil {
		return ssimulacra2.Picture{}, err
	}
	if err := binary.Read(d.out, binary.LittleEndian, &head); err != nil {
		return ssimulacra2.Picture{}, fmt.Errorf("decode %s: %w", file, err)
	}
	p := ssimulacra2.Picture{Width: int(head[0]), Height: int(head[1])}
	size := p.Width * p.Height * 3
	if p.Width == 0 {
		size = p.Height // of a message
	}
	p.Pix = make([]byte, size)
	if _, err := io.ReadFull(d.out, p.Pix); err != nil {
		return ssimulacra2.Picture{}, fmt.Errorf("decode %s: %w", file, err)
	}
	if p.Width == 0 {
		return ssimulacra2.Picture{}, fmt.Errorf("decode %s: %s", file, p.Pix)
	}
	return p, nil
}

// reference is the photo itself at a variant's size: decoded in full, upright, in sRGB, and
// reduced in one step with Lanczos3 in Go, which no peer does. It is kept on disk.
type references struct {
	dir string
	d   *decoder

	photo string // whose pixels full holds
	key   string
	full  ssimulacra2.Picture
}

func (r *references) at(photo string, width, height int) (*ssimulacra2.Reference, error) {
	if err := r.open(photo); err != nil {
		return nil, err
	}
	file := filepath.Join(r.dir, fmt.Sprintf("%s-%dx%d.rgb", r.key, width, height))
	pix, err := os.ReadFile(file)
	if errors.Is(err, os.ErrNotExist) {
		pix, err = r.render(photo, file, width, height)
	}
	if err != nil {
		return nil, err
	}
	return ssimulacra2.NewReference(ssimulacra2.Picture{Width: width, Height: height, Pix: pix})
}

func (r *references) open(photo string) error {
	if r.photo == photo {
		return nil
	}
	source, err := os.ReadFile(photo)
	if err != nil {
		return err
	}
	r.photo, r.full = photo, ssimulacra2.Picture{}
	r.key = fmt.Sprintf("%s-%08x", filepath.Base(photo), crc32.ChecksumIEEE(source))
	return os.MkdirAll(r.dir, 0o755)
}

func (r *references) render(photo, file string, width, height int) ([]byte, error) {
	if r.full.Pix == nil {
		full, err := r.d.decode(photo)
		if err != nil {
			return nil, err
		}
		r.full = full
	}
	pix := unpad(scale(padded(r.full), width, height))
	return pix, os.WriteFile(file, pix, 0o644)
}

func padded(p ssimulacra2.Picture) *image.RGBA {
	out := image.NewRGBA(image.Rect(0, 0, p.Width, p.Height))
	for i := range p.Width * p.Height {
		copy(out.Pix[4*i:], p.Pix[3*i:3*i+3])
		out.Pix[4*i+3] = 255
	}
	return out
}

func unpad(m *image.RGBA) []byte {
	out := make([]byte, 0, len(m.Pix)/4*3)
	for i := 0; i < len(m.Pix); i += 4 {
		out = append(out, m.Pix[i:i+3]...)
	}
	return out
}

// scored is a variant with how it looks.
type scored struct {
	variant
	photo string
	score float64
}

// score scores the variants of photos against their references, two photos at a time, since
// nothing is timed meanwhile.
func (b *bench) score(byPhoto map[string][]variant) ([]scored, error) {
	const workers = 2
	free := make(chan *references, workers)
	defer func() {
		for range len(free) {
			(<-free).d.close()
		}
	}()
	for range workers {
		d, err := newDecoder("node", b.decoderScript)
		if err != nil {
			return nil, err
		}
		free <- &references{dir: filepath.Join(b.cache, "reference"), d: d}
	}
	var g errgroup.Group
	g.SetLimit(workers)
	results := make([][]scored, len(b.photos))
	for i, photo := range b.photos {
		if len(byPhoto[photo]) == 0 {
			continue
		}
		g.Go(func() (err error) {
			r := <-free
			defer func() { free <- r }()
			results[i], err = r.scoreAll(photo, byPhoto[photo])
			return err
		})
	}
	err := g.Wait()
	return slices.Concat(results...), err
}

// scoreAll takes the variants size by size, so that one prepared reference is held at a time.
func (r *references) scoreAll(photo string, variants []variant) ([]scored, error) {
	variants = slices.SortedFunc(slices.Values(variants), func(a, b variant) int {
		return cmp.Or(a.Width-b.Width, a.Height-b.Height)
	})
	var ref *ssimulacra2.Reference
	out := make([]scored, 0, len(variants))
	for i, v := range variants {
		if i == 0 || v.Width != variants[i-1].Width || v.Height != variants[i-1].Height {
			var err error
			if ref, err = r.at(photo, v.Width, v.Height); err != nil {
				return nil, err
			}
		}
		pic, err := r.d.decode(v.File)
		if err != nil {
			return nil, err
		}
		score, err := ref.Score(pic)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", v.File, err)
		}
		out = append(out, scored{v, photo, score})
	}
	return out, nil
}
