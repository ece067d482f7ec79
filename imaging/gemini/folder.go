package gemini

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
)

// Folder keeps answers as files of a folder, which it makes when the first is saved.
type Folder string

var _ Answers = Folder("")

// Load implements Answers.
func (f Folder) Load(_ context.Context, hash string) ([]byte, error) {
	data, err := os.ReadFile(f.path(hash))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, ErrNoAnswer
	}
	return data, err
}

// Save implements Answers. The file is written aside, synced and renamed, so that whoever reads
// it reads all of it.
func (f Folder) Save(_ context.Context, hash string, data []byte) (err error) {
	path := f.path(hash)
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return err
	}
	aside, err := os.CreateTemp(filepath.Dir(path), ".answer-*")
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			_ = os.Remove(aside.Name())
		}
	}()
	_, err = aside.Write(data)
	if err == nil {
		err = aside.Sync()
	}
	if err = errors.Join(err, aside.Close()); err != nil {
		return err
	}
	return os.Rename(aside.Name(), path)
}

func (f Folder) path(hash string) string { return filepath.Join(string(f), hash[:2], hash) }
