package metadata

import (
	"bytes"
	"encoding/binary"
	"image"
	_ "image/jpeg"
	"path/filepath"
	"slices"
	"testing"

	"burnish/imaging"

	"github.com/google/go-cmp/cmp"
	_ "golang.org/x/image/webp"
)

// private is metadata of all kinds that JPEG and WebP carry.
var private = []string{
	"-XMP<=testdata/full.xmp", "-EXIF:Artist=Zoë", "-EXIF:SerialNumber=7", "-GPSLatitude=46.9", "-IPTC:City=Bern",
	"-Comment=a comment", "-ThumbnailImage<=testdata/still.jpg", "-ICC_Profile<=/usr/share/color/icc/colord/sRGB.icc",
}

func TestStrip(t *testing.T) {
	packet := said("dc:rights", "© Zoë").packet()
	tests := []struct {
		file   string
		format imaging.Format
		args   []string
	}{
		{"still.jpg", imaging.JPEG, private},
		{"still.jpg", imaging.JPEG, nil},
		{"progressive.jpg", imaging.JPEG, private},
		{"cmyk.jpg", imaging.JPEG, private},
		{"still.webp", imaging.WebP, private},
		{"still.webp", imaging.WebP, nil},
		{"alpha.webp", imaging.WebP, private},
		{"alpha.webp", imaging.WebP, nil},
		{"lossless.webp", imaging.WebP, private},
		{"lossless-alpha.webp", imaging.WebP, private},
		{"lossless-alpha.webp", imaging.WebP, nil},
	}
	var w writes
	var paths []string // three for each test: the source, the bare picture, the one with a packet
	for _, tt := range tests {
		paths = append(paths, w.fixture(t, tt.file, tt.args...), "", "")
	}
	w.flush(t)
	for i, tt := range tests {
		source := read(t, paths[3*i])
		before := bytes.Clone(source)
		bare, ok1 := Strip(tt.format, source, nil)
		with, ok2 := Strip(tt.format, source, packet)
		if !ok1 || !ok2 {
			t.Fatalf("%s %s: refused", tt.file, tt.args)
		}
		if !bytes.Equal(source, before) {
			t.Errorf("%s: the source is written to", tt.file)
		}
		samePixels(t, source, bare)
		samePixels(t, source, with)
		if got := Rights(tt.format, with); !bytes.Equal(got, packet) {
			t.Errorf("%s: Rights reads %s", tt.file, got)
		}
		if again, ok := Strip(tt.format, with, packet); !ok || !bytes.Equal(again, with) {
			t.Errorf("%s: the second time it is another file", tt.file)
		}
		paths[3*i+1], paths[3*i+2] = saved(t, tt.file, bare), saved(t, tt.file, with)
	}
	left := shown(t, paths...)
	for i, tt := range tests {
		written, bare, with := left[3*i], left[3*i+1], left[3*i+2]
		for _, tag := range []string{"GPS:GPSLatitude", "ICC-header:ProfileClass", "IFD0:Artist", "XMP-aux:SerialNumber"} {
			if tt.args != nil && written[tag] == nil {
				t.Fatalf("the fixture has no %s: %v", tag, written)
			}
		}
		if len(bare) > 0 {
			t.Errorf("%s: left: %v", tt.file, bare)
		}
		if diff := cmp.Diff(tags{"XMP-dc:Rights": "© Zoë"}, with); diff != "" {
			t.Errorf("%s: left beside the packet (-want +got):\n%s", tt.file, diff)
		}
	}
}

func TestStripAVIF(t *testing.T) {
	for _, file := range []string{"still.avif", "alpha.avif"} {
		source := still(t, file)
		if got, ok := Strip(imaging.AVIF, source, nil); !ok || !bytes.Equal(got, source) {
			t.Errorf("%s: refused or changed", file)
		}
		if _, ok := Strip(imaging.AVIF, source, []byte("<x/>")); ok {
			t.Errorf("%s: a packet is put in", file)
		}
		var w writes
		exif, xmp := w.fixture(t, file, "-EXIF:Artist=Zoë"), w.fixture(t, file, "-XMP-dc:Rights=Zoë")
		w.flush(t)
		for _, path := range []string{exif, xmp} {
			if _, ok := Strip(imaging.AVIF, read(t, path), nil); ok {
				t.Errorf("%s with metadata is passed on", file)
			}
		}
		for name, data := range map[string][]byte{
			"a trailer":      append(bytes.Clone(source), "trailer, hidden"...),
			"an unknown box": append(bytes.Clone(source), "\x00\x00\x00\x0cfreeABCD"...),
			"a sequence":     bytes.Replace(source, []byte("ftypavif"), []byte("ftypavis"), 1),
			"cut off":        source[:len(source)-1],
		} {
			if _, ok := Strip(imaging.AVIF, data, nil); ok {
				t.Errorf("%s with %s is passed on", file, name)
			}
		}
	}
}

