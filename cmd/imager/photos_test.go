package main

import (
	"bytes"
	"compress/zlib"
	"encoding/binary"
	"hash/crc32"
	"image"
	"image/color"
	"image/gif"
	"io"
	"testing"

	"golang.org/x/image/tiff"

	"burnish/imaging"
	"burnish/imaging/vips"
)

// photos makes large photos of one colour: what a photo takes depends on its size and kind, not
// on what it shows.
type photos struct {
	t             *testing.T
	engine        *vips.Engine
	width, height int
}

// sample is a photo of some kind.
type sample struct {
	name string
	make func() []byte
}

// all lists the kinds of photos that differ in what they take.
func (p photos) all() []sample {
	jpegs := func(chroma imaging.Chroma, progressive bool) func() []byte {
		return p.coded(2, imaging.Variants{JPEG: &imaging.JPEGOptions{Quality: 80, Chroma: chroma, Progressive: progressive}})
	}
	avif := func(kind byte, chroma imaging.Chroma) func() []byte {
		return p.coded(kind, imaging.Variants{AVIF: &imaging.AVIFOptions{Quality: 50, Chroma: chroma, Tune: "iq"}})
	}
	return []sample{
		{"JPEG, 4:2:0", jpegs(imaging.Subsampled, false)},
		{"JPEG, 4:2:0, progressive", jpegs(imaging.Subsampled, true)},
		{"JPEG, 4:4:4, progressive", jpegs(imaging.Full, true)},
		{"PNG", func() []byte { return p.png(8, 2, false) }},
		{"PNG, alpha", func() []byte { return p.png(8, 6, false) }},
		{"PNG, alpha, 16 bits", func() []byte { return p.png(16, 6, false) }},
		{"PNG, interlaced", func() []byte { return p.png(8, 2, true) }},
		{"PNG, alpha, interlaced", func() []byte { return p.png(8, 6, true) }},
		{"PNG, alpha, 16 bits, interlaced", func() []byte { return p.png(16, 6, true) }},
		{"WebP", p.coded(2, imaging.Variants{WebP: &imaging.WebPOptions{Quality: 80}})},
		{"WebP, alpha", p.coded(6, imaging.Variants{WebP: &imaging.WebPOptions{Quality: 80}})},
		{"AVIF, 4:2:0", avif(2, imaging.Subsampled)},
		{"AVIF, 4:4:4", avif(2, imaging.Full)},
		{"AVIF, 4:4:4, alpha", avif(6, imaging.Full)},
		{"GIF", p.gif},
		{"TIFF, uncompressed", func() []byte { return p.tiff(tiff.Uncompressed) }},
		{"TIFF, deflated in one strip", func() []byte { return p.tiff(tiff.Deflate) }},
	}
}

// coded has the engine write a PNG of the given kind at its own size.
func (p photos) coded(kind byte, v imaging.Variants) func() []byte {
	return func() []byte {
		v.Widths = []int{p.width}
		r, err := p.engine.Process(imaging.Request{Variants: v, Source: p.png(8, kind, false)}, func(int64) error { return nil })
		if err != nil {
			p.t.Fatal(err)
		}
		return r.Variants[0].Data
	}
}

// png has so many bits a sample, of colour type 2 (RGB) or 6 (with alpha), at once or in Adam7's
// seven passes.
func (p photos) png(bits int, kind byte, interlaced bool) []byte {
	pixel := map[byte]int{2: 3, 6: 4}[kind] * bits / 8
	passes := [][4]int{{0, 0, 1, 1}} // first column and row, steps between columns and rows
	head := binary.BigEndian.AppendUint32(nil, uint32(p.width))
	head = append(binary.BigEndian.AppendUint32(head, uint32(p.height)), byte(bits), kind, 0, 0, 0)
	if interlaced {
		passes = [][4]int{{0, 0, 8, 8}, {4, 0, 8, 8}, {0, 4, 4, 8}, {2, 0, 4, 4}, {0, 2, 2, 4}, {1, 0, 2, 2}, {0, 1, 1, 2}}
		head[12] = 1
	}
	var body bytes.Buffer
	z, _ := zlib.NewWriterLevel(&body, zlib.BestSpeed)
	for _, pass := range passes {
		columns, rows := (p.width-pass[0]+pass[2]-1)/pass[2], (p.height-pass[1]+pass[3]-1)/pass[3]
		row := bytes.Repeat([]byte{128}, 1+columns*pixel)
		row[0] = 0 // no filter
		for range rows {
			p.check(z.Write(row))
		}
	}
	p.check(0, z.Close())
	out := []byte("\x89PNG\r\n\x1a\n")
	for _, chunk := range [][]byte{append([]byte("IHDR"), head...), append([]byte("IDAT"), body.Bytes()...), []byte("IEND")} {
		out = append(binary.BigEndian.AppendUint32(out, uint32(len(chunk)-4)), chunk...)
		out = binary.BigEndian.AppendUint32(out, crc32.ChecksumIEEE(chunk))
	}
	return out
}

func (p photos) gif() []byte {
	img := image.NewPaletted(image.Rect(0, 0, p.width, p.height), color.Palette{color.Black, color.White})
	return p.written(func(w io.Writer) error { return gif.Encode(w, img, nil) })
}

func (p photos) tiff(c tiff.CompressionType) []byte {
	img := image.NewRGBA(image.Rect(0, 0, p.width, p.height))
	for i := range img.Pix {
		img.Pix[i] = 255
	}
	return p.written(func(w io.Writer) error { return tiff.Encode(w, img, &tiff.Options{Compression: c}) })
}

func (p photos) written(write func(io.Writer) error) []byte {
	var out bytes.Buffer
	p.check(0, write(&out))
	return out.Bytes()
}

func (p photos) check(_ int, err error) {
	p.t.Helper()
	if err != nil {
		p.t.Fatal(err)
	}
}
