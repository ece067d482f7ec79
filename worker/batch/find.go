package batch

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"burnish/worker/ledger"
	"burnish/worker/store"
)

// Latest names the newest batch that somebody asked for.
const Latest = "latest"

// ErrNoBatch says that there is no batch of a name; ErrAmbiguous that there are several.
var (
	ErrNoBatch   = errors.New("no such batch")
	ErrAmbiguous = errors.New("several batches are called so")
)

// Find returns the id of the batch that a person means: the whole id, the beginning or the end
// of one if no other batch has it, or Latest, which is also what an empty name means. Batches
// that only have a ledger, as those of uploads, are found by their names, and are never Latest.
func Find(ctx context.Context, st store.Store, name string) (string, error) {
	if name == "" || name == Latest {
		return newest(ctx, st)
	}
	if err := ledger.CheckBatch(strings.TrimLeft(name, ".-_")); err != nil { // an end may begin with these
		return "", err
	}
	var found []string
	for id, err := range ledger.Newest(ctx, st) {
		switch {
		case err != nil:
			return "", err
		case id == name:
			return id, nil
		case strings.HasPrefix(id, name) || strings.HasSuffix(id, name):
			found = append(found, id)
		}
	}
	switch len(found) {
	case 0:
		return "", fmt.Errorf("%w in %s: %q", ErrNoBatch, st, name)
	case 1:
		return found[0], nil
	}
	return "", fmt.Errorf("%w in %s: %q: %s", ErrAmbiguous, st, name, strings.Join(found[:min(len(found), 5)], ", "))
}

// newest is the id of the newest batch with a record, readable or not.
func newest(ctx context.Context, st store.Store) (string, error) {
	for id, err := range ledger.Newest(ctx, st) {
		if err != nil {
			return "", err
		}
		_, err = st.Stat(ctx, name(id))
		if err == nil {
			return id, nil
		}
		if !errors.Is(err, store.ErrNotExist) {
			return "", fmt.Errorf("look for the newest batch of %s: %w", st, err)
		}
	}
	return "", fmt.Errorf("%w: nothing has been run into %s yet", ErrNoBatch, st)
}
