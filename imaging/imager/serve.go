package imager

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"runtime/debug"

	"burnish/imaging"
)

// largeSource is from where on the memory of a photo's bytes is handed back at once, rather than
// when the collector comes by.
const largeSource = 16 << 20

// Serve is the whole life of a child: it says hello, then answers one photo after the other.
//
// It returns nil when in ends between two photos, and an error when in or out breaks or the
// parent does not keep to the protocol; the process should then end. A panic of the engine
// is not recovered: it ends the process, because after it nothing in its memory can be
// relied upon, and the parent reports the photo as crashed.
func Serve(in io.Reader, out io.Writer, e Engine) error {
	r, w := bufio.NewReader(in), bufio.NewWriterSize(out, 64<<10)
	head, err := header(hello{Protocol: Protocol, Build: e.Build()})
	if err != nil {
		return fmt.Errorf("hello: %w", err)
	}
	if err := writeFrame(w, kindHello, head); err != nil {
		return fmt.Errorf("hello: %w", err)
	}
	for {
		if err := w.Flush(); err != nil {
			return fmt.Errorf("write to parent: %w", err)
		}
		q, err := readRequest(r)
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("read from parent: %w", err)
		}
		var broken error // what ended the talk with the parent
		res, err := e.Process(q.Request, func(bytes int64) error {
			if q.Memory > 0 && bytes > q.Memory {
				return tooMuch(bytes, q.Memory)
			}
			broken = announce(r, w, bytes)
			return broken
		})
		if broken != nil {
			return fmt.Errorf("ask parent for memory: %w", broken)
		}
		if len(q.Source) >= largeSource {
			q.Source = nil
			debug.FreeOSMemory()
		}
		if err := writeReply(w, res, err); err != nil {
			return fmt.Errorf("write to parent: %w", err)
		}
	}
}

// announce tells the parent what a photo will take and waits until it may.
func announce(r io.Reader, w *bufio.Writer, bytes int64) error {
	head, err := header(need{Memory: bytes})
	if err != nil {
		return err
	}
	if err := writeFrame(w, kindNeed, head); err != nil {
		return err
	}
	if err := w.Flush(); err != nil {
		return err
	}
	return readGo(r)
}

// tooMuch says what an operator can do about a photo that takes more than there is.
func tooMuch(bytes, most int64) error {
	const mib = 1 << 20
	return fmt.Errorf("%w: it takes about %d MiB of memory, and one photo may have %d MiB here; raise --memory by %d MiB, or lower --jobs",
		imaging.ErrTooLarge, (bytes+mib-1)/mib, most/mib, (bytes-most+mib-1)/mib)
}
