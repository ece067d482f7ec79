package ledger

import (
	"context"
	"fmt"
	"iter"
	"path"
	"slices"
	"strings"
	"time"

	"burnish/worker/store"
)

// folder holds all batches of a destination.
const folder = "burnish/batches/"

// Folder is the prefix of all that a destination keeps about a batch.
func Folder(batch string) string { return folder + batch + "/" }

// CheckBatch reports a batch id that cannot be one: 1 to 128 letters, digits, points, dashes
// and underscores, the first of them a letter or digit. Ids become parts of names and queries.
func CheckBatch(id string) error {
	ok := id != "" && len(id) <= 128 && !strings.ContainsFunc(id, func(r rune) bool { return !inID(r) }) &&
		!strings.ContainsAny(id[:1], ".-_")
	if !ok {
		return fmt.Errorf("batch id %q is not made of letters, digits, points, dashes and underscores", id)
	}
	return nil
}

func inID(r rune) bool {
	return r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || strings.ContainsRune(".-_", r)
}

// skipAfter is how many objects of one batch a listing of batches goes through before it is
// begun anew past them: the number that Cloud Storage returns, and bills, as one request.
const skipAfter = 1000

// Batches lists the ids of all batches of a destination, the newest first: ids begin with
// the time. It costs at most two listing requests per batch that has many segments, and one
// per thousand objects of the others.
func Batches(ctx context.Context, st store.Store) ([]string, error) {
	var ids []string
	for id, err := range Newest(ctx, st) {
		if err != nil {
			return nil, err
		}
		ids = append(ids, id)
	}
	return ids, nil
}

// Newest walks the ids of the batches of a destination, the newest first, and looks back no
// further than it is asked to: a day, then eight times as long, and so on. An error ends it.
func Newest(ctx context.Context, st store.Store) iter.Seq2[string, error] {
	return func(yield func(string, error) bool) {
		to, now := "", time.Now().UTC()
		for back := 24 * time.Hour; ; back *= 8 {
			from := now.Add(-back).Format(nameTime)
			if back > 20*365*24*time.Hour {
				from = "" // before there was any
			}
			ids, err := batchesBetween(ctx, st, from, to)
			if err != nil {
				yield("", fmt.Errorf("list batches of %s: %w", st, err))
				return
			}
			for _, id := range ids {
				if !yield(id, nil) {
					return
				}
			}
			if from == "" {
				return
			}
			to = from
		}
	}
}

// batchesBetween lists the ids from one on and before another, the last first.
func batchesBetween(ctx context.Context, st store.Store, from, to string) ([]string, error) {
	var ids []string
	r := store.Range{Prefix: folder, From: folder + from}
	if to != "" {
		r.To = folder + to
	}
	for again := true; again; {
		var err error
		if ids, again, err = batchesIn(ctx, st, r, ids); err != nil {
			return nil, err
		}
		if again {
			r.From = folder + ids[len(ids)-1] + "0" // the byte after '/': past all that is below it
		}
	}
	ids = slices.DeleteFunc(ids, func(id string) bool { return CheckBatch(id) != nil })
	slices.Sort(ids)
	slices.Reverse(ids)
	return ids, nil
}

// batchesIn adds the folders in the range to ids, until one of them proves to hold many
// objects: the walk is then to go on past it.
func batchesIn(ctx context.Context, st store.Store, r store.Range, ids []string) (_ []string, again bool, _ error) {
	seen := 0
	for a, err := range st.List(ctx, r) {
		if err != nil {
			return nil, false, err
		}
		id, _, ok := strings.Cut(strings.TrimPrefix(a.Name, folder), "/")
		switch {
		case !ok:
			continue // a file beside the folders
		case len(ids) == 0 || ids[len(ids)-1] != id:
			ids, seen = append(ids, id), 0
		case seen == skipAfter:
			return ids, true, nil
		}
		seen++
	}
	return ids, false, nil
}

func segmentFolder(batch string) string { return Folder(batch) + "ledger/" }

func digestFolder(batch string) string { return Folder(batch) + "digests/" }

// extension of all files of a ledger.
const extension = ".parquet"

// base is the name of a file without its folder and extension.
func base(name string) string { return strings.TrimSuffix(path.Base(name), extension) }

// segments walks the segments of a batch whose names come after one of them, or all of them
// where that is empty, the oldest first.
func segments(ctx context.Context, st store.Store, batch, after string) iter.Seq2[store.Attrs, error] {
	return files(ctx, st, segmentFolder(batch), after)
}

// files walks the Parquet files right in a folder whose base names, without the extension, come
// after one. Whatever else lies there, a note or a listing of macOS, is none and no error.
func files(ctx context.Context, st store.Store, prefix, after string) iter.Seq2[store.Attrs, error] {
	return func(yield func(store.Attrs, error) bool) {
		r := store.Range{Prefix: prefix}
		if after != "" {
			r.From = prefix + after + extension + "\x00"
		}
		for a, err := range st.List(ctx, r) {
			if err != nil {
				yield(a, fmt.Errorf("list %s of %s: %w", prefix, st, err))
				return
			}
			base := strings.TrimPrefix(a.Name, prefix)
			if strings.HasSuffix(base, extension) && !strings.Contains(base, "/") && !yield(a, nil) {
				return
			}
		}
	}
}
