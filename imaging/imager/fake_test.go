//go:build linux

package imager

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
	"unsafe"

	"go.uber.org/goleak"

	"burnish/imaging"
)

// TestMain is also the main function of the children: this test binary, started by a link
// whose name says what it is to do. A child's environment is empty, so its name is all that
// it can be told by.
func TestMain(m *testing.M) {
	name, found := strings.CutPrefix(filepath.Base(os.Args[0]), "fake-")
	if !found {
		goleak.VerifyTestMain(m)
		return
	}
	if err := play(name); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	os.Exit(0)
}

// play is the life of a fake process of the given name.
func play(name string) error {
	switch name {
	case "dies":
		fmt.Fprintln(os.Stderr, "error while loading shared libraries: libvips")
		os.Exit(127)
	case "stale":
		return writeFrame(os.Stdout, kindHello, []byte(`{"protocol":999,"build":{}}`))
	case "chatty":
		fmt.Println("VIPS-WARNING: hello to you too")
	case "flaps":
		_ = Serve(strings.NewReader(""), os.Stdout, fake{})
		return errors.New("had enough")
	case "parent":
		return parent()
	case "mute":
		out, err := Stdout()
		return errors.Join(err, Serve(os.Stdin, out, fake{}))
	case "silent":
		time.Sleep(time.Hour)
	}
	return Serve(os.Stdin, os.Stdout, fake{})
}

// fakePath makes a fake process that can be started by the path returned.
func fakePath(t *testing.T, name string) string {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	return link(t, self, name)
}

func link(t *testing.T, self, name string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "fake-"+name)
	if err := os.Symlink(self, path); err != nil {
		t.Fatal(err)
	}
	return path
}

// frugalPath is fakePath for tests of memory: the child is without the race detector, which
// needs an address space without limits.
func frugalPath(t *testing.T) string {
	t.Helper()
	if !raced {
		return fakePath(t, "child")
	}
	self := filepath.Join(t.TempDir(), "imager.test")
	if out, err := exec.Command("go", "test", "-c", "-o", self, ".").CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	return link(t, self, "child")
}

// fake is an engine that does what its source says: a word, and for some an argument after a
// space. Before, "need" with a number asks for so many MiB.
type fake struct{ version string }

func (f fake) Build() imaging.Build {
	return imaging.Build{Version: f.version, Libvips: "none", Codecs: map[string]string{"fake": "1"}}
}

func (f fake) Process(req imaging.Request, admit func(need int64) error) (imaging.Result, error) {
	word, arg, _ := strings.Cut(string(req.Source), " ")
	n, _ := strconv.Atoi(arg)
	switch word {
	case "need":
		mib, then, _ := strings.Cut(arg, " ")
		n, _ := strconv.ParseInt(mib, 10, 64)
		if err := admit(n << 20); err != nil {
			return imaging.Result{}, fmt.Errorf("fake: %w", err)
		}
		return f.Process(imaging.Request{Source: []byte(then)}, admit)
	case "corrupt":
		return imaging.Result{}, fmt.Errorf("jpeg: %w: two starts", imaging.ErrCorrupt)
	case "broken":
		return imaging.Result{}, errors.New("no idea")
	case "segv":
		*(*byte)(unsafe.Add(nil, 8192)) = 1
	case "kill":
		_ = syscall.Kill(os.Getpid(), syscall.SIGKILL)
		select {}
	case "panic":
		panic("engine is beside itself")
	case "exit":
		os.Exit(n)
	case "hang":
		time.Sleep(time.Hour)
	case "slow":
		time.Sleep(time.Duration(n) * time.Millisecond)
	case "eat":
		eat()
	case "keep":
		kept = bytes.Repeat([]byte{1}, n)
	case "reserve":
		kept = make([]byte, n)
	case "garbage":
		fmt.Print("(process:7): VIPS-WARNING **: printed to the wrong place\n")
	case "after":
		go func() { time.Sleep(20 * time.Millisecond); fmt.Print("late noise") }()
	case "oversized":
		os.Stdout.Write([]byte{kindReply, 0xff, 0xff, 0xff, 0xff})
	case "halfhang":
		os.Stdout.Write([]byte{kindReply, 0, 0, 1, 0, '{'})
		time.Sleep(time.Hour)
	case "halfexit":
		os.Stdout.Write([]byte{kindReply, 0, 0, 1, 0, '{'})
		os.Exit(3)
	case "flood":
		flood()
	case "floodsegv":
		flood()
		return f.Process(imaging.Request{Source: []byte("segv")}, admit)
	case "close":
		os.Stdout.Close()
		time.Sleep(time.Hour)
	case "answerexit":
		res, _ := f.Process(imaging.Request{Source: []byte("echo")}, admit)
		_ = writeReply(os.Stdout, res, nil)
		os.Exit(9)
	case "big":
		return f.echo(make([]byte, n)), nil
	case "environ":
		cwd, _ := os.Getwd()
		return f.echo(fmt.Appendf(nil, "%q %s %v", os.Environ(), cwd, descriptors())), nil
	case "group":
		pgid, _ := syscall.Getpgid(0)
		return f.echo(fmt.Append(nil, pgid == os.Getpid())), nil
	}
	return f.echo(req.Source), nil
}

