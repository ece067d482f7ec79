package imaging

import (
	"embed"
	"fmt"
	"reflect"
	"slices"
	"sync"
)

//go:embed recipes/*.yaml
var builtins embed.FS

// catalogue is the built-in recipe of that name, whose values are the defaults of all others.
// It panics when the embedded file is no complete recipe, which a test rules out.
var catalogue = sync.OnceValue(func() Recipe {
	data, err := builtins.ReadFile("recipes/catalogue.yaml")
	if err != nil {
		panic(err)
	}
	r, err := parseRecipe("recipes/catalogue.yaml", data, reflect.Value{})
	if err != nil {
		panic(fmt.Sprintf("imaging: built-in recipe: %v", err))
	}
	return r
})

// BuiltinNames lists the built-in recipes.
func BuiltinNames() []string { return []string{catalogue().Name} }

// Builtin is the built-in recipe of a name. The caller may change it.
func Builtin(name string) (Recipe, bool) {
	if !slices.Contains(BuiltinNames(), name) {
		return Recipe{}, false
	}
	return catalogue().clone(), true
}

// clone is a copy that shares nothing with r.
func (r Recipe) clone() Recipe {
	r.Variants.Widths = slices.Clone(r.Variants.Widths)
	r.Variants.JPEG = copied(r.Variants.JPEG)
	r.Variants.WebP = copied(r.Variants.WebP)
	r.Variants.AVIF = copied(r.Variants.AVIF)
	return r
}

func copied[T any](p *T) *T {
	if p == nil {
		return nil
	}
	c := *p
	return &c
}
