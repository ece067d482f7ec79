//go:build unix

package main

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"burnish/imaging"
	"burnish/queue"
	"burnish/scripts/faults/check"
	"burnish/worker"
	"burnish/worker/ledger"
	"burnish/worker/store"
)

// gather completes the evidence after the fleet has stopped.
func (f *feed) gather(ctx context.Context) (*check.Evidence, error) {
	e := f.evidence
	var err error
	if e.Unacked, err = f.left(ctx); err != nil {
		return nil, err
	}
	if e.Ledger, err = outcomes(ctx, f.dest); err != nil {
		return nil, err
	}
	if e.Failures, err = f.failures(ctx); err != nil {
		return nil, err
	}
	if e.Manifests, err = manifests(ctx, f.dest); err != nil {
		return nil, err
	}
	if e.Objects, err = objects(ctx, f.dest); err != nil {
		return nil, err
	}
	if e.Clean, err = f.clean(ctx); err != nil {
		return nil, err
	}
	e.Published, e.Acked, e.Writes = f.pubsub.Account.Outcomes(), f.pubsub.Account.Acked(), f.storage.Writes()
	imager, err := filepath.Abs(f.imager)
	if err != nil {
		return nil, err
	}
	e.Strays = f.fleet.Strays(imager)
	n := f.fleet.Counts()
	e.Faults = check.Faults{
		Workers: n.Workers, Recorders: n.Recorders, Imagers: n.Imagers, Frozen: n.Frozen, Stopped: n.Stopped,
		Services: f.storage.Faults(),
	}
	maps.Copy(e.Faults.Services, f.pubsub.Faults())
	return e, nil
}

// outcomes reads the whole ledger as its readers do.
func outcomes(ctx context.Context, st store.Store) ([]ledger.Outcome, error) {
	batches, err := ledger.Batches(ctx, st)
	if err != nil {
		return nil, err
	}
	var all []ledger.Outcome
	for _, b := range batches {
		for o, err := range ledger.Outcomes(ctx, st, b, ledger.Filter{}) {
			if err != nil {
				return nil, err
			}
			o.Batch = b
			all = append(all, o)
		}
	}
	return all, nil
}

// failures asks burnish what is broken.
func (f *feed) failures(ctx context.Context) (map[queue.Key]imaging.Reason, error) {
	address, err := f.storage.Listen()
	if err != nil {
		return nil, err
	}
	cmd := exec.CommandContext(ctx, f.burnish(), "failures", "gs://"+results, "--json")
	cmd.Env = append(os.Environ(), "STORAGE_EMULATOR_HOST="+address)
	out, err := cmd.Output()
	if err != nil {
		return nil, fmt.Errorf("burnish failures: %w", err)
	}
	all := make(map[queue.Key]imaging.Reason)
	for dec := json.NewDecoder(bytes.NewReader(out)); dec.More(); {
		var one struct {
			Key    queue.Key
			Reason imaging.Reason
		}
		if err := dec.Decode(&one); err != nil {
			return nil, fmt.Errorf("burnish failures: %w", err)
		}
		all[one.Key] = one.Reason
	}
	return all, nil
}

// manifests reads every manifest of a destination.
func manifests(ctx context.Context, st store.Store) (map[queue.Key]check.Manifest, error) {
	all := make(map[queue.Key]check.Manifest)
	for a, err := range st.List(ctx, store.Range{Prefix: worker.ManifestPrefix}) {
		if err != nil {
			return nil, err
		}
		key := queue.Key(strings.TrimPrefix(a.Name, worker.ManifestPrefix))
		m, _, err := worker.ReadManifest(ctx, st, key)
		if err != nil {
			return nil, fmt.Errorf("manifest of %q in %s: %w", key, st, err)
		}
		variants := make(map[string]check.Object)
		for _, v := range m.Variants {
			variants[string(v.Path)] = check.Object{Generation: v.Generation, Bytes: v.Bytes}
		}
		all[key] = check.Manifest{Source: m.Generation, Variants: variants}
	}
	return all, nil
}

// largest is what a variant may have, in bytes.
const largest = 1 << 20

// objects reads every variant of a destination. The store compares their checksums.
func objects(ctx context.Context, st store.Store) (map[string]check.Object, error) {
	all := make(map[string]check.Object)
	for a, err := range st.List(ctx, store.Range{Prefix: worker.VariantPrefix}) {
		if err != nil {
			return nil, err
		}
		o := check.Object{Generation: a.Generation, Bytes: a.Size}
		data, _, err := st.Read(ctx, a.Name, store.ReadOptions{Generation: a.Generation, Limit: largest})
		if err != nil {
			o.Damage = err.Error()
		}
		sum := sha256.Sum256(data)
		o.SHA256 = hex.EncodeToString(sum[:])
		all[a.Name] = o
	}
	return all, nil
}

// clean has the real imager make the variants of the final photos, in a folder and without
// faults.
func (f *feed) clean(ctx context.Context) (map[queue.Key]check.Manifest, error) {
	src, dst := filepath.Join(f.dir, "final"), filepath.Join(f.dir, "clean")
	for _, p := range f.finals() {
		if p.kind != check.Good {
			continue
		}
		file := filepath.Join(src, filepath.FromSlash(string(p.key)))
		if err := errors.Join(os.MkdirAll(filepath.Dir(file), 0o777), os.WriteFile(file, p.data, 0o666)); err != nil {
			return nil, err
		}
	}
	cmd := exec.CommandContext(ctx, f.burnish(), "run", src, dst, "--recipe", f.recipe())
	if out, err := cmd.CombinedOutput(); err != nil {
		return nil, fmt.Errorf("burnish run: %w\n%s", err, out)
	}
	st, err := store.OpenDirectory(dst)
	if err != nil {
		return nil, err
	}
	defer st.Close()
	all, err := manifests(ctx, st)
	if err != nil {
		return nil, err
	}
	made, err := objects(ctx, st)
	for _, m := range all {
		for name := range m.Variants {
			m.Variants[name] = made[name]
		}
	}
	return all, err
}
