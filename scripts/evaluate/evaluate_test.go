package main

import (
	"bytes"
	"io"
	"math"
	"os"
	"strings"
	"testing"
)

// ramp is a picture in which every grey occurs.
func ramp() picture {
	p := picture{64, 32, nil}
	for i := range p.width * p.height {
		v := uint8(i * 255 / (p.width*p.height - 1))
		p.pix = append(p.pix, v, v, v)
	}
	return p
}

func degraded(t *testing.T, name string, p picture) picture {
	t.Helper()
	some, err := chosen(rows, name, func(r row) string { return r.name })
	if err != nil {
		t.Fatal(err)
	}
	out, err := decode(some[0].do(p, "x"))
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func TestDegradationsDoWhatTheySay(t *testing.T) {
	white, grey := 3*(64*32-1), 3*1028 // of level 255 and 128
	for _, tt := range []struct {
		row  string
		at   int
		want [3]uint8
	}{
		{"good", grey, [3]uint8{128, 128, 128}},
		{"-1EV", white, [3]uint8{188, 188, 188}}, // sRGB of half the light
		{"-2EV", white, [3]uint8{137, 137, 137}},
		{"+0.7EV", grey, [3]uint8{160, 160, 160}},
		{"flat", white, [3]uint8{210, 210, 210}},
		{"warm", white, [3]uint8{255, 255, 225}},
		{"cool", white, [3]uint8{231, 255, 255}},
		{"green", white, [3]uint8{243, 255, 243}},
	} {
		p := degraded(t, tt.row, ramp())
		if got := [3]uint8(p.pix[tt.at : tt.at+3]); got != tt.want {
			t.Errorf("%s makes it %v, want %v", tt.row, got, tt.want)
		}
	}
	a, b := degraded(t, "noise", ramp()), degraded(t, "noise", ramp())
	if !bytes.Equal(a.pix, b.pix) || bytes.Equal(a.pix, ramp().pix) {
		t.Error("noise is not the same each time, or none")
	}
}

func TestMetrics(t *testing.T) {
	p := ramp()
	if d, s := meanDeltaE(p, p), ssim(p, p); d != 0 || math.Abs(s-1) > 1e-12 {
		t.Errorf("of a picture and itself: ΔE %v, SSIM %v", d, s)
	}
	flat, lighter := picture{16, 16, bytes.Repeat([]byte{100}, 3*256)}, picture{16, 16, bytes.Repeat([]byte{120}, 3*256)}
	// Without structure only the luminance term is left: (2·100·120 + c₁) / (100² + 120² + c₁).
	if got, want := ssim(flat, lighter), (24000+6.5025)/(24400+6.5025); math.Abs(got-want) > 1e-9 {
		t.Errorf("SSIM of two greys is %v, want %v", got, want)
	}
	if got := meanDeltaE(flat, lighter); got < 7 || got > 9 { // L* 42.4 and 50.4
		t.Errorf("ΔE of two greys is %v", got)
	}
}

func TestPhotosAreInOneHalf(t *testing.T) {
	all, err := photos()
	if err != nil {
		t.Fatal(err)
	}
	seen, halves := make(map[string]bool), make(map[string]map[string]int)
	for _, p := range all {
		if seen[p.file] {
			t.Errorf("%s stands there twice", p.file)
		}
		seen[p.file] = true
		if halves[p.kind] == nil {
			halves[p.kind] = make(map[string]int)
		}
		halves[p.kind][p.half]++
	}
	for _, kind := range []string{"product", "scene", "portrait", "texture", "night"} {
		if halves[kind]["development"] == 0 || halves[kind]["reporting"] == 0 {
			t.Errorf("%s is not in both halves: %v", kind, halves[kind])
		}
	}
	if len(halves) != 5 {
		t.Errorf("kinds are %v", halves)
	}
}

func TestPPM(t *testing.T) {
	p, err := decode([]byte("P6\n2 1\n255\n\x01\x02\x03\x04\x05\x06"))
	if err != nil || p.width != 2 || p.height != 1 || !bytes.Equal(p.pix, []byte{1, 2, 3, 4, 5, 6}) {
		t.Errorf("%+v, %v", p, err)
	}
	for _, bad := range []string{"P6", "P6\n2 1\n255\n123", "P6\n1 1\n65535\n123456", "nothing"} {
		if _, err := decode([]byte(bad)); err == nil {
			t.Errorf("%q is a picture", bad)
		}
	}
}

func TestTableTellsWhatIsMissed(t *testing.T) {
	e := new(evaluation)
	f := newFigures(rows[:2], e.methods()[:2], false)
	f.all = []figure{
		{Photo: "a", Row: "good", Method: "burnish", DeltaE: 0.5, SSIM: 1},
		{Photo: "a", Row: "-2EV", Method: "burnish", DeltaE: 5, SSIM: 0.9},
		{Photo: "a", Row: "-2EV", Method: "nothing", DeltaE: 20, SSIM: 0.7},
	}
	var out strings.Builder
	if err := f.print(&out); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"target 0.8: reached", "target 4.0: MISSED", "20.00"} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("the table does not say %q:\n%s", want, out.String())
		}
	}
}

func TestStripsAreWritten(t *testing.T) {
	dir := t.TempDir()
	f := newFigures(rows[:1], nil, true)
	f.all = []figure{{Photo: "large/a.jpg", Row: "good", Method: "burnish", truth: ramp(), before: ramp(), after: ramp()}}
	if err := f.strips(dir, 3); err != nil {
		t.Fatal(err)
	}
	file, err := os.Open(dir + "/good-1-large-a.jpg.png")
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	data, _ := io.ReadAll(file)
	if p, err := decode(data); err != nil || p.width != 3*64+16 {
		t.Errorf("a strip of %d pixels, %v", p.width, err)
	}
}
