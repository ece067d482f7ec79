package imager

import (
	"bufio"
	"errors"
	"fmt"
	"io"
)

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
		req, err := readRequest(r)
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("read from parent: %w", err)
		}
		res, err := e.Process(req)
		if err := writeReply(w, res, err); err != nil {
			return fmt.Errorf("write to parent: %w", err)
		}
	}
}
