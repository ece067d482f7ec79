package outcomes

import (
	"fmt"
	"log/slog"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"burnish/imaging"
	"burnish/queue"
	"burnish/worker/ledger"
	"burnish/worker/store"
	"burnish/worker/store/storetest"
)

// TestDigestsKeepUp: recorders write piles of minutes, and their digests follow an hour behind.
func TestDigestsKeepUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const batch = "20000101T000000Z-a"
		st := storetest.NewMemory()
		d := &digests{dest: st, log: slog.New(slog.DiscardHandler), last: make(map[string]time.Time)}
		var group sync.WaitGroup
		for i := range 5 * 60 {
			w, err := ledger.NewWriter(st, batch, ledger.Options{})
			if err != nil {
				t.Fatal(err)
			}
			o := ledger.Outcome{Key: queue.Key(fmt.Sprint(i)), Status: ledger.Failed, Reason: imaging.Corrupt, Ended: time.Now()}
			if err := w.Record(t.Context(), o); err != nil {
				t.Fatal(err)
			}
			if err := w.Close(t.Context()); err != nil {
				t.Fatal(err)
			}
			d.due(t.Context(), &group, []string{batch})
			group.Wait()
			time.Sleep(time.Minute)
		}
		n := 0
		for range st.List(t.Context(), store.Range{Prefix: ledger.Folder(batch) + "digests/"}) {
			n++
		}
		if n != 2 {
			t.Errorf("%d digests of 300 segments of five hours, want 2", n)
		}
		sum, err := ledger.Summarize(t.Context(), st, batch)
		if err != nil || sum.Outcomes() != 300 {
			t.Errorf("%d outcomes, %v; want 300", sum.Outcomes(), err)
		}
	})
}
