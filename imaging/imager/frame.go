package imager

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
)

// Protocol is the version of the frames and of the messages in them. Both sides must speak
// the same one.
//
// A frame is one byte of kind, the length of its payload as four bytes, most significant
// first, and the payload. A message is one frame that holds JSON, its header, followed by the
// blobs that the header announces, each in a frame of its own:
//
//	child to parent, once at its start
//	    'H'  {"protocol": 1, "build": …}
//	parent to child, for each photo
//	    'Q'  {"limits": …, "enhance": …, "variants": …, "source": its length in bytes,
//	          "memory": what it may take at most, in bytes; 0 for any amount}
//	    'B'  the source
//	child to parent, for each photo whose header was read and is within the limits
//	    'N'  {"memory": what it will take, in bytes}
//	parent to child, when there is so much
//	    'G'  nothing
//	once more, where more turns out to be needed; then, child to parent, for each photo
//	    'R'  {"result": …, "sizes": [length in bytes of each variant]}
//	    'B'  a variant, once for each of the sizes
//	or
//	    'R'  {"reason": …, "message": …}
//
// Nothing else is ever sent. The child ends when its input ends between two messages.
const Protocol = 2

// The kinds of frames. They are letters so that a dump can be read.
const (
	kindHello   = 'H'
	kindRequest = 'Q'
	kindNeed    = 'N'
	kindGo      = 'G'
	kindReply   = 'R'
	kindBlob    = 'B'
)

// What either side takes at most; a longer frame is malformed.
const (
	maxHeader = 1 << 20   // bytes of JSON
	maxSource = 1 << 30   // bytes of one source, whatever the recipe allows
	maxReply  = 256 << 20 // bytes of all variants of one photo
)

// errMalformed says that the other side does not keep to the protocol. Nothing it sends
// afterwards can be trusted.
var errMalformed = errors.New("malformed frame")

// writeFrame writes one frame. The payload must be within the limit of its kind.
func writeFrame(w io.Writer, kind byte, payload []byte) error {
	var head [5]byte
	head[0] = kind
	binary.BigEndian.PutUint32(head[1:], uint32(len(payload)))
	if _, err := w.Write(head[:]); err != nil {
		return err
	}
	_, err := w.Write(payload)
	return err
}

// readHeader reads the payload of a frame of the given kind. It returns io.EOF only when the
// input ends before the frame.
func readHeader(r io.Reader, kind byte) ([]byte, error) {
	n, err := readHead(r, kind)
	if err != nil {
		return nil, err
	}
	if n > maxHeader {
		return nil, fmt.Errorf("%w: header of %d bytes, at most %d", errMalformed, n, maxHeader)
	}
	return readPayload(r, n)
}

// readBlob reads the blob that a header announced as size bytes long; the caller has
// checked that size.
func readBlob(r io.Reader, size int64) ([]byte, error) {
	n, err := readHead(r, kindBlob)
	if err != nil {
		return nil, unexpected(err)
	}
	if n != size {
		return nil, fmt.Errorf("%w: blob of %d bytes, announced as %d", errMalformed, n, size)
	}
	return readPayload(r, n)
}

func readHead(r io.Reader, kind byte) (size int64, err error) {
	var head [5]byte
	if _, err := io.ReadFull(r, head[:]); err != nil {
		return 0, err
	}
	if head[0] != kind {
		return 0, fmt.Errorf("%w: kind %q where %q was due", errMalformed, head[0], kind)
	}
	return int64(binary.BigEndian.Uint32(head[1:])), nil
}

// chunk is what is allocated for a payload before any of it has come.
const chunk = 1 << 20

// readPayload reads n bytes. Beyond the first chunk it allocates at most as much again as has
// already come, so that a length alone costs the reader nothing.
func readPayload(r io.Reader, n int64) ([]byte, error) {
	buf := make([]byte, min(n, chunk))
	for read := int64(0); ; {
		if _, err := io.ReadFull(r, buf[read:]); err != nil {
			return nil, unexpected(err)
		}
		read = int64(len(buf))
		if read == n {
			return buf, nil
		}
		grown := make([]byte, min(n, 2*read))
		copy(grown, buf)
		buf = grown
	}
}

// unexpected turns an end of input in the middle of a message into what it is.
func unexpected(err error) error {
	if errors.Is(err, io.EOF) {
		return io.ErrUnexpectedEOF
	}
	return err
}
