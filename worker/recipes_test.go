package worker

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"

	"burnish/imaging"
	"burnish/queue"
	"burnish/worker/ledger"
	"burnish/worker/store"
)

// named delivers a job that names a recipe and returns its outcome.
func (b *bench) named(t *testing.T, key queue.Key, recipe string) ledger.Outcome {
	t.Helper()
	job := queue.Job{Key: key, Batch: "b", Recipe: recipe}
	if d := b.Handle(t.Context(), queue.Delivery{Job: job, Lane: queue.Rerun, Attempt: 1}); d != queue.Ack {
		t.Fatalf("disposition %+v", d)
	}
	return (*b.outcomes)[len(*b.outcomes)-1]
}

func otherRecipe(t *testing.T, width int) imaging.Recipe {
	t.Helper()
	r, err := imaging.ParseRecipe("other.yaml", fmt.Appendf(nil, "name: other\nvariants: {widths: [%d], webp: {}}\n", width))
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// TestRecipeOfAJob does photos by recipes that jobs name, and is asked for each of them once.
func TestRecipeOfAJob(t *testing.T) {
	b := newBench(t)
	dest := &counted{Store: b.Dest}
	b.recipes.dest = dest
	own, err := KeepRecipe(t.Context(), b.Dest, b.Recipe)
	if err != nil {
		t.Fatal(err)
	}
	for i := range mostRecipes + 2 {
		r := otherRecipe(t, 40+i)
		id, err := KeepRecipe(t.Context(), b.Dest, r)
		if err != nil {
			t.Fatal(err)
		}
		for range 3 {
			key := queue.Key(fmt.Sprintf("%d.jpg", len(*b.outcomes)))
			b.put(string(key), "photo")
			o := b.named(t, key, id)
			m, _, err := ReadManifest(t.Context(), b.Dest, key)
			if err != nil {
				t.Fatal(err)
			}
			want := r.Fingerprint(b.imager.Build())
			if o.Status != ledger.Done || o.Recipe != "other" || o.Fingerprint != want ||
				m.Recipe != "other" || m.Fingerprint != want || len(m.Variants) != 1 || m.Variants[0].Width != 40+i {
				t.Errorf("done as %+v, with the manifest %+v", o, m)
			}
		}
		if dest.reads != i+1 || len(b.recipes.known) > mostRecipes {
			t.Errorf("after %d recipes: %d reads, %d remembered", i+1, dest.reads, len(b.recipes.known))
		}
	}
	b.put("own.jpg", "photo")
	if o := b.named(t, "own.jpg", own); o.Recipe != "catalogue" || dest.reads != mostRecipes+2 {
		t.Errorf("by its own recipe: %+v, after %d reads", o, dest.reads)
	}
}

// TestRecipeThatCannotBeUsed ends a photo at once, and does it when the recipe is mended.
func TestRecipeThatCannotBeUsed(t *testing.T) {
	good := otherRecipe(t, 40)
	data := good.YAML()
	id, later := recipeID(data), good
	later.Name = "later"
	for _, tt := range []struct {
		name, id, stands, says string
	}{
		{"missing", id, "", "does not exist"},
		{"cut off", id, string(data[:len(data)/2]), "was changed"},
		{"another one", id, string(later.YAML()), "was changed"},
		{"huge", id, string(data) + strings.Repeat("#", imaging.MaxRecipe), "larger"},
		{"a path", "../../manifests/a.jpg", "", "no id"},
		{"in capitals", strings.ToUpper(id), string(data), "no id"},
		{"endless", strings.Repeat("a", 1<<20), "", "no id"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			b := newBench(t)
			b.put("a.jpg", "photo")
			if tt.stands != "" {
				b.keep(t, RecipeName(id), tt.stands)
			}
			o := b.named(t, "a.jpg", tt.id)
			if o.Status != ledger.Failed || o.Reason != imaging.NoRecipe || !strings.Contains(o.Message, tt.says) || o.Fingerprint != "" {
				t.Errorf("%+v, want %q in its message", o, tt.says)
			}
			if b.imager.calls > 0 {
				t.Error("the photo was developed")
			}
			b.keep(t, RecipeName(id), string(data))
			if o := b.named(t, "a.jpg", id); o.Status != ledger.Done {
				t.Errorf("when it is mended: %+v", o)
			}
		})
	}
	t.Run("of a later version", func(t *testing.T) {
		b := newBench(t)
		text := string(data) + "hologram: true\n"
		sum := recipeID([]byte(text))
		b.put("a.jpg", "photo")
		b.keep(t, RecipeName(sum), text)
		if o := b.named(t, "a.jpg", sum); o.Reason != imaging.NoRecipe || !strings.Contains(o.Message, "hologram") {
			t.Errorf("%+v", o)
		}
	})
}

// TestRecipeOfAStoreThatIsAway waits for the store as for a photo's sake.
func TestRecipeOfAStoreThatIsAway(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t)
		id, err := KeepRecipe(t.Context(), b.Dest, otherRecipe(t, 40))
		if err != nil {
			t.Fatal(err)
		}
		b.put("a.jpg", "photo")
		b.recipes.dest = &away{b.Dest, 3}
		if o := b.named(t, "a.jpg", id); o.Status != ledger.Done {
			t.Errorf("%+v", o)
		}
	})
}

// away is a store whose first reads are not answered.
type away struct {
	store.Store
	left int
}

func (a *away) Read(ctx context.Context, name string, opts store.ReadOptions) ([]byte, store.Attrs, error) {
	if a.left--; a.left >= 0 {
		return nil, store.Attrs{}, store.ErrUnavailable
	}
	return a.Store.Read(ctx, name, opts)
}

func (b *bench) keep(t *testing.T, name, content string) {
	t.Helper()
	if _, err := b.Dest.Write(t.Context(), name, []byte(content), store.WriteOptions{If: store.Any}); err != nil {
		t.Fatal(err)
	}
}
