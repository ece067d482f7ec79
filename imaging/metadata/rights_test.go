package metadata

import (
	"strings"
	"testing"

	"burnish/imaging"

	"github.com/google/go-cmp/cmp"
)

type tags = map[string]any

// wholeStatement is all that is kept of testdata/full.xmp, as exiftool names it.
var wholeStatement = tags{
	"XMP-dc:Creator":                []any{"Zoë", "Bea"},
	"XMP-dc:Rights":                 "© 2026 Zoë",
	"XMP-photoshop:Credit":          "Zoë & Co",
	"XMP-photoshop:Source":          "Archive",
	"XMP-iptcExt:DigitalSourceType": "http://cv.iptc.org/newscodes/digitalsourcetype/digitalCapture",
	"XMP-xmpRights:Marked":          true,
	"XMP-xmpRights:WebStatement":    "https://example.com/rights",
	"XMP-xmpRights:UsageTerms":      "Only with credit",
	"XMP-xmpRights:UsageTerms-de":   "Nur mit Nennung",
	"XMP-xmpRights:Owner":           []any{"Zoë"},
	"XMP-cc:License":                "https://creativecommons.org/licenses/by/4.0/",
	"XMP-dcterms:Provenance":        "https://example.com/manifest.c2pa",
	"XMP-tdm:Reservation":           1.0,
	"XMP-plus:DataMining":           "http://ns.useplus.org/ldf/vocab/DMI-PROHIBITED",
	"XMP-plus:Licensor":             []any{tags{"LicensorName": "Agency", "LicensorURL": "https://example.com/buy"}, tags{"LicensorName": "Second", "LicensorID": 2.0}},
	"XMP-xmpMM:OriginalDocumentID":  "xmp.did:42",
}

// In every format the same is kept, and all else dropped.
func TestRightsOfEveryFormat(t *testing.T) {
	files := []struct {
		format imaging.Format
		name   string
	}{
		{imaging.JPEG, "still.jpg"},
		{imaging.PNG, "still.png"},
		{imaging.WebP, "still.webp"},
		{imaging.AVIF, "still.avif"},
		{imaging.HEIC, "still.heic"},
		{imaging.TIFF, "still.tif"},
		{imaging.GIF, "still.gif"},
	}
	var w writes
	var paths []string
	for _, f := range files {
		path := w.fixture(t, f.name, "-XMP<=testdata/full.xmp", "-EXIF:Artist=less", "-EXIF:SerialNumber=7", "-GPSLatitude=46.9")
		if packet := Rights(f.format, read(t, path)); packet != nil {
			t.Errorf("%s: of a picture without metadata: %s", f.format, packet)
		}
		paths = append(paths, path)
	}
	w.flush(t)
	for i, f := range files {
		source := read(t, paths[i])
		packet := Rights(f.format, source)
		wellFormed(t, packet)
		if again := Rights(f.format, source); string(again) != string(packet) {
			t.Errorf("%s: the second time it is another packet", f.format)
		}
		paths[i] = saved(t, "packet.xmp", packet)
	}
	for i, got := range shown(t, paths...) {
		if diff := cmp.Diff(wholeStatement, got); diff != "" {
			t.Errorf("%s: kept (-want +got):\n%s", files[i].format, diff)
		}
	}
}

