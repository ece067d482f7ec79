package bucket

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"time"

	"cloud.google.com/go/auth"
	"cloud.google.com/go/storage"
	"google.golang.org/api/googleapi"
	"google.golang.org/api/iterator"

	"burnish/worker/store"
)

// errNoBucket is no store.ErrNotExist: a mistyped bucket must not look like a catalogue
// whose photos have all gone.
var errNoBucket = errors.New("the bucket does not exist")

// retry runs a request until it succeeds, fails for good or the tries or the time are up, and
// states the fact that its error stands for. again says that an earlier try may have had its
// effect though it failed.
func (b *Bucket) retry(ctx context.Context, name string, try func(ctx context.Context, again bool) error) error {
	total, cancel := context.WithTimeout(ctx, b.opts.Total)
	defer cancel()
	wait := b.wait // a copy, which counts up
	var last error
	for tries := 1; ; tries++ {
		if err := ctx.Err(); err != nil {
			return fmt.Errorf("%s: %w", b.show(name), err)
		}
		err := b.once(total, tries > 1, try)
		if err == nil {
			return nil
		}
		if cause := ctx.Err(); cause != nil {
			return fmt.Errorf("%s: %w", b.show(name), cause)
		}
		if total.Err() != nil && last != nil {
			err = last // the time was up before this try was answered: the answer before says more
		}
		fact, passes := meaning(err)
		if passes && b.opts.Troubled != nil {
			b.opts.Troubled(fact)
		}
		if !passes || tries == b.opts.Tries || !pause(total, max(wait.Pause(), retryAfter(err))) {
			return b.state(total, name, fact, err)
		}
		last = err
	}
}

// change is retry for what changes the bucket: each try waits until the governor lets it go. The
// wait for the first counts towards no bound.
func (b *Bucket) change(ctx context.Context, name string, try func(ctx context.Context, again bool) error) error {
	if err := b.writes.wait(ctx); err != nil {
		return fmt.Errorf("%s: %w", b.show(name), err)
	}
	return b.retry(ctx, name, func(ctx context.Context, again bool) error {
		if again {
			if err := b.writes.wait(ctx); err != nil {
				return stated{err}
			}
		}
		err := try(ctx, again)
		b.writes.learn(err)
		return err
	})
}

func (b *Bucket) once(ctx context.Context, again bool, try func(context.Context, bool) error) error {
	ctx, cancel := context.WithTimeout(ctx, b.opts.Attempt)
	defer cancel()
	return try(ctx, again)
}

// state words an error.
func (b *Bucket) state(ctx context.Context, name string, fact, err error) error {
	if fact == store.ErrNotExist && b.missing(ctx) {
		return fmt.Errorf("%s: %w", b.show(name), errNoBucket)
	}
	switch fact {
	case nil:
		return fmt.Errorf("%s: %w", b.show(name), err)
	case store.ErrNotExist, store.ErrCondition:
		return fmt.Errorf("%s: %w", b.show(name), fact) // the service says no more than that
	default:
		return fmt.Errorf("%s: %w: %w", b.show(name), fact, err)
	}
}

// meaning returns the fact that an error of the client stands for, nil if it is none or the
// error states one itself, and whether it may pass.
func meaning(err error) (fact error, passes bool) {
	var api *googleapi.Error
	var login *auth.Error
	switch {
	case errors.Is(err, errStated):
		return nil, false
	case errors.Is(err, storage.ErrBucketNotExist):
		return nil, false
	case errors.Is(err, storage.ErrObjectNotExist):
		return store.ErrNotExist, false
	case errors.As(err, &api):
		return answer(api)
	case errors.As(err, &login) && login.Response != nil && !login.Temporary():
		return store.ErrDenied, false // the credentials are refused, before any request is sent
	default:
		return store.ErrUnavailable, true // no answer, or not a whole one
	}
}

// answer returns what an answer of the service means.
//
// https://docs.cloud.google.com/storage/docs/json_api/v1/status-codes
func answer(err *googleapi.Error) (fact error, passes bool) {
	switch code := err.Code; {
	case code == http.StatusTooManyRequests:
		return store.ErrThrottled, true
	case code == http.StatusForbidden && limited(err):
		return store.ErrThrottled, true
	case code == http.StatusForbidden, code == http.StatusUnauthorized:
		return store.ErrDenied, false
	case code == http.StatusNotFound:
		return store.ErrNotExist, false
	case code == http.StatusPreconditionFailed:
		return store.ErrCondition, false
	case code == http.StatusRequestTimeout, code >= 500:
		return store.ErrUnavailable, true
	default:
		return nil, false
	}
}

// limited reports whether a 403 is about a rate: an older form of 429.
func limited(err *googleapi.Error) bool {
	for _, item := range err.Errors {
		switch item.Reason {
		case "rateLimitExceeded", "userRateLimitExceeded":
			return true
		}
	}
	return false
}

// errStated marks errors that state a fact of package store already.
var errStated = errors.New("stated")

type stated struct{ error }

func (s stated) Is(target error) bool { return target == errStated }

func (s stated) Unwrap() error { return s.error }

// retryAfter returns how long the service asks to wait.
func retryAfter(err error) time.Duration {
	var api *googleapi.Error
	if !errors.As(err, &api) {
		return 0
	}
	seconds, _ := strconv.ParseUint(api.Header.Get("Retry-After"), 10, 16)
	return time.Duration(seconds) * time.Second
}

// pause waits, and returns false if there is no time for that.
func pause(ctx context.Context, d time.Duration) bool {
	if deadline, ok := ctx.Deadline(); ok && time.Until(deadline) < d {
		return false
	}
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return true
	case <-ctx.Done():
		return false
	}
}

// missing reports whether the bucket itself is not there, which the service does not tell
// from an object that is not. It asks until it has seen the bucket once.
func (b *Bucket) missing(ctx context.Context) bool {
	b.exists.Lock()
	defer b.exists.Unlock()
	if b.found {
		return false
	}
	it := b.bucket.Objects(ctx, nil)
	it.PageInfo().MaxSize = 1
	switch _, err := it.Next(); {
	case err == nil, errors.Is(err, iterator.Done):
		b.found = true
	case errors.Is(err, storage.ErrBucketNotExist):
		return true
	}
	return false
}
