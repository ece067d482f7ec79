package vips

import (
	"bytes"
	"encoding/binary"
	"encoding/hex"
	"hash/crc32"
	"testing"

	"burnish/imaging"
)

func TestLimits(t *testing.T) {
	for _, test := range []struct {
		name, file string
		limits     imaging.Limits
		words      []string // of the error; none where the photo is within
	}{
		{"bytes", "flower.jpg", imaging.Limits{Bytes: 500_000}, []string{"0.7 MB", "allows 0.5 MB"}},
		{"bytes, just", "flower.jpg", imaging.Limits{Bytes: 696_659}, nil},
		{"megapixels", "flower.jpg", imaging.Limits{Megapixels: 3.4}, []string{"3.429 megapixels", "allows 3.4"}},
		{"megapixels, just", "flower.jpg", imaging.Limits{Megapixels: 3.43}, nil},
		{"bands", "bands-5.tif", imaging.Limits{Bands: 4}, []string{"5 bands", "allows 4"}},
		{"frames of a GIF", "frames.gif", imaging.Limits{Frames: 2}, []string{"3 frames", "allows 2"}},
		{"frames of a WebP", "frames.webp", imaging.Limits{Frames: 2}, []string{"3 frames", "allows 2"}},
		{"pages of a TIFF", "frames.tif", imaging.Limits{Frames: 2}, []string{"3 frames", "allows 2"}},
		{"frames, just", "frames.gif", imaging.Limits{Frames: 3}, nil},
		{"none", "chart.png", imaging.Limits{}, nil},
	} {
		t.Run(test.name, func(t *testing.T) {
			r := exact(fixture(t, test.file), 16)
			r.Limits = test.limits
			_, err := engine(t).Process(r, unlimited)
			if test.words != nil {
				wantFact(t, err, imaging.ErrTooLarge, test.words...)
			} else if err != nil {
				t.Error(err)
			}
		})
	}
}

// Of ten thousand frames and more, libvips' own count is 1.
func TestManyFramesAreCounted(t *testing.T) {
	whole := fixture(t, "frames.gif")
	end := len(whole) - 1
	last := whole[bytes.LastIndex(whole, []byte("!\xf9")):end]
	many := append(append(bytes.Clone(whole[:end]), bytes.Repeat(last, 12_000)...), whole[end:]...)
	_, err := engine(t).Process(catalogue(many), unlimited)
	wantFact(t, err, imaging.ErrTooLarge, "frames, the recipe allows 1000") // Debian 12's libvips counts to 4,097
}

// Only the first frame of a moving picture is used: here red, before green and blue.
func TestFirstFrameIsUsed(t *testing.T) {
	for _, file := range []string{"frames.gif", "frames.webp", "frames.tif"} {
		t.Run(file, func(t *testing.T) {
			result := process(t, engine(t), exact(fixture(t, file), 16))
			v := result.Variants[0]
			r, g, b, _ := decodeJPEG(t, v.Data).At(8, 6).RGBA()
			if v.Width != 16 || v.Height != 12 || r>>8 < 250 || g>>8 > 5 || b>>8 > 5 || result.Source.Frames != 3 {
				t.Errorf("%d × %d of %d %d %d, %d frames", v.Width, v.Height, r>>8, g>>8, b>>8, result.Source.Frames)
			}
		})
	}
}

// A few bytes that claim billions of pixels are refused by their header.
func TestDecompressionBombs(t *testing.T) {
	patched := func(file string, patch func([]byte)) []byte {
		data := append([]byte(nil), fixture(t, file)...)
		patch(data)
		return data
	}
	for name, bomb := range map[string][]byte{
		"PNG": patched("chart.png", func(b []byte) {
			binary.BigEndian.PutUint32(b[16:], 60000)
			binary.BigEndian.PutUint32(b[20:], 60000)
			binary.BigEndian.PutUint32(b[29:], crc32.ChecksumIEEE(b[12:29]))
		}),
		"PNG, wider than libpng reads": patched("chart.png", func(b []byte) {
			binary.BigEndian.PutUint32(b[16:], 2_000_000_000)
			binary.BigEndian.PutUint32(b[29:], crc32.ChecksumIEEE(b[12:29]))
		}),
		"GIF": patched("chart.gif", func(b []byte) { // the canvas and the frame
			frame := bytes.Index(b, []byte(",\x00\x00\x00\x00\x30\x00\x24\x00")) + 5
			for _, at := range []int{6, 8, frame, frame + 2} {
				binary.LittleEndian.PutUint16(b[at:], 65000)
			}
		}),
		"JPEG": patched("progressive.jpg", func(b []byte) {
			for i := range b {
				if b[i] == 0xff && b[i+1] == 0xc2 {
					copy(b[i+5:], "\xff\x00\xff\x00")
					return
				}
			}
		}),
		"JPEG, wider than libjpeg reads": patched("progressive.jpg", func(b []byte) {
			copy(b[bytes.Index(b, []byte("\xff\xc2"))+5:], "\xff\xff\xff\xff")
		}),
		"TIFF": patched("prophoto-16.tif", func(b []byte) {
			at := binary.LittleEndian.Uint32(b[4:])
			for i := at + 2; ; i += 12 {
				switch binary.LittleEndian.Uint16(b[i:]) {
				case 256, 257, 278: // width, height, rows of the one strip
					binary.LittleEndian.PutUint32(b[i+8:], 65535)
				case 279:
					return
				}
			}
		}),
		"WebP": patched("chart.webp", func(b []byte) { // VP8: 14 bits of width and of height
			copy(b[26:], "\xff\x3f\xff\x3f")
		}),
		"AVIF": patched("chart.avif", func(b []byte) {
			for i := range b {
				if string(b[i:i+4]) == "ispe" {
					binary.BigEndian.PutUint32(b[i+8:], 30000)
					binary.BigEndian.PutUint32(b[i+12:], 30000)
					return
				}
			}
		}),
	} {
		t.Run(name, func(t *testing.T) {
			_, err := engine(t).Process(catalogue(bomb), unlimited)
			wantFact(t, err, imaging.ErrTooLarge)
		})
	}
}

// A loader that decodes all at once must not go to the disk, where it may not write. This WebP is
// one colour, 6000 × 6000 pixels, 108 MB decoded.
func TestLargeWebP(t *testing.T) {
	source, err := hex.DecodeString("524946461e000000574542505650384c110000002f6fd7db050750a00216a4ff8188e87f0000")
	if err != nil {
		t.Fatal(err)
	}
	result := process(t, engine(t), exact(source, 2500))
	if v := result.Variants[0]; v.Width != 2500 || v.Height != 2500 {
		t.Errorf("%d × %d", v.Width, v.Height)
	}
}
