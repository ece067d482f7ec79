package gemini

import (
	"context"
	"errors"
	"io"
	"net/http"
	"strconv"
	"time"
)

// errHuge says that a reply was not read to its end.
var errHuge = errors.New("reply is larger than it may be")

// exchange is what the SDK does not pass on of one HTTP exchange. It travels in the context.
type exchange struct {
	limit      int64         // bytes of the reply; set by the caller
	sent       bool          // whether the service has answered with anything
	status     int           // HTTP status
	retryAfter time.Duration // from the header of that name; 0 without one
}

type exchangeKey struct{}

func withExchange(ctx context.Context, x *exchange) context.Context {
	return context.WithValue(ctx, exchangeKey{}, x)
}

// transport bounds replies, and tells each request's exchange what the SDK drops.
type transport struct{ base http.RoundTripper }

// maxReply bounds replies that hold no picture.
const maxReply = 1 << 20

// RoundTrip implements http.RoundTripper.
func (t transport) RoundTrip(req *http.Request) (*http.Response, error) {
	resp, err := t.base.RoundTrip(req)
	if err != nil {
		return nil, err
	}
	limit := int64(maxReply)
	if x, ok := req.Context().Value(exchangeKey{}).(*exchange); ok {
		x.sent, x.status = true, resp.StatusCode
		x.retryAfter = retryAfter(resp.Header.Get("Retry-After"), time.Now())
		if resp.StatusCode < 300 {
			limit = x.limit
		}
	}
	resp.Body = &bounded{ReadCloser: resp.Body, left: limit}
	return resp, nil
}

// bounded reads at most so many bytes, and fails on the one after them.
type bounded struct {
	io.ReadCloser
	left int64
}

// Read implements io.Reader.
func (b *bounded) Read(p []byte) (int, error) {
	if b.left < 0 {
		return 0, errHuge
	}
	if int64(len(p)) > b.left+1 {
		p = p[:b.left+1]
	}
	n, err := b.ReadCloser.Read(p)
	if b.left -= int64(n); b.left < 0 {
		return n - 1, errHuge
	}
	return n, err
}

// maxWait bounds how long a service may make a worker wait; a day has passed by then.
const maxWait = 24 * time.Hour

// retryAfter reads the header: seconds, or a date (RFC 9110, 10.2.3).
func retryAfter(header string, now time.Time) time.Duration {
	if seconds, err := strconv.Atoi(header); err == nil {
		return clamp(time.Duration(min(max(seconds, 0), 1<<20)) * time.Second)
	}
	if at, err := http.ParseTime(header); err == nil {
		return clamp(at.Sub(now))
	}
	return 0
}

func clamp(d time.Duration) time.Duration { return min(max(d, 0), maxWait) }
