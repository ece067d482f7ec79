package store_test

import (
	"fmt"
	"testing"

	"burnish/worker/store"
)

// BenchmarkPhoto writes what one photo leaves behind: 12 parts of 20 KB and what refers to
// them.
func BenchmarkPhoto(b *testing.B) {
	d, err := store.OpenDirectory(b.TempDir(), store.Writable())
	if err != nil {
		b.Fatal(err)
	}
	defer d.Close()
	data := make([]byte, 20_000)
	meta := map[string]string{"generation": "1234567890123456789", "fingerprint": "0123456789abcdef"}
	for i := 0; b.Loop(); i++ {
		for part := range 12 {
			name := fmt.Sprintf("variants/%06d.jpg/%d.avif", i, part)
			if _, err := d.Write(b.Context(), name, data, store.WriteOptions{Part: true, Metadata: meta}); err != nil {
				b.Fatal(err)
			}
		}
		name := fmt.Sprintf("manifests/%06d.jpg", i)
		if _, err := d.Write(b.Context(), name, data[:2000], store.WriteOptions{Metadata: meta}); err != nil {
			b.Fatal(err)
		}
	}
}