func TestStripHidden(t *testing.T) {
	source := still(t, "still.jpg")
	bare, ok := Strip(imaging.JPEG, source, nil)
	if !ok {
		t.Fatal("refused")
	}
	thumbnail := bytes.Clone(source)
	if !bytes.HasPrefix(thumbnail[6:], []byte("JFIF\x00")) {
		t.Fatal("the fixture has no JFIF header")
	}
	thumbnail[18], thumbnail[19] = 1, 1 // one pixel
	binary.BigEndian.PutUint16(thumbnail[4:], 16+3)
	thumbnail = slices.Insert(thumbnail, 20, 1, 2, 3)
	for name, data := range map[string][]byte{
		"after the end":           append(bytes.Clone(source), source...), // as phones append films and gain maps
		"between segments":        slices.Insert(bytes.Clone(source), 2, 0xff, 0xff, 0xff),
		"in JFIF's thumbnail":     thumbnail,
		"in a JFIF extension":     slices.Insert(bytes.Clone(source), 20, segment(nil, markerAPP0, []byte("JFXX\x00\x13secret"))...),
		"in a segment of C2PA":    slices.Insert(bytes.Clone(source), 20, segment(nil, 0xeb, []byte("JP secret"))...),
		"in a comment":            slices.Insert(bytes.Clone(source), 20, segment(nil, markerCOM, []byte("secret"))...),
		"in a comment at the end": slices.Insert(bytes.Clone(source), len(source)-2, segment(nil, markerCOM, []byte("secret"))...),
	} {
		if got, ok := Strip(imaging.JPEG, data, nil); !ok || !bytes.Equal(got, bare) {
			t.Errorf("%s: %v, %d bytes; want %d", name, ok, len(got), len(bare))
		}
	}
	// The rest of Adobe's segment goes, the transform stays.
	adobe := []byte("Adobe\x00\x64\x00\x00\x00\x00\x01")
	long := slices.Insert(bytes.Clone(source), 20, segment(nil, markerAPP14, append(bytes.Clone(adobe), "secret"...))...)
	want := slices.Insert(bytes.Clone(bare), 20, segment(nil, markerAPP14, adobe)...)
	if got, ok := Strip(imaging.JPEG, long, nil); !ok || !bytes.Equal(got, want) {
		t.Errorf("in Adobe's segment: %v", ok)
	}
}

func TestStripRefuses(t *testing.T) {
	jpeg, webp := still(t, "still.jpg"), still(t, "alpha.webp")
	var w writes
	turned, turnedWebP := w.fixture(t, "still.jpg", "-n", "-EXIF:Orientation=6"), w.fixture(t, "still.webp", "-n", "-EXIF:Orientation=3")
	w.flush(t)
	sof := bytes.Index(jpeg, []byte{0xff, 0xc0})
	n := 2 + int(binary.BigEndian.Uint16(jpeg[sof+2:]))
	for _, tt := range []struct {
		name   string
		format imaging.Format
		source []byte
		xmp    []byte
	}{
		{"nothing", imaging.JPEG, nil, nil},
		{"another format", imaging.JPEG, webp, nil},
		{"PNG", imaging.PNG, still(t, "still.png"), nil},
		{"HEIC", imaging.HEIC, still(t, "still.heic"), nil},
		{"a JPEG to be turned", imaging.JPEG, read(t, turned), nil},
		{"a WebP to be turned", imaging.WebP, read(t, turnedWebP), nil},
		{"a JPEG without its end", imaging.JPEG, jpeg[:len(jpeg)-2], nil},
		{"a JPEG without its picture", imaging.JPEG, jpeg[:sof], nil},
		{"a JPEG of two frames", imaging.JPEG, slices.Insert(bytes.Clone(jpeg), sof, jpeg[sof:sof+n]...), nil},
		{"a hierarchical JPEG", imaging.JPEG, slices.Insert(bytes.Clone(jpeg), sof, segment(nil, markerDHP, jpeg[sof+4:sof+n])...), nil},
		{"a packet too long for JPEG", imaging.JPEG, jpeg, make([]byte, 65536)},
		{"an animated WebP", imaging.WebP, still(t, "animated.webp"), nil},
		{"a WebP cut off", imaging.WebP, webp[:len(webp)-1], nil},
		{"a WebP without its picture", imaging.WebP, riff([]riffChunk{{"VP8X", make([]byte, 10)}}), nil},
		{"a WebP of two pictures", imaging.WebP, riff([]riffChunk{{"VP8L", nil}, {"VP8L", nil}}), nil},
		{"a WebP of no size, with a packet", imaging.WebP, riff([]riffChunk{{"VP8L", []byte("?????")}}), []byte("<x/>")},
		{"a WebP with a short header", imaging.WebP, riff([]riffChunk{{"VP8X", make([]byte, 9)}, {"VP8L", nil}}), nil},
	} {
		if got, ok := Strip(tt.format, tt.source, tt.xmp); ok {
			t.Errorf("%s becomes %d bytes", tt.name, len(got))
		}
	}
}

// still is a test picture as it is.
func still(t *testing.T, name string) []byte { return read(t, filepath.Join("testdata", name)) }

func samePixels(t *testing.T, a, b []byte) {
	t.Helper()
	p, q := decodeImage(t, a), decodeImage(t, b)
	if p.Bounds() != q.Bounds() {
		t.Fatalf("%v has become %v", p.Bounds(), q.Bounds())
	}
	for y := p.Bounds().Min.Y; y < p.Bounds().Max.Y; y++ {
		for x := p.Bounds().Min.X; x < p.Bounds().Max.X; x++ {
			if p.At(x, y) != q.At(x, y) {
				t.Fatalf("at %d, %d %v has become %v", x, y, p.At(x, y), q.At(x, y))
			}
		}
	}
}

func decodeImage(t *testing.T, data []byte) image.Image {
	t.Helper()
	m, _, err := image.Decode(bytes.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	return m
}
