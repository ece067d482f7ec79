package ledger

import (
	"cmp"
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"burnish/worker/store"
)

// Options say when a Writer writes. The zero value is good for most.
type Options struct {
	MaxRows int           // in a segment, at most 1,048,576; 0 means 20,000
	MaxAge  time.Duration // that an outcome waits for its segment; 0 means one minute
	Log     *slog.Logger  // hears of writes that are tried again; nil for silence
}

// maxText bounds the bytes of keys and messages that wait for a segment.
const maxText = 8 << 20

// ErrClosed reports an outcome that came after Close.
var ErrClosed = errors.New("ledger writer is closed")

// Writer gathers the outcomes of one batch and writes them as segments. Any number of writers,
// on any number of machines, can write to one batch. It holds at most two segments' worth of
// outcomes. Its methods may be called from many goroutines.
//
// Every hour it adds to the digests of the batch.
//
// It starts one goroutine, which ends with Close.
type Writer struct {
	dst   store.Store
	batch string
	opts  Options
	id    string // tells the segments of this writer from all others'

	rows     chan row        // unbuffered: an outcome that was taken will be in a segment
	flushes  chan chan error // from Flush
	results  chan error      // of the attempt to write a segment
	closing  chan struct{}   // closed by Close
	done     chan struct{}   // closed when the goroutine has ended
	once     sync.Once       // closes closing
	ctx      context.Context // of all writes
	cancel   context.CancelFunc
	seq      int        // of the last segment; only put touches it, and digested
	digested time.Time  // when the last attempt at that was made
	trouble  sync.Mutex // guards err
	err      error      // of the last attempt, nil while all is well or will be soon

	gather // the goroutine's own
}

// NewWriter returns a writer of the batch. Close must be called.
func NewWriter(dst store.Store, batch string, opts Options) (*Writer, error) {
	if err := CheckBatch(batch); err != nil {
		return nil, err
	}
	opts.MaxRows = min(cmp.Or(opts.MaxRows, 20_000), maxRows)
	opts.MaxAge = cmp.Or(opts.MaxAge, time.Minute)
	if opts.Log == nil {
		opts.Log = slog.New(slog.DiscardHandler)
	}
	var id [8]byte
	rand.Read(id[:]) // never fails
	ctx, cancel := context.WithCancel(context.Background())
	w := &Writer{
		dst:      dst,
		batch:    batch,
		opts:     opts,
		id:       hex.EncodeToString(id[:]),
		rows:     make(chan row),
		flushes:  make(chan chan error),
		results:  make(chan error),
		closing:  make(chan struct{}),
		done:     make(chan struct{}),
		ctx:      ctx,
		cancel:   cancel,
		digested: time.Now(),
	}
	w.timer = time.NewTimer(opts.MaxAge)
	go w.run()
	return w, nil
}

// Record takes an outcome. It blocks while the store is slower than outcomes come in, and
// while it does not answer. When it returns nil, the outcome will be in a segment unless the
// process dies before a Flush, a Close or MaxAge. When the last segment could not be written
// for a reason that does not pass by itself, a full disk for instance, it takes nothing and
// returns that reason; the outcomes it has taken before are kept, and tried again.
func (w *Writer) Record(ctx context.Context, o Outcome) error {
	r, err := rowOf(o, w.batch)
	if err != nil {
		return err
	}
	if err := w.standing(); err != nil {
		return fmt.Errorf("record outcome of %q: %w", o.Key, err)
	}
	select {
	case <-w.closing:
		return ErrClosed
	default:
	}
	select {
	case w.rows <- r:
		return nil
	case <-w.closing:
		return ErrClosed
	case <-ctx.Done():
		return fmt.Errorf("record outcome of %q: %w", o.Key, context.Cause(ctx))
	}
}

// Flush returns when every outcome recorded before is in a segment, or the error because of
// which one is not. Trouble that passes is waited for.
func (w *Writer) Flush(ctx context.Context) error {
	reply := make(chan error, 1)
	select {
	case w.flushes <- reply:
	case <-w.done:
		return ErrClosed
	case <-ctx.Done():
		return context.Cause(ctx)
	}
	select {
	case err := <-reply:
		return err
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// Close takes no more outcomes, writes those it has and ends the writer. Its error says how
// many outcomes are not recorded and why. Trouble that passes is waited for until ctx ends.
func (w *Writer) Close(ctx context.Context) error {
	w.once.Do(func() { close(w.closing) })
	select {
	case <-w.done:
	case <-ctx.Done():
		w.cancel()
		<-w.done
	}
	w.cancel()
	n := w.taken - w.kept
	if n == 0 {
		return nil
	}
	return fmt.Errorf("ledger of batch %s: %d outcomes are not recorded: %w",
		w.batch, n, errors.Join(w.last, context.Cause(ctx)))
}

func (w *Writer) standing() error {
	w.trouble.Lock()
	defer w.trouble.Unlock()
	return w.err
}

func (w *Writer) stand(err error) {
	w.trouble.Lock()
	defer w.trouble.Unlock()
	w.err = err
}
