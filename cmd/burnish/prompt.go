package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"burnish/imaging/gemini"
	"burnish/imaging/gemini/prompt"
)

// promptFlags say what to do with a photo.
type promptFlags struct {
	Prompt     string `placeholder:"TEXT" help:"What to do with the photo." xor:"prompt"`
	PromptFile string `placeholder:"FILE" help:"The same, from a file." xor:"prompt"`

	Attributes string `placeholder:"FILE" help:"A catalogue's attributes, .csv or .jsonl: fields in the prompt, such as {colour}, are filled in from the row of the product."`
	Product    string `placeholder:"KEY" help:"Which row that is."`
	KeyColumn  string `default:"sku" placeholder:"NAME" help:"The column that holds the products' keys."`
}

// prompt returns the text that is sent.
func (p promptFlags) prompt() (string, error) {
	text := strings.TrimSpace(p.Prompt)
	if p.PromptFile != "" {
		var err error
		if text, err = readPrompt(p.PromptFile); err != nil {
			return "", err
		}
	}
	if text == "" {
		return "", errors.New(`what to do with the photo is not said: give --prompt, for instance --prompt "Put the product on a wooden table in soft daylight. Leave the product itself exactly as it is."`)
	}
	if p.Attributes == "" && p.Product == "" {
		return text, nil
	}
	if p.Attributes == "" || p.Product == "" {
		return "", errors.New("--attributes and --product go together: the file, and the product's key in it")
	}
	template, err := prompt.Parse(text)
	if err != nil {
		return "", fmt.Errorf("the prompt: %w", err)
	}
	values, err := prompt.Find(p.Attributes, p.KeyColumn, p.Product)
	if err != nil {
		return "", err
	}
	text, err = template.Fill(values)
	if err != nil {
		return "", fmt.Errorf("%s, product %q, %w: mend the catalogue, or leave the field out of the prompt", p.Attributes, p.Product, err)
	}
	return text, nil
}

// readPrompt reads a text file that a prompt may come from.
func readPrompt(path string) (string, error) {
	f, err := os.Open(path)
	if err != nil {
		return "", err
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, gemini.MaxPrompt+1))
	if err != nil {
		return "", err
	}
	if len(data) > gemini.MaxPrompt {
		return "", fmt.Errorf("%s has more than %s; a prompt has at most that", path, size(gemini.MaxPrompt))
	}
	return strings.TrimSpace(string(data)), nil
}
