package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"burnish/imaging"
)

type recipeCmd struct {
	Check  recipeCheckCmd  `cmd:"" help:"Check recipe files; each mistake is told with its line."`
	Show   recipeShowCmd   `cmd:"" help:"Print a recipe with every default spelled out."`
	Schema recipeSchemaCmd `cmd:"" help:"Print the JSON Schema of recipes, for editors."`
}

type recipeCheckCmd struct {
	Files []string `arg:"" name:"file" help:"Recipe files (YAML)."`
}

func (c *recipeCheckCmd) Run() error {
	bad := 0
	for _, file := range c.Files {
		r, err := imaging.ReadRecipe(file)
		if err != nil {
			bad++
			fmt.Fprintln(os.Stderr, err)
			continue
		}
		fmt.Printf("%s: recipe %q is good\n", file, r.Name)
	}
	if bad > 0 {
		return exit{status: exitFailures}
	}
	return nil
}

type recipeShowCmd struct {
	Recipe string `arg:"" optional:"" default:"catalogue" help:"A built-in recipe (${builtin_recipes}) or a file."`
}

func (c *recipeShowCmd) Run() error {
	r, err := recipe(c.Recipe)
	if err != nil {
		return err
	}
	_, err = os.Stdout.Write(r.YAML())
	return err
}

type recipeSchemaCmd struct{}

func (c *recipeSchemaCmd) Run() error {
	_, err := os.Stdout.Write(imaging.Schema())
	return err
}

// recipe reads a recipe by the name of a built-in one or by its file.
func recipe(nameOrFile string) (imaging.Recipe, error) {
	if r, ok := imaging.Builtin(nameOrFile); ok {
		return r, nil
	}
	r, err := imaging.ReadRecipe(nameOrFile)
	if errors.Is(err, os.ErrNotExist) && filepath.Base(nameOrFile) == nameOrFile {
		err = fmt.Errorf("no recipe file %q, and no built-in recipe of that name; built in: %s",
			nameOrFile, strings.Join(imaging.BuiltinNames(), ", "))
	}
	if err != nil {
		return r, exit{exitUsage, err}
	}
	return r, nil
}
