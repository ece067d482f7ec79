package metadata

import (
	"bytes"
	"compress/zlib"
	"encoding/binary"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"burnish/imaging"
)

var formats = []imaging.Format{imaging.JPEG, imaging.PNG, imaging.WebP, imaging.AVIF, imaging.HEIC, imaging.TIFF, imaging.GIF}

// fixtures are the pictures of the tests, by format.
func fixtures(t testing.TB) map[imaging.Format][][]byte {
	t.Helper()
	all := map[imaging.Format][][]byte{}
	for pattern, format := range map[string]imaging.Format{
		"*.jpg": imaging.JPEG, "*.png": imaging.PNG, "*.webp": imaging.WebP, "*.avif": imaging.AVIF,
		"*.heic": imaging.HEIC, "*.tif": imaging.TIFF, "*.gif": imaging.GIF,
	} {
		files, err := filepath.Glob(filepath.Join("testdata", pattern))
		if err != nil || len(files) == 0 {
			t.Fatalf("%s: %v, %v", pattern, files, err)
		}
		for _, file := range files {
			data, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			all[format] = append(all[format], data)
		}
	}
	return all
}

// packed puts XMP, IPTC and EXIF into a file of each format, as writers do.
func packed(xmp, iptc, exif []byte) map[imaging.Format][]byte {
	resources := append([]byte("8BIM\x04\x04\x00\x00"), binary.BigEndian.AppendUint32(nil, uint32(len(iptc)))...)
	resources = append(resources, iptc...)
	return map[imaging.Format][]byte{
		imaging.JPEG: slices.Concat([]byte{0xff, markerSOI},
			segment(nil, markerAPP1, slices.Concat(exifHead, exif)), segment(nil, markerAPP1, slices.Concat(xmpHead, xmp)),
			segment(nil, markerAPP13, slices.Concat(photoshopHead, resources)), []byte{0xff, markerEOI}),
		imaging.PNG: slices.Concat([]byte("\x89PNG\r\n\x1a\n"), chunk("eXIf", exif),
			chunk("iTXt", append([]byte("XML:com.adobe.xmp\x00\x00\x00\x00\x00"), xmp...))),
		imaging.WebP: riff([]riffChunk{{"EXIF", exif}, {"XMP ", xmp}}),
		imaging.GIF:  slices.Concat([]byte("GIF89a\x01\x00\x01\x00\x00\x00\x00\x21\xff\x0bXMP DataXMP"), xmp, []byte{1, 0xff, 0xfe, 0xfd, 0, 0, 0x3b}),
		imaging.AVIF: heif(xmp, exif),
		imaging.TIFF: exif,
	}
}

// chunk is a chunk of PNG without a right checksum, which is not looked at.
func chunk(kind string, data []byte) []byte {
	return slices.Concat(binary.BigEndian.AppendUint32(nil, uint32(len(data))), []byte(kind), data, make([]byte, 4))
}

// heif is a file with XMP and Exif as items 1 and 2 in its idat.
func heif(xmp, exif []byte) []byte {
	isobmff := func(kind string, data ...[]byte) []byte {
		body := slices.Concat(data...)
		return slices.Concat(binary.BigEndian.AppendUint32(nil, uint32(8+len(body))), []byte(kind), body)
	}
	infe := func(id byte, rest string) []byte {
		return isobmff("infe", []byte{2, 0, 0, 0, 0, id, 0, 0}, []byte(rest))
	}
	at := func(id byte, offset, length int) []byte {
		b := []byte{0, id, 0, 1, 0, 0, 0, 1}
		return binary.BigEndian.AppendUint32(binary.BigEndian.AppendUint32(b, uint32(offset)), uint32(length))
	}
	exif = append(make([]byte, 4), exif...)
	return slices.Concat(isobmff("ftyp", []byte("avif\x00\x00\x00\x00")), isobmff("meta", make([]byte, 4),
		isobmff("iinf", []byte{0, 0, 0, 0, 0, 2}, infe(1, "mime\x00application/rdf+xml\x00"), infe(2, "Exif\x00")),
		isobmff("iloc", []byte{1, 0, 0, 0, 0x44, 0, 0, 2}, at(1, 0, len(xmp)), at(2, len(xmp), len(exif))),
		isobmff("idat", xmp, exif)))
}

// tiff is a structure with an artist.
func tiff(artist string) []byte {
	b := []byte("II*\x00\x08\x00\x00\x00\x01\x00\x3b\x01\x02\x00")
	b = binary.LittleEndian.AppendUint32(b, uint32(len(artist)))
	b = binary.LittleEndian.AppendUint32(b, 26)
	return append(append(b, 0, 0, 0, 0), artist...)
}

const simpleXMP = `<rdf:RDF xmlns:rdf="` + rdf + `"><rdf:Description xmlns:p="http://ns.adobe.com/photoshop/1.0/" p:Credit="Ann"/></rdf:RDF>`

