//go:build unix

package store_test

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"burnish/worker/store"
)

// body is what the killed process writes under a name: a reader can tell whether it is whole.
func body(name string, round int) []byte {
	line := fmt.Sprintf("%s %d\n", name, round)
	return []byte(strings.Repeat(line, 3000))
}

// writeForEver writes parts and what refers to them until it is killed.
func writeForEver(dir string) error {
	d, err := store.OpenDirectory(dir, store.Writable())
	if err != nil {
		return err
	}
	for round := 0; ; round++ {
		for _, name := range []string{"variants/a/1", "variants/a/2", "manifests/a"} {
			opts := store.WriteOptions{If: store.Any, Part: name != "manifests/a"}
			if _, err := d.Write(context.Background(), name, body(name, round), opts); err != nil {
				return err
			}
		}
		fmt.Println(round)
	}
}

func TestKilled(t *testing.T) {
	if dir := os.Getenv("STORE_TEST_KILL"); dir != "" {
		t.Fatal(writeForEver(dir))
	}
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	for kill := range 8 {
		c := exec.CommandContext(t.Context(), self, "-test.run=^TestKilled$")
		c.Env = append(os.Environ(), "STORE_TEST_KILL="+dir)
		out, err := c.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := c.Start(); err != nil {
			t.Fatal(err)
		}
		for lines := bufio.NewScanner(out); lines.Scan(); {
			if lines.Text() == fmt.Sprint(kill) {
				break
			}
		}
		c.Process.Kill()
		if err := c.Wait(); err == nil || err.Error() != "signal: killed" {
			t.Fatalf("the writer ended by itself: %v", err)
		}
		checkWhole(t, dir)
	}
}

func checkWhole(t *testing.T, dir string) {
	t.Helper()
	d, err := store.OpenDirectory(dir, store.Writable())
	if err != nil {
		t.Fatal(err) // the lock ends with its holder
	}
	defer d.Close()
	if left, err := os.ReadDir(filepath.Join(dir, "burnish", "tmp")); err != nil || len(left) > 0 {
		t.Errorf("left behind: %v, %v", left, err)
	}
	n := 0
	for a, err := range d.List(t.Context(), store.Range{}) {
		if err != nil {
			t.Fatal(err)
		}
		n++
		data, _, err := d.Read(t.Context(), a.Name, store.ReadOptions{Generation: a.Generation, Limit: 1 << 20})
		if err != nil {
			t.Fatal(err)
		}
		first, _, _ := bytes.Cut(data, []byte("\n"))
		var round int
		fmt.Sscanf(string(first), a.Name+" %d", &round)
		if !bytes.Equal(data, body(a.Name, round)) {
			t.Errorf("%s is torn: %d bytes", a.Name, len(data))
		}
	}
	if n != 3 {
		t.Errorf("%d objects, want 3", n)
	}
}
