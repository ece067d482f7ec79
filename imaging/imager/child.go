package imager

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"sync"
	"time"

	"burnish/imaging"
)

// How long a child is given for what takes it milliseconds.
const (
	helloTime = 20 * time.Second // to say hello
	endTime   = 2 * time.Second  // to end when its input has ended
)

// child is one process. Its exchange is used by one photo at a time.
type child struct {
	cmd   *exec.Cmd
	pid   int
	build imaging.Build

	in     *os.File // the child's standard input
	out    *os.File // the child's standard output
	r      *bufio.Reader
	stderr tail

	photos int        // answered so far
	space  int64      // bytes of address space in use at its hello
	back   chan Cause // tells the keeper that a photo is through

	mu     sync.Mutex
	reaped bool
	dead   chan struct{} // closed when the process is gone and stderr is complete
}

// spawn starts a child and waits for its hello. The calling goroutine must be locked to a
// thread that lives as long as the child: Linux ends the child with that thread.
func spawn(ctx context.Context, o Options) (*child, error) {
	c, err := launch(o.Path)
	if err != nil {
		return nil, explain(err)
	}
	if err := c.greet(ctx, o); err != nil {
		c.kill()
		<-c.dead
		c.close()
		if line := last(c.stderr.lines()); line != "" {
			err = fmt.Errorf("%w; it wrote: %s", err, line)
		}
		return nil, err
	}
	return c, nil
}

// launch starts the process with pipes of its own for input and output. Those of package exec
// are closed when the process ends, and a last reply in them would be lost.
func launch(path string) (*child, error) {
	stdin, in, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	defer stdin.Close()
	out, stdout, err := os.Pipe()
	if err != nil {
		in.Close()
		return nil, err
	}
	defer stdout.Close()

	c := &child{in: in, out: out, r: bufio.NewReader(out), back: make(chan Cause, 1), dead: make(chan struct{})}
	c.cmd = &exec.Cmd{
		Path:        path,
		Args:        []string{path},
		Env:         []string{}, // no credentials, no settings
		Dir:         "/",
		Stdin:       stdin,
		Stdout:      stdout,
		Stderr:      &c.stderr,
		SysProcAttr: attributes(),
		WaitDelay:   endTime, // for a stderr that something else holds open
	}
	if err := c.cmd.Start(); err != nil {
		c.close()
		return nil, err
	}
	c.pid = c.cmd.Process.Pid
	go c.wait()
	return c, nil
}

// greet reads the hello and limits what the child may take from then on. Before, it has met
// no photo, and needs what its runtime and its libraries need.
func (c *child) greet(ctx context.Context, o Options) error {
	ctx, cancel := context.WithTimeout(ctx, helloTime)
	defer cancel()
	stop := context.AfterFunc(ctx, c.kill)
	build, err := readHello(c.r)
	if !stop() {
		return fmt.Errorf("it did not say hello: %w", ctx.Err())
	}
	if errors.Is(err, io.ErrUnexpectedEOF) {
		return fmt.Errorf("it ended at its start: %s", c.ending())
	}
	if err != nil {
		return err
	}
	c.build = build
	offer(c.pid)
	c.space, _ = memory(c.pid)
	if o.AddressSpace > 0 {
		if err := confine(c.pid, c.space+o.AddressSpace); err != nil {
			return fmt.Errorf("its address space cannot be limited: %w", err)
		}
	}
	return nil
}

// exchange sends a photo and waits for what becomes of it. Before its pixels are decoded, admit
// is asked for the memory that they take, at most so many bytes as the header says.
func (c *child) exchange(head []byte, q request, admit func(need int64) error) (imaging.Result, error) {
	c.stderr.reset()
	if err := writeRequest(c.in, head, q.Source); err != nil {
		return imaging.Result{}, err
	}
	for {
		kind, err := c.r.Peek(1)
		if err != nil {
			return imaging.Result{}, unexpected(err)
		}
		if kind[0] != kindNeed {
			return readReply(c.r, q.Variants)
		}
		need, err := readNeed(c.r, q.Memory)
		if err == nil {
			err = admit(need)
		}
		if err == nil {
			err = writeFrame(c.in, kindGo, nil)
		}
		if err != nil {
			return imaging.Result{}, err
		}
	}
}

// ready reports whether the child waits for a photo: alive, and silent since its last reply.
func (c *child) ready() bool {
	select {
	case <-c.dead:
		return false
	default:
		return c.r.Buffered() == 0 && !readable(c.out)
	}
}

// wait reaps the process and whatever it left behind in its group.
func (c *child) wait() {
	if awaitExit(c.pid) {
		c.mu.Lock()
		killGroup(c.cmd.Process)
		c.mu.Unlock()
	}
	_ = c.cmd.Wait() // the state says all
	c.mu.Lock()
	c.reaped = true
	c.mu.Unlock()
	// What it wrote before it died can still be read, but nobody has to wait for more if
	// something that it started holds the pipe.
	_ = c.out.SetReadDeadline(time.Now().Add(endTime))
	_ = c.in.SetWriteDeadline(time.Now())
	close(c.dead)
}

// kill ends the process at once, and with it any exchange.
func (c *child) kill() {
	c.mu.Lock()
	if !c.reaped { // else its number may be that of another process
		killGroup(c.cmd.Process)
	}
	c.mu.Unlock()
	_ = c.in.SetDeadline(time.Now())
	_ = c.out.SetDeadline(time.Now())
}

// retire ends the process by ending its input, or else by force, and frees all it held.
func (c *child) retire() {
	_ = c.in.Close()
	c.settle()
	c.close()
}

// settle waits for a process that should be about to end, and makes sure that it does.
func (c *child) settle() (unaided bool) {
	timer := time.NewTimer(endTime)
	defer timer.Stop()
	select {
	case <-c.dead:
		return true
	case <-timer.C:
		c.kill()
		<-c.dead
		return false
	}
}

func (c *child) close() {
	_ = c.in.Close()
	_ = c.out.Close()
}
