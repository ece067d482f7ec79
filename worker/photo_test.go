package worker

import (
	"testing"

	"burnish/queue"
)

func TestNamed(t *testing.T) {
	for key, want := range map[queue.Key]bool{
		"a.jpg": true, "A.JPEG": true, "x/y.z/b.WebP": true, "scan.tiff": true, "new\nline.png": true,
		"README.md": false, "jpg": false, "photo": false, "a.jpg/b": false, "a.jpg.txt": false, "": false,
	} {
		if got := named(key); got != want {
			t.Errorf("named(%q) = %v", key, got)
		}
	}
}

func TestLooksCoded(t *testing.T) {
	for _, tt := range []struct {
		name, data string
		want       bool
	}{
		{"jpeg", "\xff\xd8\xff\xe0", true},
		{"png", "\x89PNG\r\n\x1a\nrest", true},
		{"webp", "RIFF\x00\x00\x00\x00WEBPVP8 ", true},
		{"wave", "RIFF\x00\x00\x00\x00WAVEfmt ", false},
		{"avif", "\x00\x00\x00\x1cftypavif", true},
		{"video", "\x00\x00\x00\x1cftypisom", false},
		{"text", "hello", false},
		{"nothing", "", false},
		{"cut short", "RIFF", false},
	} {
		if got := looksCoded([]byte(tt.data)); got != tt.want {
			t.Errorf("%s: %v", tt.name, got)
		}
	}
}
