package imaging

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
)

// Fingerprint names what a recipe makes of a photo in an engine build: 16 hexadecimal digits of
// the SHA-256 of their canonical form. It changes when, and only when, output could: with
// Enhance, Variants and Output; with Libvips, Codecs and Algorithm of the build. Name, Limits
// and Build.Reads decide whether a photo is done, not what comes out, and Build.Version
// changes with every release, of which few touch pixels; those raise Algorithm.
func (r Recipe) Fingerprint(b Build) string {
	sum := sha256.Sum256(canonical(r, b))
	return hex.EncodeToString(sum[:8])
}

// canonical is JSON with sorted names and without zeros, so that a field added later, whose
// zero value means that nothing is different, leaves the fingerprints of 200 million photos
// as they are.
func canonical(r Recipe, b Build) []byte {
	if automatic := (Output{FingerprintInPath: r.Output.FingerprintInPath}); r.Output.Header() == automatic.Header() {
		r.Output.CacheControl = ""
	}
	data, err := json.Marshal(map[string]any{
		"enhance":  r.Enhance,
		"variants": r.Variants,
		"output":   r.Output,
		"build": map[string]any{
			"algorithm": b.Algorithm,
			"libvips":   b.Libvips,
			"codecs":    b.Codecs,
		},
	})
	if err == nil {
		var tree map[string]any
		if err = json.Unmarshal(data, &tree); err == nil {
			dropZeros(tree)
			data, err = json.Marshal(tree)
		}
	}
	if err != nil { // only numbers that are none, which no parser lets through
		panic(fmt.Sprintf("imaging: fingerprint: %v", err))
	}
	return data
}

// dropZeros removes members that are zero, but keeps empty objects: a format with all options
// zero is still written.
func dropZeros(tree map[string]any) {
	for name, v := range tree {
		switch v := v.(type) {
		case map[string]any:
			dropZeros(v)
		case nil:
			delete(tree, name)
		case bool, float64, string:
			if v == false || v == 0.0 || v == "" {
				delete(tree, name)
			}
		}
	}
}
