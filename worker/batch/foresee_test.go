package batch_test

import (
	"testing"
	"testing/synctest"
	"time"

	"burnish/worker/batch"
)

func TestForesee(t *testing.T) {
	whole := batch.Batch{Kind: batch.Backfill, Source: "gs://in", Dest: "gs://out", Fingerprint: "old"}
	for name, c := range map[string]struct {
		last     batch.Batch // which was Finished, with 1000 photos seen
		now      batch.Batch // 200 seen, 150 of them fresh, 50 published
		jobs     int64
		estimate bool
	}{
		"known":              {whole, batch.Batch{Kind: batch.Rerun, Expected: 70}, 70, false},
		"walked already":     {whole, batch.Batch{Kind: batch.Backfill, Expected: 60}, 60, false},
		"as the last":        {whole, batch.Batch{Kind: batch.Backfill, Source: "gs://in", Dest: "gs://out", Fingerprint: "new"}, 250, true},
		"up to a limit":      {whole, batch.Batch{Kind: batch.Backfill, Source: "gs://in", Dest: "gs://out", Limit: 90}, 90, true},
		"of another source":  {whole, batch.Batch{Kind: batch.Backfill, Source: "gs://else", Dest: "gs://out"}, 0, false},
		"of a part":          {whole, batch.Batch{Kind: batch.Backfill, Source: "gs://in", Dest: "gs://out", Filter: batch.Filter{Prefix: "a"}}, 0, false},
		"planned":            {whole, batch.Batch{Kind: batch.Backfill, Plan: &batch.Plan{Found: batch.Found{Photos: 400}}}, 400, true},
		"the last had limit": {batch.Batch{Kind: batch.Backfill, Source: "gs://in", Dest: "gs://out", Limit: 9}, whole, 0, false},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				st := newMemory()
				last := start(t, st, c.last)
				if err := last.Finish(t.Context(), st, batch.Finished, batch.Totals{Seen: 1000}); err != nil {
					t.Fatal(err)
				}
				time.Sleep(time.Minute)
				b := start(t, st, c.now)
				b.Totals = batch.Totals{Seen: 200, Fresh: 150, Published: 50}
				jobs, estimate, err := batch.Foresee(t.Context(), st, b)
				if jobs != c.jobs || estimate != c.estimate || err != nil {
					t.Errorf("%d jobs, estimate: %v, %v; want %d, %v", jobs, estimate, err, c.jobs, c.estimate)
				}
			})
		})
	}
}
