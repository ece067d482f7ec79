package imager

import (
	"encoding/json"
	"fmt"
	"io"

	"burnish/imaging"
)

// hello is what a child says when it is ready.
type hello struct {
	Protocol int           `json:"protocol"`
	Build    imaging.Build `json:"build"`
}

// request announces a photo; its source follows as one blob.
type request struct {
	imaging.Request
	Size   int64 `json:"source"` // bytes
	Memory int64 `json:"memory"` // bytes that it may take at most; 0 means any amount
}

// need says what a photo will take, so that the parent tells when there is so much.
type need struct {
	Memory int64 `json:"memory"` // bytes
}

// reply announces the result of a photo, whose variants follow as one blob each; or, when
// Reason is set, says why there is none.
type reply struct {
	Result  *imaging.Result `json:"result,omitempty"`
	Sizes   []int64         `json:"sizes,omitempty"` // bytes, one for each of Result.Variants
	Reason  imaging.Reason  `json:"reason,omitempty"`
	Message string          `json:"message,omitempty"`
}

// fits says whether the source of a request may be sent and read.
func fits(size int64, l imaging.Limits) error {
	if limit := min(int64(l.Bytes), maxSource); size > limit {
		return fmt.Errorf("%w: a photo of %d bytes, at most %d are read", imaging.ErrTooLarge, size, limit)
	}
	return nil
}

// header encodes the JSON of a message.
func header(v any) ([]byte, error) {
	data, err := json.Marshal(v)
	if err != nil {
		return nil, err
	}
	if len(data) > maxHeader {
		return nil, fmt.Errorf("header of %d bytes, at most %d", len(data), maxHeader)
	}
	return data, nil
}

// parse reads and decodes the header of a message.
func parse(r io.Reader, kind byte, v any) error {
	data, err := readHeader(r, kind)
	if err != nil {
		return err
	}
	if err := json.Unmarshal(data, v); err != nil {
		return fmt.Errorf("%w: %v", errMalformed, err)
	}
	return nil
}

// readHello reads what a child says at its start.
func readHello(r io.Reader) (imaging.Build, error) {
	var h hello
	if err := parse(r, kindHello, &h); err != nil {
		return imaging.Build{}, unexpected(err)
	}
	if h.Protocol != Protocol {
		return imaging.Build{}, fmt.Errorf("it speaks protocol %d and burnish %d: they are of different versions; install both from one build", h.Protocol, Protocol)
	}
	return h.Build, nil
}

// writeRequest sends a photo to the child. The caller has checked that it fits.
func writeRequest(w io.Writer, head []byte, source []byte) error {
	if err := writeFrame(w, kindRequest, head); err != nil {
		return err
	}
	return writeFrame(w, kindBlob, source)
}

// readRequest reads one photo. It returns io.EOF when there is no further one.
func readRequest(r io.Reader) (request, error) {
	var q request
	if err := parse(r, kindRequest, &q); err != nil {
		return request{}, err
	}
	if q.Size < 0 || q.Memory < 0 {
		return request{}, fmt.Errorf("%w: source of %d bytes, %d of memory", errMalformed, q.Size, q.Memory)
	}
	if err := fits(q.Size, q.Limits); err != nil {
		return request{}, fmt.Errorf("%w: %v", errMalformed, err)
	}
	var err error
	q.Source, err = readBlob(r, q.Size)
	return q, err
}

// readNeed reads what a photo will take, in bytes: no more than most, unless that is 0.
func readNeed(r io.Reader, most int64) (int64, error) {
	var n need
	if err := parse(r, kindNeed, &n); err != nil {
		return 0, unexpected(err)
	}
	if n.Memory < 0 || most > 0 && n.Memory > most {
		return 0, fmt.Errorf("%w: need of %d bytes, at most %d", errMalformed, n.Memory, most)
	}
	return n.Memory, nil
}

// readGo waits until the parent says that there is memory.
func readGo(r io.Reader) error {
	n, err := readHead(r, kindGo)
	if err == nil && n != 0 {
		err = fmt.Errorf("%w: %d bytes with a go", errMalformed, n)
	}
	return unexpected(err)
}
