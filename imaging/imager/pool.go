package imager

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"path/filepath"
	"runtime"
	"sync"
	"time"

	"burnish/imaging"
)

// ErrStart says that no child can be started, so that no photo can be worked on. It says
// nothing about the photo.
var ErrStart = fmt.Errorf("%w: it does not start", imaging.ErrEngine)

// ErrClosed says that the pool was closed before the photo was through.
var ErrClosed = fmt.Errorf("%w: the pool is closed", imaging.ErrEngine)

// errDeadline is the cause of a kill at the deadline.
var errDeadline = errors.New("deadline of a photo")

// Options says how a pool runs its children. Only Path is needed.
type Options struct {
	Path  string // the imager's binary
	Slots int    // photos worked on at once; 0 means one per core

	// Deadline is what a photo may take from the moment a child has it; 0 means 60 s.
	Deadline time.Duration

	// MaxPhotos is how many photos a child does before it is replaced; 0 means 1000, which
	// ends slow leaks and fragmentation and costs one start, some 80 ms, per 1000 photos.
	// Negative means any number.
	MaxPhotos int

	// MaxRSS is how much real memory, in bytes, a child may hold after a photo before it is
	// replaced; 0 means 512 MiB, negative any amount.
	MaxRSS int64

	// AddressSpace is how much a child may take for its photos, in bytes of address space
	// beyond what the program and its libraries have reserved at the hello (1.9 GiB with Go
	// 1.26 and libvips 8.18, of which next to nothing is real memory). A photo that needs more
	// is too large. A child that keeps more than half of it after a photo is replaced, so that
	// a photo that comes late to it has nearly as much room as one that comes early. Negative
	// means no limit; 0 means 2 GiB, or no limit where addresses have 32 bits. At 100
	// megapixels an AVIF takes 1.4 GiB, an interlaced PNG or a progressive JPEG 0.7 GiB.
	AddressSpace int64

	// Memory is what all children may take together, in bytes; 0 means any amount. Every slot
	// has Share of it. A photo that needs more, by an estimate from its header, waits until
	// there is room in the rest; one for which there never is any is too large. The wait does
	// not count for the deadline. Less than Share for every slot is an error. With a limit,
	// MaxRSS is at most Share.
	Memory int64

	Log *slog.Logger // for children that die or do not start; nil means none
}

func (o Options) withDefaults() (Options, error) {
	path, err := filepath.Abs(o.Path) // children start in another directory
	if o.Path == "" || err != nil {
		return o, errors.Join(errors.New("the path of the imager is not given"), err)
	}
	o.Path = path
	if o.Slots <= 0 {
		o.Slots = runtime.GOMAXPROCS(0)
	}
	if o.Deadline <= 0 {
		o.Deadline = 60 * time.Second
	}
	if o.MaxPhotos == 0 {
		o.MaxPhotos = 1000
	}
	if o.MaxRSS == 0 {
		o.MaxRSS = 512 << 20
	}
	if o.AddressSpace == 0 && ^uintptr(0)>>63 == 1 {
		o.AddressSpace = 2 << 30
	}
	if o.Memory > 0 {
		if least := int64(o.Slots) * Share; o.Memory < least {
			return o, fmt.Errorf("%d MiB of memory for %d photos at once, which take %d MiB at least", o.Memory>>20, o.Slots, least>>20)
		}
		if o.MaxRSS < 0 || o.MaxRSS > Share {
			o.MaxRSS = Share
		}
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	return o, nil
}

// Pool keeps one child process per slot and gives each photo to one of them. Its methods may
// be called from many goroutines at once.
type Pool struct {
	options Options
	build   imaging.Build
	idle    chan *child // children that wait for a photo, offered by their keepers

	open    context.Context // ends when the pool is closed
	close   context.CancelFunc
	keepers sync.WaitGroup
	starts  chan struct{} // bounds how many children start at once
	budget  *budget       // nil where memory is not limited
	trouble trouble

	mu    sync.Mutex
	stats Stats
}

// Stats counts what a pool did.
type Stats struct {
	Slots    int           // as in Options
	Busy     int           // slots that have a photo now
	Memory   int64         // as in Options, bytes
	Admitted int64         // what photos with pixels now take by estimate, bytes
	Waiting  int           // photos that wait for memory now, each in a slot
	Starts   int           // children started so far
	Restarts map[Cause]int // children replaced so far, by cause
}

// Start starts a pool and its first child, and returns when that child is ready; the others
// follow in the background. It marks every open descriptor but the standard ones as not to be
// inherited, by any process that is started later. ctx bounds the start alone: the pool runs until Close.
//
// The error says why the first child is not ready, with what it wrote to its standard error.
func Start(ctx context.Context, o Options) (*Pool, error) {
	o, err := o.withDefaults()
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrStart, err)
	}
	p := &Pool{
		options: o,
		idle:    make(chan *child),
		starts:  make(chan struct{}, max(1, o.Slots/2)),
		stats:   Stats{Slots: o.Slots, Memory: o.Memory, Restarts: make(map[Cause]int)},
	}
	if o.Memory > 0 {
		p.budget = &budget{total: o.Memory - int64(o.Slots)*Share}
	}
	p.open, p.close = context.WithCancel(context.Background())
	shut()
	first := make(chan error, 1)
	p.keepers.Go(func() { p.keepFirst(first) })
	select {
	case err = <-first:
	case <-ctx.Done():
		err = ctx.Err()
	}
	if err != nil {
		return nil, errors.Join(err, p.Close())
	}
	for slot := 1; slot < o.Slots; slot++ {
		p.keepers.Go(func() { p.keep(slot, nil) })
	}
	return p, nil
}

