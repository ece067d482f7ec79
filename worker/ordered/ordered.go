// Package ordered does something to every element of a stream, several at a time, in its order.
package ordered

import (
	"context"
	"iter"
	"sync"
)

// answer is what became of one input.
type answer[T any] struct {
	value T
	err   error
}

// Map does something to every input, up to n of them at once, and yields what became of them in
// the order of the inputs. Errors are yielded, those of the inputs too, and end nothing. At most
// n results wait for their turn. When the loop is left, the context that do was given ends, and
// what has been begun is waited for.
func Map[In, Out any](ctx context.Context, n int, in iter.Seq2[In, error], do func(context.Context, In) (Out, error)) iter.Seq2[Out, error] {
	return func(yield func(Out, error) bool) {
		ctx, cancel := context.WithCancel(ctx)
		var all sync.WaitGroup
		defer all.Wait()
		defer cancel()
		begun := make(chan chan answer[Out], n-1)
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
