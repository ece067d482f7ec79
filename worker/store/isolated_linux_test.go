package store_test

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"

	"burnish/worker/store"
)

// isolated runs a test again in a child process with mounts of its own, and returns true there.
// Who is not root becomes it in the eyes of a user namespace, which alone lets others mount.
func isolated(t *testing.T) bool {
	t.Helper()
	if os.Getenv("STORE_TEST_ISOLATED") != "" {
		return true
	}
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	c := exec.CommandContext(t.Context(), self)
	c.Env = append(os.Environ(), "STORE_TEST_ISOLATED=1")
	c.SysProcAttr = &syscall.SysProcAttr{Unshareflags: syscall.CLONE_NEWNS}
	if os.Getuid() != 0 {
		c.SysProcAttr = &syscall.SysProcAttr{
			Cloneflags:  syscall.CLONE_NEWUSER | syscall.CLONE_NEWNS,
			UidMappings: []syscall.SysProcIDMap{{ContainerID: 0, HostID: os.Getuid(), Size: 1}},
			GidMappings: []syscall.SysProcIDMap{{ContainerID: 0, HostID: os.Getgid(), Size: 1}},
		}
	}
	again(t, c, "this machine lets nobody mount who is not root, or not even root, as containers and chroots do")
	return false
}

// again runs the test that calls it in a child process, or skips it where the kernel refuses that.
func again(t *testing.T, c *exec.Cmd, refused string) {
	t.Helper()
	c.Args = append(c.Args, "-test.run=^"+t.Name()+"$", "-test.v")
	out, err := c.CombinedOutput()
	if errors.Is(err, syscall.EPERM) || errors.Is(err, syscall.EINVAL) {
		t.Skip(refused)
	}
	if err != nil || !strings.Contains(string(out), "--- PASS: "+t.Name()) {
		t.Errorf("in a process of its own: %v\n%s", err, out)
	}
}

func mount(t *testing.T, kind, options string) string {
	t.Helper()
	dir := t.TempDir()
	if err := syscall.Mount("none", dir, kind, 0, options); err != nil {
		t.Fatalf("mount %s: %v", kind, err)
	}
	t.Cleanup(func() {
		if err := syscall.Unmount(dir, syscall.MNT_DETACH); err != nil {
			t.Error(err)
		}
	})
	return dir
}

func TestFullDisk(t *testing.T) {
	if !isolated(t) {
		return
	}
	dir := mount(t, "tmpfs", "size=1m")
	d := openDirectory(t, dir, store.Writable())
	old := strings.Repeat("old", 100<<10)
	if _, err := d.Write(t.Context(), "a", []byte(old), store.WriteOptions{}); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"a", "new/folder/b"} {
		_, err := d.Write(t.Context(), name, make([]byte, 2<<20), store.WriteOptions{If: store.Any})
		if !errors.Is(err, store.ErrFull) || !strings.Contains(err.Error(), filepath.Join(dir, name)) {
			t.Errorf("write %s: %v", name, err)
		}
	}
	if data, _, err := d.Read(t.Context(), "a", store.ReadOptions{Limit: 1 << 20}); err != nil || string(data) != old {
		t.Errorf("what was there became %d bytes, %v", len(data), err)
	}
	if left, err := os.ReadDir(filepath.Join(dir, "burnish", "tmp")); err != nil || len(left) > 0 {
		t.Errorf("left behind: %v, %v", left, err)
	}
	if _, err := d.Write(t.Context(), "c", make([]byte, 600<<10), store.WriteOptions{}); err != nil {
		t.Errorf("write what there is room for: %v", err)
	}
}

func TestReadOnlyDisk(t *testing.T) {
	if !isolated(t) {
		return
	}
	dir := mount(t, "tmpfs", "")
	writeFile(t, dir, "a")
	d := openDirectory(t, dir, store.Writable())
	if err := d.Close(); err != nil {
		t.Fatal(err)
	}
	if err := syscall.Mount("none", dir, "tmpfs", syscall.MS_REMOUNT|syscall.MS_RDONLY, ""); err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{dir, filepath.Join(dir, "new")} {
		_, err := store.OpenDirectory(path, store.Writable())
		if !errors.Is(err, store.ErrDenied) || !strings.Contains(err.Error(), path) || !strings.Contains(err.Error(), "read-only") {
			t.Errorf("open %s for writing: %v", path, err)
		}
	}
	if got, want := names(t, openDirectory(t, dir)), []string{"a", "burnish/lock"}; !slices.Equal(got, want) {
		t.Errorf("listed %q, want %q", got, want)
	}
}

// ramfs has no extended attributes.
func TestWithoutMetadata(t *testing.T) {
	if !isolated(t) {
		return
	}
	d := openDirectory(t, mount(t, "ramfs", ""), store.Writable())
	opts := store.WriteOptions{Metadata: map[string]string{"a": "b"}}
	if _, err := d.Write(t.Context(), "a", []byte("x"), opts); err != nil {
		t.Fatal(err)
	}
	data, a, err := d.Read(t.Context(), "a", store.ReadOptions{Limit: 10})
	if err != nil || string(data) != "x" || a.Metadata != nil {
		t.Errorf("%q, %+v, %v", data, a, err)
	}
}

func TestTwoFileSystems(t *testing.T) {
	if !isolated(t) {
		return
	}
	dir := mount(t, "tmpfs", "")
	if err := os.Mkdir(filepath.Join(dir, "variants"), 0o777); err != nil {
		t.Fatal(err)
	}
	if err := syscall.Mount("none", filepath.Join(dir, "variants"), "tmpfs", 0, ""); err != nil {
		t.Fatal(err)
	}
	d := openDirectory(t, dir, store.Writable())
	_, err := d.Write(t.Context(), "variants/a", nil, store.WriteOptions{})
	if !errors.Is(err, syscall.EXDEV) || !strings.Contains(err.Error(), "variants/a") {
		t.Errorf("write to another file system: %v", err)
	}
}