func TestRightsOfOldMetadata(t *testing.T) {
	tests := []struct {
		name   string
		file   string
		format imaging.Format
		args   []string
		want   tags
	}{
		{"IPTC in UTF-8", "still.jpg", imaging.JPEG, []string{
			"-IPTC:CodedCharacterSet=UTF8", "-IPTC:By-line=Zoë", "-IPTC:By-line=Łukasz", "-IPTC:Credit=Ann", "-IPTC:Source=Archive",
			"-IPTC:CopyrightNotice=© Ann", "-IPTC:City=Bern", "-IPTC:Caption-Abstract=A caption",
		}, tags{
			"XMP-dc:Creator": []any{"Zoë", "Łukasz"}, "XMP-dc:Rights": "© Ann",
			"XMP-photoshop:Credit": "Ann", "XMP-photoshop:Source": "Archive",
		}},
		{"IPTC in Latin-1", "still.jpg", imaging.JPEG, []string{"-IPTC:By-line=Zoë", "-IPTC:CopyrightNotice=© Ann €"}, tags{
			"XMP-dc:Creator": []any{"Zoë"}, "XMP-dc:Rights": "© Ann €",
		}},
		{"IPTC in TIFF", "still.tif", imaging.TIFF, []string{"-IPTC:By-line=Zoë", "-IPTC:Credit=Ann"}, tags{
			"XMP-dc:Creator": []any{"Zoë"}, "XMP-photoshop:Credit": "Ann",
		}},
		{"BigTIFF", "bigtiff.tif", imaging.TIFF, nil, tags{"XMP-dc:Creator": []any{"Zoë"}, "XMP-dc:Rights": "© Zoë"}},
		{"IPTC in PNG", "still.png", imaging.PNG, []string{"-IPTC:Credit=Ann"}, tags{"XMP-photoshop:Credit": "Ann"}},
		{"EXIF", "still.jpg", imaging.JPEG, []string{"-EXIF:Artist=Zoë; Bea", "-EXIF:Copyright=© Zoë", "-EXIF:Make=Canon"}, tags{
			"XMP-dc:Creator": []any{"Zoë", "Bea"}, "XMP-dc:Rights": "© Zoë",
		}},
		{"EXIF, big-endian", "still.jpg", imaging.JPEG, []string{"-ExifByteOrder=MM", "-EXIF:Artist=Zoë"}, tags{"XMP-dc:Creator": []any{"Zoë"}}},
		{"EXIF, photographer and editor", "still.jpg", imaging.JPEG, []string{"-E", "-EXIF:Copyright=Zoë&#xa;Editor"}, tags{"XMP-dc:Rights": "Zoë; Editor"}},
		{"EXIF in WebP", "still.webp", imaging.WebP, []string{"-EXIF:Artist=Zoë"}, tags{"XMP-dc:Creator": []any{"Zoë"}}},
		{"EXIF in PNG", "still.png", imaging.PNG, []string{"-EXIF:Artist=Zoë"}, tags{"XMP-dc:Creator": []any{"Zoë"}}},
		{"EXIF in AVIF", "still.avif", imaging.AVIF, []string{"-EXIF:Artist=Zoë"}, tags{"XMP-dc:Creator": []any{"Zoë"}}},
		{"EXIF in HEIC", "still.heic", imaging.HEIC, []string{"-EXIF:Artist=Zoë"}, tags{"XMP-dc:Creator": []any{"Zoë"}}},
		{"PNG's texts", "still.png", imaging.PNG, []string{"-PNG:Author=Zoë", "-PNG:Copyright=© Zoë", "-PNG:Comment=no"}, tags{
			"XMP-dc:Creator": []any{"Zoë"}, "XMP-dc:Rights": "© Zoë",
		}},
		{"XMP before IPTC before EXIF", "still.jpg", imaging.JPEG, []string{
			"-XMP-dc:Rights=xmp", "-IPTC:CopyrightNotice=iptc", "-EXIF:Copyright=exif",
			"-IPTC:By-line=iptc", "-EXIF:Artist=exif", "-IPTC:Credit=iptc",
		}, tags{"XMP-dc:Rights": "xmp", "XMP-dc:Creator": []any{"iptc"}, "XMP-photoshop:Credit": "iptc"}},
	}
	var w writes
	var paths []string
	for _, tt := range tests {
		paths = append(paths, w.fixture(t, tt.file, tt.args...))
	}
	w.flush(t)
	for i, tt := range tests {
		packet := Rights(tt.format, read(t, paths[i]))
		if packet == nil {
			t.Fatalf("%s: nothing is kept", tt.name)
		}
		paths[i] = saved(t, "packet.xmp", packet)
	}
	for i, got := range shown(t, paths...) {
		t.Run(tests[i].name, func(t *testing.T) {
			if diff := cmp.Diff(tests[i].want, got); diff != "" {
				t.Errorf("kept (-want +got):\n%s", diff)
			}
		})
	}
}