func (fake) echo(data []byte) imaging.Result {
	return imaging.Result{
		Source:   imaging.Source{Bytes: int64(len(data)), Profile: strconv.Itoa(os.Getpid())},
		Variants: []imaging.Variant{{Name: "320", Format: imaging.JPEG, Data: data}},
	}
}

func flood() {
	for range 20000 {
		fmt.Fprintln(os.Stderr, "VIPS-WARNING: ", strings.Repeat("x", 100))
	}
}

var kept []byte

// eat allocates until it may not any more.
func eat() {
	type piece struct {
		data [16 << 20]byte
		next *piece
	}
	for all := new(piece); ; {
		all = &piece{next: all}
		all.data[0] = 1
	}
}

// descriptors lists what the process has open: files, pipes and sockets, which it was given,
// not what the Go runtime makes for itself.
func descriptors() (open []string) {
	entries, _ := os.ReadDir("/proc/self/fd")
	for _, e := range entries {
		to, err := os.Readlink("/proc/self/fd/" + e.Name())
		if err == nil && !strings.HasPrefix(to, "anon_inode:") && !strings.HasPrefix(to, "/sys/fs/cgroup/") {
			open = append(open, e.Name()+" "+strings.TrimRight(to, ":[]0123456789"))
		}
	}
	return open
}

// parent runs a pool of two children, tells their numbers, and waits to be killed while one
// works and the other idles.
func parent() error {
	path := filepath.Join(filepath.Dir(os.Args[0]), "fake-child")
	p, err := Start(context.Background(), Options{Path: path, Slots: 2, AddressSpace: -1})
	if err != nil {
		return err
	}
	var pids []string
	for len(pids) < 2 {
		res, err := p.Process(context.Background(), photo("echo"))
		if err != nil {
			return err
		}
		if pid := res.Source.Profile; !slices.Contains(pids, pid) {
			pids = append(pids, pid)
		}
	}
	fmt.Println(strings.Join(pids, " "))
	_, err = p.Process(context.Background(), photo("hang"))
	return err
}

// photo is a request whose source is the given text.
func photo(text string) imaging.Request {
	return imaging.Request{
		Limits:   imaging.Limits{Bytes: 64 << 20},
		Variants: imaging.Variants{Widths: []int{320, 640}, JPEG: &imaging.JPEGOptions{Quality: 80}},
		Source:   []byte(text),
	}
}

// pool starts a pool of fakes that ends with the test.
func pool(t *testing.T, o Options) *Pool {
	t.Helper()
	if o.Path == "" {
		o.Path = fakePath(t, "child")
	}
	if o.AddressSpace == 0 {
		o.AddressSpace = -1
	}
	p, err := Start(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { p.Close() })
	return p
}

// alive reports whether a process runs: it exists and is no zombie.
func alive(pid string) bool {
	status, err := os.ReadFile("/proc/" + pid + "/stat")
	if err != nil {
		return false
	}
	_, rest, _ := bytes.Cut(status, []byte(") "))
	return !bytes.HasPrefix(rest, []byte("Z"))
}

// eventually waits for what must come true, for as long as the test may run.
func eventually(t *testing.T, what string, ok func() bool) {
	t.Helper()
	for !ok() {
		select {
		case <-t.Context().Done():
			t.Fatal(what)
		case <-time.After(5 * time.Millisecond):
		}
	}
}