// asNobody runs a test again in a child process that may not read everything, and returns
// true there.
func asNobody(t *testing.T) bool {
	t.Helper()
	if os.Getuid() != 0 {
		return true
	}
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	dir, err := os.MkdirTemp("", "") // t.TempDir is closed to others
	if err != nil {
		t.Fatal(err)
	}
	defer os.RemoveAll(dir)
	binary, err := os.ReadFile(self)
	if err := errors.Join(err, os.Chmod(dir, 0o755), os.WriteFile(dir+"/test", binary, 0o755)); err != nil {
		t.Fatal(err)
	}
	c := exec.CommandContext(t.Context(), dir+"/test")
	c.Dir = "/"
	c.Env = []string{"TMPDIR=/tmp"}
	c.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: 65534, Gid: 65534}}
	again(t, c, "this machine does not let root become somebody else")
	return false
}

func TestDenied(t *testing.T) {
	if !asNobody(t) {
		return
	}
	dir := t.TempDir()
	for _, name := range []string{"a", "closed/b", "read-only/c", "z"} {
		writeFile(t, dir, name)
	}
	d := openDirectory(t, dir, store.Writable())
	for name, mode := range map[string]os.FileMode{"a": 0, "closed": 0, "read-only": 0o555} {
		path := filepath.Join(dir, name)
		if err := os.Chmod(path, mode); err != nil {
			t.Fatal(err)
		}
		defer os.Chmod(path, 0o755)
	}
	var got []string
	var last error
	for a, err := range d.List(t.Context(), store.Range{}) {
		if last = err; err == nil {
			got = append(got, a.Name)
		}
	}
	if !errors.Is(last, store.ErrDenied) || !strings.Contains(last.Error(), filepath.Join(dir, "closed")+":") {
		t.Errorf("the listing ended with %v", last)
	}
	if want := []string{"a"}; !slices.Equal(got, want) {
		t.Errorf("listed %q, want %q", got, want)
	}
	for doing, try := range map[string]func() error{
		"read a": func() error {
			_, _, err := d.Read(t.Context(), "a", store.ReadOptions{Limit: 100})
			return err
		},
		"read closed/b": func() error {
			_, _, err := d.Read(t.Context(), "closed/b", store.ReadOptions{Limit: 100})
			return err
		},
		"stat closed/b":      func() error { _, err := d.Stat(t.Context(), "closed/b"); return err },
		"write read-only/d":  func() error { _, err := d.Write(t.Context(), "read-only/d", nil, store.WriteOptions{}); return err },
		"delete read-only/c": func() error { return d.Delete(t.Context(), "read-only/c", store.Any) },
	} {
		err := try()
		_, name, _ := strings.Cut(doing, " ")
		if !errors.Is(err, store.ErrDenied) || !strings.Contains(fmt.Sprint(err), name) {
			t.Errorf("%s: %v", doing, err)
		}
	}
	// What may be listed is listed: a range can pass the closed folder by.
	for a, err := range d.List(t.Context(), store.Range{From: "d"}) {
		if err != nil {
			t.Errorf("list from d: %+v, %v", a, err)
		}
	}
}

// One folder that is closed costs what is in it, not the run.
func TestClosedFolders(t *testing.T) {
	if !asNobody(t) {
		return
	}
	dir := t.TempDir()
	for _, name := range []string{".hidden/a", "a", "closed/b", "closed!", "closed.jpg", "names-only/c", "search-only/d", "z/e"} {
		writeFile(t, dir, name)
	}
	for name, mode := range map[string]os.FileMode{".hidden": 0, "closed": 0, "names-only": 0o444, "search-only": 0o111} {
		path := filepath.Join(dir, name)
		if err := os.Chmod(path, mode); err != nil {
			t.Fatal(err)
		}
		defer os.Chmod(path, 0o755)
	}
	d := openDirectory(t, dir, store.Foreign())
	want := []string{".hidden", "a", "closed", "closed!", "closed.jpg", "names-only", "search-only", "z/e"}
	if got := names(t, d); !slices.Equal(got, want) {
		t.Errorf("listed %q, want %q", got, want)
	}
	for _, name := range []string{".hidden", "closed", "names-only", "search-only"} {
		_, _, err := d.Read(t.Context(), name, store.ReadOptions{Limit: 100})
		if !errors.Is(err, store.ErrDenied) || !strings.Contains(err.Error(), filepath.Join(dir, name)+":") {
			t.Errorf("read %s: %v", name, err)
		}
	}
	for r, want := range map[store.Range]int{
		{Prefix: "closed"}: 3, {From: "closed!"}: 5, {From: "closed", To: "closed!"}: 1, {From: "closed/"}: 3,
	} {
		n := 0
		for a, err := range d.List(t.Context(), r) {
			if n++; err != nil || !r.Has(a.Name) {
				t.Errorf("%+v: %+v, %v", r, a, err)
			}
		}
		if n != want {
			t.Errorf("%+v: %d names, want %d", r, n, want)
		}
	}
	// What is skipped is not opened, or this folder would end the listing: its files are ours.
	skip := func(path string) bool {
		return path == ".hidden" || path == "z/e" || !strings.Contains(path, "z") && path > "a"
	}
	if got, want := names(t, openDirectory(t, dir, store.Skip(skip))), []string{"a"}; !slices.Equal(got, want) {
		t.Errorf("listed %q, want %q", got, want)
	}
}
