package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"burnish/imaging/gemini"
)

// promptFlags say what to do with a photo.
type promptFlags struct {
	Prompt     string `placeholder:"TEXT" help:"What to do with the photo." xor:"prompt"`
	PromptFile string `placeholder:"FILE" help:"The same, from a file." xor:"prompt"`
}

// prompt returns the text that is sent.
func (p promptFlags) prompt() (string, error) {
	switch {
	case p.PromptFile != "":
		return readPrompt(p.PromptFile)
	case strings.TrimSpace(p.Prompt) != "":
		return p.Prompt, nil
	}
	return "", errors.New(`what to do with the photo is not said: give --prompt, for instance --prompt "Put the product on a wooden table in soft daylight. Leave the product itself exactly as it is."`)
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
