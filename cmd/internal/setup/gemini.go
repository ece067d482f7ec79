package setup

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"time"

	adc "cloud.google.com/go/auth/credentials"

	"burnish/imaging/gemini"
)

// Gemini says how the model that edits photos is reached.
type Gemini struct {
	ModelFile       string // empty is the one that is built in
	KeyFile         string // holds an API key; empty is GEMINI_API_KEY or GOOGLE_API_KEY
	Project, Region string // of Vertex AI, instead of a key
	Deadline        time.Duration
}

// Model reads the model file.
func (g Gemini) Model() (gemini.Model, error) {
	if g.ModelFile == "" {
		return gemini.BuiltinModel(), nil
	}
	return gemini.ReadModel(g.ModelFile)
}

// Open returns a client of the model, which keeps answers in the user's cache folder. It sends
// nothing yet. A service that is not Google's own may be named by GOOGLE_GEMINI_BASE_URL and
// GOOGLE_VERTEX_BASE_URL, as Google's libraries have it.
func (g Gemini) Open(ctx context.Context, log *slog.Logger) (*gemini.Client, error) {
	model, err := g.Model()
	if err != nil {
		return nil, err
	}
	cache, err := os.UserCacheDir()
	if err != nil {
		return nil, fmt.Errorf("a folder to keep paid answers in: %w", err)
	}
	o := gemini.Options{Model: model, Answers: gemini.Folder(filepath.Join(cache, "burnish", "answers")), Deadline: g.Deadline, Log: log}
	if g.Project != "" {
		o.Project, o.Region, o.BaseURL = g.Project, g.Region, os.Getenv("GOOGLE_VERTEX_BASE_URL")
		if o.BaseURL == "" {
			o.Credentials, err = adc.DetectDefault(&adc.DetectOptions{Scopes: []string{"https://www.googleapis.com/auth/cloud-platform"}})
			if err != nil {
				return nil, fmt.Errorf("no application default credentials for Vertex AI: %s", credentials)
			}
		}
	} else {
		o.BaseURL = os.Getenv("GOOGLE_GEMINI_BASE_URL")
		if o.Key, err = g.key(); err != nil {
			return nil, err
		}
	}
	return gemini.NewClient(ctx, o)
}

// key reads the API key. No error quotes it.
func (g Gemini) key() (string, error) {
	if g.KeyFile == "" {
		key := cmp.Or(os.Getenv("GEMINI_API_KEY"), os.Getenv("GOOGLE_API_KEY"))
		if key == "" {
			return "", errors.New("no API key: set GEMINI_API_KEY, or give --key-file, or --project for Vertex AI; docs/edits.md says how to get one")
		}
		return key, checkKey(key, "GEMINI_API_KEY or GOOGLE_API_KEY")
	}
	f, err := os.Open(g.KeyFile)
	if err != nil {
		return "", err
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, maxKey+1))
	if err != nil {
		return "", err
	}
	key := strings.TrimSpace(string(data))
	return key, checkKey(key, g.KeyFile)
}

// maxKey bounds a key's file, in bytes; keys have some 40.
const maxKey = 1 << 10

func checkKey(key, where string) error {
	odd := strings.ContainsFunc(key, func(r rune) bool { return r <= ' ' || r > '~' })
	if key == "" || len(key) > maxKey || odd {
		return fmt.Errorf("%s holds no API key: expected one word of letters, digits and signs, and nothing else", where)
	}
	return nil
}
