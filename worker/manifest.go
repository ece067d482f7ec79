package worker

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"time"

	"burnish/imaging"
	"burnish/queue"
	"burnish/worker/store"
)

// Where things stand in the destination.
const (
	ManifestPrefix = "manifests/"
	VariantPrefix  = "variants/"
)

// Metadata keys of manifests and variants.
const (
	metaGeneration  = "generation"
	metaFingerprint = "fingerprint"
)

// manifestLimit bounds what is read as a manifest, in bytes.
const manifestLimit = 1 << 20

// Manifest says what a photo was published as. A photo is published when its manifest is.
type Manifest struct {
	Version     int                `json:"version"` // of this format: 1
	Key         queue.Key          `json:"key"`
	Generation  int64              `json:"generation,string"` // of the source
	SHA256      string             `json:"sha256"`            // of the source's bytes, hexadecimal
	Recipe      string             `json:"recipe"`
	Fingerprint string             `json:"fingerprint"`
	Engine      imaging.Build      `json:"engine"`
	Source      imaging.Source     `json:"source"`
	Analysis    imaging.Analysis   `json:"analysis"`
	Steps       []imaging.Step     `json:"steps"`
	Variants    []PublishedVariant `json:"variants"`
	Published   time.Time          `json:"published"`
}

// PublishedVariant is a variant and where it stands.
type PublishedVariant struct {
	imaging.Variant
	Path       queue.Key `json:"path"`  // below the destination, in the text form of keys
	Bytes      int64     `json:"bytes"` // of the coded picture
	Generation int64     `json:"generation,string"`
}

// ManifestName is the name of the manifest of a key.
func ManifestName(key queue.Key) string { return ManifestPrefix + string(key) }

// variantName is where a variant is written. With the fingerprint goes the photo's checksum:
// only the two together make a URL that never changes its bytes.
func variantName(p *photo, v imaging.Variant) string {
	dir := VariantPrefix + string(p.Key) + "/"
	if p.recipe.Output.FingerprintInPath {
		dir += p.recipe.fingerprint + "-" + p.sum[:16] + "/"
	}
	return dir + v.Name + "." + v.Format.Ext()
}

// ErrManifest reports that what stands at a manifest's place is not a manifest.
var ErrManifest = errors.New("not a manifest that this version reads")

// ReadManifest reads the manifest of a key. Where there is none, it returns store.ErrNotExist;
// where it cannot be understood, ErrManifest with the attributes of what stands there.
func ReadManifest(ctx context.Context, st store.Store, key queue.Key) (Manifest, store.Attrs, error) {
	data, attrs, err := st.Read(ctx, ManifestName(key), store.ReadOptions{Limit: manifestLimit})
	if errors.Is(err, store.ErrTooLarge) {
		return Manifest{}, attrs, fmt.Errorf("%w: %w", ErrManifest, err)
	}
	if err != nil {
		return Manifest{}, attrs, err
	}
	var m Manifest
	if err := json.Unmarshal(data, &m); err != nil {
		return Manifest{}, attrs, fmt.Errorf("%w: %w", ErrManifest, err)
	}
	if m.Version != 1 || m.Key != key {
		return Manifest{}, attrs, fmt.Errorf("%w: version %d of %q", ErrManifest, m.Version, m.Key)
	}
	return m, attrs, nil
}

// ManifestMetadata reads from a manifest's body what a listing would show as its metadata.
func ManifestMetadata(ctx context.Context, st store.Store, name string) (map[string]string, error) {
	m, _, err := ReadManifest(ctx, st, queue.Key(name[len(ManifestPrefix):]))
	if errors.Is(err, ErrManifest) {
		return nil, nil // it says nothing of its photo, so the photo is stale
	}
	if err != nil {
		return nil, err
	}
	return origin(m.Generation, m.Fingerprint), nil
}

// origin is the metadata that says what an object was made from.
func origin(generation int64, fingerprint string) map[string]string {
	return map[string]string{
		metaGeneration:  strconv.FormatInt(generation, 10),
		metaFingerprint: fingerprint,
	}
}