// Nothing of what a photo tells about people and places is worth a packet.
func TestRightsOfPrivateMetadata(t *testing.T) {
	var w writes
	path := w.fixture(t, "still.jpg", "-GPSLatitude=46.9", "-EXIF:SerialNumber=7", "-EXIF:Make=Canon", "-XMP-dc:Subject=Zoë",
		"-XMP-xmpMM:OriginalDocumentID=xmp.did:42", "-IPTC:City=Bern", "-EXIF:Artist=  ", "-EXIF:Copyright= ")
	w.flush(t)
	if packet := Rights(imaging.JPEG, read(t, path)); packet != nil {
		t.Errorf("kept %s", packet)
	}
}

func TestReadXMP(t *testing.T) {
	const head = `<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="` + rdf + `" xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:p="http://ns.adobe.com/photoshop/1.0/"><rdf:Description>`
	utf16 := func(s string) string {
		var b strings.Builder
		for _, r := range s {
			b.WriteString(string([]byte{byte(r >> 8), byte(r)}))
		}
		return b.String()
	}
	credit := func(s string) statement { return said("photoshop:Credit", s) }
	tests := []struct {
		name string
		xmp  string
		want statement
	}{
		{"nothing", "", statement{}},
		{"no XML", "\xff\xd8\xff", statement{}},
		{"properties outside a description", `<p:Credit xmlns:p="http://ns.adobe.com/photoshop/1.0/">a</p:Credit>`, statement{}},
		{"another namespace by the same prefix", `<rdf:RDF xmlns:rdf="` + rdf + `"><rdf:Description xmlns:dc="urn:x" dc:rights="a"/></rdf:RDF>`, statement{}},
		{"cut off: what stands before is kept", head + "<p:Credit>a</p:Credit><dc:rights><rdf:Alt><rdf:li>b", credit("a")},
		{"the first of two", head + "<p:Credit>a</p:Credit><p:Credit>b</p:Credit>", credit("a")},
		{"an empty one does not count", head + "<p:Credit> </p:Credit><p:Credit>b</p:Credit>", credit("b")},
		{"a qualified value", head + `<p:Credit rdf:parseType="Resource"><rdf:value>a</rdf:value><p:x>y</p:x></p:Credit>`, credit("a")},
		{"an array where a text is expected", head + "<p:Credit><rdf:Bag><rdf:li>a</rdf:li><rdf:li>b</rdf:li></rdf:Bag></p:Credit>", credit("a")},
		{"a text where an array is expected", head + "<dc:creator>a</dc:creator>", said("dc:creator", "a")},
		{"CDATA and entities", head + "<p:Credit><![CDATA[a&b]]> &#x63;</p:Credit>", credit("a&b c")},
		{"an entity of its own", `<!DOCTYPE x [<!ENTITY e "aaaa">]>` + head + "<p:Credit>&e;</p:Credit>", statement{}},
		{"control characters and NUL", head + "<p:Credit>a&#x9;b\u0085\u200b</p:Credit>", credit("a\tb\u200b")},
		{"Windows-1252", head + "<p:Credit>Zo\xeb \x80</p:Credit>", credit("Zoë €")},
		{"another encoding declared", `<?xml version="1.0" encoding="latin1"?>` + head + "<p:Credit>Zoë</p:Credit>", credit("Zoë")},
		{"UTF-16", "\xfe\xff" + utf16(head+"<p:Credit>Zoë</p:Credit>"), credit("Zoë")},
		{"nested too deep", head + "<p:Credit>" + strings.Repeat("<p:a>", 100_000), statement{}},
		{"an unknown property nested deep", head + strings.Repeat("<p:a>", 40) + strings.Repeat("</p:a>", 40) + "<p:Credit>a</p:Credit>", credit("a")},
		{
			"more creators than are kept", head + "<dc:creator><rdf:Seq>" + strings.Repeat("<rdf:li>a</rdf:li>", 500) + "</rdf:Seq></dc:creator>",
			said("dc:creator", "a", "a", "a", "a", "a", "a", "a", "a"),
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if diff := cmp.Diff(tt.want, readXMP([]byte(tt.xmp)), cmp.AllowUnexported(item{})); diff != "" {
				t.Errorf("read (-want +got):\n%s", diff)
			}
		})
	}
}
