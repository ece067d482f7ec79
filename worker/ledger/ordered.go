package ledger

import (
	"context"
	"iter"
	"sync"
)

// readers is how many files are read at once. Each is in memory whole, decoded.
const readers = 8

// answer is what became of one input.
type answer[T any] struct {
	value T
	err   error
}

// ordered does something to every input, up to readers of them at once, and yields what became
// of them in their order. Errors are yielded, those of the inputs too, and end nothing. When the
// loop is left, it waits for what has been begun.
func ordered[In, Out any](ctx context.Context, in iter.Seq2[In, error], do func(context.Context, In) (Out, error)) iter.Seq2[Out, error] {
	return func(yield func(Out, error) bool) {
		ctx, cancel := context.WithCancel(ctx)
		var all sync.WaitGroup
		defer all.Wait()
		defer cancel()
		begun := make(chan chan answer[Out], readers-1)
		all.Go(func() {
			defer close(begun)
			for i, err := range in {
				reply := make(chan answer[Out], 1)
				select {
				case begun <- reply:
				case <-ctx.Done():
					return
				}
				if err != nil {
					reply <- answer[Out]{err: err}
					continue
				}
				all.Go(func() {
					value, err := do(ctx, i)
					reply <- answer[Out]{value, err}
				})
			}
		})
		for reply := range begun {
			a := <-reply
			if !yield(a.value, a.err) {
				return
			}
		}
	}
}