// Build is what every child of the pool says of itself.
func (p *Pool) Build() imaging.Build { return p.build }

// Stats returns a copy of the pool's counters.
func (p *Pool) Stats() Stats {
	p.mu.Lock()
	defer p.mu.Unlock()
	s := p.stats
	s.Restarts = maps.Clone(s.Restarts)
	return s
}

// Down reports why no photo can be worked on at present, with ErrStart: no slot has a child, and
// none could be started several times in a row. Starts go on being tried.
func (p *Pool) Down() error {
	if err := p.trouble.everywhere(p.options.Slots); err != nil {
		return fmt.Errorf("%w: %w", ErrStart, err)
	}
	return nil
}

// Process has one photo worked on. It blocks while every slot is busy, and while others have
// the memory that the photo takes. When ctx ends, so does
// the work, by killing the child that does it.
//
// The error wraps one of
//   - the facts that the engine states: imaging.ErrCorrupt, ErrTruncated, ErrUnsupported and
//     ErrTooLarge, the last also when the photo takes more memory than Options.Memory leaves
//     for one, and when the child died for want of it;
//   - imaging.ErrCrashed when the child died on the photo, ErrTimeout at its deadline;
//   - ctx's error, ErrClosed or ErrStart, none of which says anything about the photo;
//   - nothing known, when the engine met with trouble that it has no fact for.
func (p *Pool) Process(ctx context.Context, req imaging.Request) (imaging.Result, error) {
	if err := fits(int64(len(req.Source)), req.Limits); err != nil {
		return imaging.Result{}, err
	}
	q := request{Request: req, Size: int64(len(req.Source))}
	if p.budget != nil {
		q.Memory = Share + p.budget.total
	}
	head, err := header(q)
	if err != nil {
		return imaging.Result{}, fmt.Errorf("request cannot be sent: %w", err)
	}
	c, err := p.take(ctx)
	if err != nil {
		return imaging.Result{}, err
	}
	p.count(func(s *Stats) { s.Busy++ })
	res, cause, err := p.work(ctx, c, head, q)
	p.count(func(s *Stats) { s.Busy-- })
	c.back <- cause
	return res, err
}

// Close ends every child and returns when all are gone. Photos that are being worked on end
// with ErrClosed: to finish them, wait for the calls of Process first. Close may be called
// more than once; its error is always nil.
func (p *Pool) Close() error {
	p.close()
	p.keepers.Wait()
	return nil
}
