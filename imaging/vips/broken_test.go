package vips

import (
	"bytes"
	"errors"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"burnish/imaging"
)

// wantFact checks what an error states and that its text has the words.
func wantFact(t testing.TB, err, fact error, words ...string) {
	t.Helper()
	if !errors.Is(err, fact) {
		t.Fatalf("error is %v, want one of %q", err, fact)
	}
	for _, w := range words {
		if !strings.Contains(err.Error(), w) {
			t.Errorf("error %q does not say %q", err, w)
		}
	}
}

// A file of any kind, cut anywhere, is refused as truncated and never half rendered: where only
// an epilogue is missing it may be read, but then as if it were whole.
func TestCutFilesAreTruncated(t *testing.T) {
	for _, file := range []string{
		"rocket.jpg", "progressive.jpg", "scans.jpg", "chelsea.png", "interlaced.png", "chart.webp", "lossless.webp",
		"chart.avif", "tiled.tif", "prophoto-16.tif", "jpeg-inside.tif", "chart.gif",
	} {
		t.Run(file, func(t *testing.T) {
			e := engine(t)
			whole := fixture(t, file)
			want := process(t, e, exact(whole, 48)).Variants[0].Data
			refused := 0
			for _, share := range []float64{0.01, 0.05, 0.3, 0.5, 0.7, 0.9, 0.97} {
				cut := whole[:int(float64(len(whole))*share)+1]
				r, err := e.Process(exact(cut, 48), unlimited)
				if err != nil {
					refused++
					wantFact(t, err, imaging.ErrTruncated)
				} else if !bytes.Equal(r.Variants[0].Data, want) {
					t.Errorf("cut at %g is half rendered", share)
				}
			}
			if refused < 5 {
				t.Errorf("only %d of 7 cuts were refused", refused)
			}
		})
	}
}

// The last bytes of JPEG hold no pixel, but tell that all came.
func TestJPEGWithoutItsEnd(t *testing.T) {
	whole := fixture(t, "rocket.jpg")
	_, err := engine(t).Process(catalogue(whole[:len(whole)-2]), unlimited)
	wantFact(t, err, imaging.ErrTruncated)
}

// Bytes overwritten in the middle, in formats whose coding shows it.
func TestOverwrittenFilesAreCorrupt(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	for _, file := range []string{"chelsea.png", "interlaced.png", "chart.avif", "tiled.tif", "chart.gif"} {
		t.Run(file, func(t *testing.T) {
			data := bytes.Clone(fixture(t, file))
			middle := data[len(data)/2:][:min(200, len(data)/4)]
			for i := range middle {
				middle[i] = byte(random.Uint32())
			}
			_, err := engine(t).Process(catalogue(data), unlimited)
			if !errors.Is(err, imaging.ErrCorrupt) && !errors.Is(err, imaging.ErrTruncated) { // a length may be hit
				t.Errorf("error is %v, want corrupt or truncated", err)
			}
		})
	}
}

// libvips itself says nothing of what libpng found.
func TestARefusedPNGTellsWhy(t *testing.T) {
	data := bytes.Clone(fixture(t, "interlaced.png"))
	data[25] = 99 // the colour type
	_, err := engine(t).Process(catalogue(data), unlimited)
	wantFact(t, err, imaging.ErrCorrupt, "IHDR")
}

// What is left behind a sound photo's codes is nothing, in whatever way it is sampled.
func TestSoundScansAreReadToTheirEnd(t *testing.T) {
	read := 0
	for _, pattern := range []string{"testdata/*.jpg", "../../testdata/photos/*.jpg"} {
		files, err := filepath.Glob(pattern)
		if err != nil {
			t.Fatal(err)
		}
		for _, file := range files {
			data := fixture(t, filepath.Base(file))
			if err := checkScan(data); err != nil {
				t.Errorf("%s: %v", file, err)
			}
			if s, _ := sequentialScan(data); s != nil {
				read++
			}
		}
	}
	if read < 20 {
		t.Errorf("%d of the fixtures were read", read)
	}
}

// About half of all changes of a few bytes are noticed, of which libvips says nothing: the others
// shift no block, or few.
func TestChangedScansAreNoticed(t *testing.T) {
	for _, file := range []string{"board.jpg", "rocket.jpg"} {
		random, whole, noticed := rand.New(rand.NewPCG(5, 6)), fixture(t, file), 0
		for range 100 {
			if checkScan(changed(whole, len(whole)/4+random.IntN(len(whole)/2), 4)) != nil {
				noticed++
			}
		}
		if noticed < 40 {
			t.Errorf("%s: %d of 100 changes are noticed", file, noticed)
		}
	}
}

// Some cameras append kilobytes to the codes of sound photos.
func TestWhatCamerasAppendIsLeftAlone(t *testing.T) {
	random := rand.NewChaCha8([32]byte{7})
	for _, file := range []string{"board.jpg", "rocket.jpg", "grey.jpg", "cmyk.jpg"} {
		whole := fixture(t, file)
		end := bytes.LastIndex(whole, []byte{0xff, 0xd9})
		for name, junk := range map[string][]byte{
			"zeros": make([]byte, 4096), "ones": bytes.Repeat([]byte{0xff, 0}, 1000), "one byte": {0x7f},
		} {
			if err := checkScan(jpegWith(whole, end, string(junk))); err != nil {
				t.Errorf("%s with %s: %v", file, name, err)
			}
		}
		for n := 1; n < 100; n++ {
			junk := make([]byte, n*n)
			_, _ = random.Read(junk)
			junk = bytes.ReplaceAll(junk, []byte{0xff}, []byte{0xff, 0})
			if err := checkScan(jpegWith(whole, end, string(junk))); err != nil {
				t.Errorf("%s with %d bytes: %v", file, len(junk), err)
			}
		}
	}
}

