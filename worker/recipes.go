package worker

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"
	"sync"

	"burnish/imaging"
	"burnish/worker/store"
)

// RecipePrefix is where the recipes stand that jobs name.
const RecipePrefix = "burnish/recipes/"

// RecipeName is the name of the recipe of an id, which is the SHA-256 of its bytes.
func RecipeName(id string) string { return RecipePrefix + id + ".yaml" }

// errRecipe reports a job whose recipe is not there, or is none. No try at it can do the job.
var errRecipe = errors.New("the recipe that the job names cannot be used")

// KeepRecipe writes a recipe into a destination, every default spelled out, and returns the id by
// which a queue.Job names it to the workers of that destination. What stands there already is
// written again: the same bytes, unless somebody has damaged them.
func KeepRecipe(ctx context.Context, dest store.Store, r imaging.Recipe) (id string, err error) {
	data := r.YAML()
	id = recipeID(data)
	_, err = dest.Write(ctx, RecipeName(id), data, store.WriteOptions{If: store.Any, ContentType: "application/yaml"})
	if err != nil {
		return "", fmt.Errorf("write %s to %s: %w", RecipeName(id), dest, err)
	}
	return id, nil
}

func recipeID(data []byte) string {
	sum := sha256.Sum256(data)
	return hex.EncodeToString(sum[:])
}

// ReadRecipe reads the recipe of an id, which may come from anywhere, and checks its bytes.
func ReadRecipe(ctx context.Context, dest store.Store, id string) (imaging.Recipe, error) {
	if sum, err := hex.DecodeString(id); err != nil || len(sum) != sha256.Size || strings.ToLower(id) != id {
		return imaging.Recipe{}, fmt.Errorf("%w: %.80q is no id of one", errRecipe, id)
	}
	data, _, err := dest.Read(ctx, RecipeName(id), store.ReadOptions{Limit: imaging.MaxRecipe})
	switch {
	case errors.Is(err, store.ErrNotExist), errors.Is(err, store.ErrTooLarge), errors.Is(err, store.ErrLink):
		return imaging.Recipe{}, fmt.Errorf("%w: %s of %s: %w", errRecipe, RecipeName(id), dest, err)
	case err != nil:
		return imaging.Recipe{}, fmt.Errorf("read %s: %w", RecipeName(id), err)
	}
	if recipeID(data) != id {
		return imaging.Recipe{}, fmt.Errorf("%w: %s of %s was changed: its bytes are not those that its name tells", errRecipe, RecipeName(id), dest)
	}
	r, err := imaging.ParseRecipe(RecipeName(id), data)
	if err != nil { // of a later version, for instance
		return r, fmt.Errorf("%w: %w", errRecipe, err)
	}
	return r, nil
}

// recipe is one with its fingerprint by this worker's engine.
type recipe struct {
	imaging.Recipe
	fingerprint string
}

// cookbook holds the recipes that jobs have named, and the worker's own.
type cookbook struct {
	dest  store.Store
	build imaging.Build
	own   *recipe
	ownID string

	mu    sync.Mutex
	known map[string]*recipe
}

// mostRecipes bounds what is remembered: there are seldom more than two batches at once.
const mostRecipes = 16

func newCookbook(dest store.Store, own imaging.Recipe, build imaging.Build) *cookbook {
	return &cookbook{
		dest: dest, build: build,
		own: &recipe{own, own.Fingerprint(build)}, ownID: recipeID(own.YAML()),
		known: make(map[string]*recipe),
	}
}

// find returns the recipe that a job names, or the worker's own where it names none. Recipes that
// cannot be used are not remembered: they may be mended.
func (c *cookbook) find(ctx context.Context, id string) (*recipe, error) {
	if id == "" || id == c.ownID {
		return c.own, nil
	}
	c.mu.Lock()
	known, ok := c.known[id]
	c.mu.Unlock()
	if ok {
		return known, nil
	}
	r, err := ReadRecipe(ctx, c.dest, id)
	if err != nil {
		return nil, err
	}
	found := &recipe{r, r.Fingerprint(c.build)}
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.known) >= mostRecipes {
		clear(c.known)
	}
	c.known[id] = found
	return found, nil
}