// Every prefix of a file is read without harm, and what is whole in it counts.
func TestRightsOfTruncated(t *testing.T) {
	iim := []byte("\x1c\x02\x50\x00\x03Bea")
	for format, whole := range packed([]byte(simpleXMP), iim, tiff("Zoe Zoe")) {
		if packet := Rights(format, whole); packet == nil {
			t.Errorf("%s: nothing is read of the whole", format)
		}
		for n := range whole {
			Rights(format, whole[:n])
			if _, ok := Strip(format, whole[:n], nil); ok && n < len(whole)-1 {
				t.Errorf("%s: the first %d of %d bytes are stripped", format, n, len(whole))
			}
		}
	}
	for format, files := range fixtures(t) {
		for _, whole := range files {
			for n := range whole {
				for _, as := range formats {
					if as == format || n%16 == 0 {
						Rights(as, whole[:n])
						Strip(as, whole[:n], []byte(simpleXMP))
					}
				}
			}
		}
	}
}

// What is small and claims to be large, or unfolds, is read within the bounds. That this ends
// is the test: without the bounds it would take hours, or all memory.
func TestRightsOfBombs(t *testing.T) {
	var z bytes.Buffer
	w := zlib.NewWriter(&z)
	w.Write([]byte(simpleXMP))
	for range 64 {
		w.Write(make([]byte, 1<<20))
	}
	w.Close()
	zipped := append([]byte("XML:com.adobe.xmp\x00\x01\x00\x00\x00"), z.Bytes()...)
	raw := append([]byte("Raw profile type exif\x00\x00"), z.Bytes()...)

	endlessItems := []byte{2, 0, 0, 0, 0x00, 0, 0xff, 0xff, 0xff, 0xff}
	for range 1 << 16 { // items of 65,535 extents that take no byte each
		endlessItems = append(endlessItems, 0, 0, 0, 1, 0, 0, 0, 0, 0xff, 0xff)
	}
	meta := heif([]byte(simpleXMP), nil)
	iloc := bytes.Index(meta, []byte("iloc")) - 4
	bomb := slices.Concat(meta[:iloc], binary.BigEndian.AppendUint32(nil, uint32(8+len(endlessItems))), []byte("iloc"), endlessItems, meta[iloc:])
	size := bytes.Index(bomb, []byte("meta")) - 4
	binary.BigEndian.PutUint32(bomb[size:], binary.BigEndian.Uint32(bomb[size:])+uint32(8+len(endlessItems)))

	loop := tiff(strings.Repeat("a", 20))
	loop[22] = 8 // the next directory is this one
	for _, tt := range []struct {
		name   string
		format imaging.Format
		data   []byte
		want   bool
	}{
		{"a packet that inflates to 64 MiB", imaging.PNG, append([]byte("\x89PNG\r\n\x1a\n"), chunk("iTXt", zipped)...), true},
		{"a thousand of them", imaging.PNG, append([]byte("\x89PNG\r\n\x1a\n"), bytes.Repeat(chunk("iTXt", zipped), 1000)...), true},
		{"a thousand profiles", imaging.PNG, append([]byte("\x89PNG\r\n\x1a\n"), bytes.Repeat(chunk("zTXt", raw), 1000)...), false},
		{"extents without bytes", imaging.AVIF, bomb, false},
		{"a directory that is its own next", imaging.TIFF, loop, true},
		{"a directory of 65,535 entries that are not there", imaging.TIFF, append([]byte("II*\x00\x08\x00\x00\x00\xff\xff"), make([]byte, 64)...), false},
		{"a BigTIFF of 2⁶⁴ − 1 entries", imaging.TIFF, append([]byte("II+\x00\x08\x00\x00\x00\x10\x00\x00\x00\x00\x00\x00\x00"), bytes.Repeat([]byte{0xff}, 64)...), false},
		{"tags nested a million deep", imaging.WebP, riff([]riffChunk{{"XMP ", []byte(strings.Replace(simpleXMP, "/></rdf:RDF>", ">"+strings.Repeat("<p:a>", 1<<20), 1))}}), true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if packet := Rights(tt.format, tt.data); (packet != nil) != tt.want {
				t.Errorf("read %q", packet)
			}
		})
	}
}

func FuzzRights(f *testing.F) {
	for format, files := range fixtures(f) {
		for _, data := range files {
			f.Add(byte(slices.Index(formats, format)), data)
		}
	}
	for format, data := range packed([]byte(simpleXMP), []byte("\x1c\x02\x50\x00\x03Bea"), tiff("Zoe Zoe")) {
		f.Add(byte(slices.Index(formats, format)), data)
	}
	f.Fuzz(func(t *testing.T, index byte, data []byte) {
		format := formats[int(index)%len(formats)]
		before := bytes.Clone(data)
		packet := Rights(format, data)
		if len(packet) > MaxPacket {
			t.Errorf("a packet of %d bytes", len(packet))
		}
		wellFormed(t, packet)
		if again := readXMP(packet).packet(); !bytes.Equal(again, packet) {
			t.Errorf("read again, the packet\n%s\nbecomes\n%s", packet, again)
		}
		stripped, ok := Strip(format, data, packet)
		if !bytes.Equal(data, before) {
			t.Error("the source is written to")
		}
		if !ok {
			return
		}
		if got := Rights(format, stripped); !bytes.Equal(got, packet) {
			t.Errorf("stripped, it says\n%s\nwant\n%s", got, packet)
		}
		if twice, ok := Strip(format, stripped, packet); !ok || !bytes.Equal(twice, stripped) {
			t.Error("stripped twice, it is another file")
		}
	})
}