func FuzzScan(f *testing.F) {
	for _, file := range []string{"grey.jpg", "cmyk.jpg", "orientation-1.jpg", "restarts.jpg"} {
		data, err := os.ReadFile(filepath.Join("testdata", file))
		if err != nil {
			f.Fatal(err)
		}
		f.Add(data)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		if s, coded := sequentialScan(data); s != nil && s.units < 1<<16 && len(coded) <= len(data) {
			_ = checkScan(data) // whatever it says, it comes back
		}
	})
}

// jpegWith puts bytes into a JPEG at a place.
func jpegWith(data []byte, at int, insert string) []byte {
	return bytes.Join([][]byte{data[:at], []byte(insert), data[at:]}, nil)
}

// changed inverts bits of some bytes, and makes none of them a marker.
func changed(data []byte, at, n int) []byte {
	data = bytes.Clone(data)
	for i := at; i < at+n; i++ {
		if data[i] != 0xff && data[i]^0x5a != 0xff {
			data[i] ^= 0x5a
		}
	}
	return data
}

func TestDamagedScansAreCorrupt(t *testing.T) {
	baseline := fixture(t, "rocket.jpg")
	middle := len(baseline) / 2
	scans := fixture(t, "scans.jpg")
	for name, data := range map[string][]byte{
		"a stretch is missing":     append(bytes.Clone(baseline[:middle]), baseline[middle+500:]...),
		"a marker in the scan":     jpegWith(baseline, middle, "\xff\xd3"),
		"an end in the scan":       jpegWith(baseline, middle, "\xff\xd9"),
		"zeros over the scan":      jpegWith(append(bytes.Clone(baseline[:middle]), baseline[middle+2000:]...), middle, string(make([]byte, 2000))),
		"ones over a later scan":   jpegWith(append(bytes.Clone(scans[:3000]), scans[3200:]...), 3000, strings.Repeat("\xff\x00", 100)),
		"a later scan is lost":     jpegWith(append(bytes.Clone(scans[:4950]), scans[5100:]...), 4950, strings.Repeat("\xff\x00", 75)),
		"a few bytes changed":      changed(baseline, middle, 16),
		"behind a harmless oddity": append(jpegWith(baseline, 20, "\x00\x00\x00")[:middle], baseline[middle+500:]...),
	} {
		t.Run(name, func(t *testing.T) {
			_, err := engine(t).Process(catalogue(data), unlimited)
			if !errors.Is(err, imaging.ErrCorrupt) && !errors.Is(err, imaging.ErrTruncated) {
				t.Errorf("error is %v, want corrupt or truncated", err)
			}
		})
	}
}

// Oddities that cameras and editors write, and that cost no pixel.
func TestHarmlessOdditiesAreRead(t *testing.T) {
	baseline := fixture(t, "rocket.jpg")
	scans := fixture(t, "scans.jpg")
	for name, data := range map[string][]byte{
		"stray bytes between headers":        jpegWith(baseline, 20, "\x00\x00\x00\x00"),
		"stray bytes before the end":         jpegWith(baseline, len(baseline)-2, "\x00\x00\x00\x00\x00\x00"),
		"stray bytes before a scans' end":    jpegWith(scans, len(scans)-2, strings.Repeat("\x00", 20)),
		"an Adobe marker of no known kind":   jpegWith(baseline, 20, "\xff\xee\x00\x0eAdobe\x00\x64\x00\x00\x00\x00\x07"),
		"something after the end":            append(bytes.Clone(baseline), "a preview, or a video"...),
		"fill bytes before a marker":         jpegWith(baseline, 20, "\xff\xff\xff"),
		"a JFIF version that does not exist": bytes.Replace(bytes.Clone(baseline), []byte("JFIF\x00\x01"), []byte("JFIF\x00\x07"), 1),
	} {
		t.Run(name, func(t *testing.T) { process(t, engine(t), catalogue(data)) })
	}
	t.Run("a PNG with a profile that libpng calls incorrect", func(t *testing.T) {
		process(t, engine(t), catalogue(fixture(t, "P3-sRGB-red.png")))
	})
	t.Run("a PNG without its last chunk", func(t *testing.T) {
		png := fixture(t, "chart.png")
		process(t, engine(t), catalogue(png[:len(png)-12]))
	})
}

// Whatever is done to a file's bytes, it is read or refused with a fact: no other error, no
// crash, no leak.
func TestMutilatedFilesStateAFact(t *testing.T) {
	files, err := filepath.Glob("testdata/*.*")
	if err != nil || len(files) < 40 {
		t.Fatal("fixtures are missing", err)
	}
	random := rand.New(rand.NewPCG(3, 4))
	e := engine(t)
	for _, file := range files {
		whole := fixture(t, filepath.Base(file))
		if _, err := sniff(whole); err != nil {
			continue
		}
		for range 12 {
			data := bytes.Clone(whole)
			for range 1 + random.IntN(8) {
				data[12+random.IntN(len(data)-12)] = byte(random.Uint32())
			}
			r := exact(data, 32)
			r.Limits.Megapixels = 1
			_, err := e.Process(r, unlimited)
			known := false
			for _, fact := range []error{imaging.ErrCorrupt, imaging.ErrTruncated, imaging.ErrUnsupported, imaging.ErrTooLarge} {
				known = known || errors.Is(err, fact)
			}
			if err != nil && !known {
				t.Errorf("%s: %v", file, err)
			}
		}
	}
}
