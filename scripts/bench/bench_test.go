package main

import (
	"encoding/json"
	"math"
	"os"
	"os/exec"
	"testing"
	"time"

	"burnish/imaging"
	"burnish/queue"
	"burnish/worker/ledger"
)

func TestBytesAtAScore(t *testing.T) {
	at := func(bytes int, score float64) scored { return scored{variant: variant{Bytes: bytes}, score: score} }
	ladder := []scored{at(4000, 80), at(1000, 60), at(2000, 70)}
	for _, c := range []struct {
		name   string
		points []scored
		score  float64
		want   float64
		inside bool
		ok     bool
	}{
		{"on a point", ladder, 70, 2000, true, true},
		{"between, by the logarithm", ladder, 65, math.Sqrt(1000 * 2000), true, true},
		{"below all", ladder, 50, 500, false, true},
		{"above all", ladder, 90, 8000, false, true},
		{"a point that costs more and looks worse", append(ladder, at(3000, 65)), 75, math.Sqrt(2000 * 4000), true, true},
		{"one point", ladder[:1], 80, 0, false, false},
		{"none", nil, 80, 0, false, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, inside, ok := bytesAt(c.points, c.score)
			if math.Abs(got-c.want) > 1e-6 || inside != c.inside || ok != c.ok {
				t.Errorf("%v, %v, %v, want %v, %v, %v", got, inside, ok, c.want, c.inside, c.ok)
			}
		})
	}
}

func TestSpreads(t *testing.T) {
	for _, c := range []struct {
		name string
		got  spread
		want spread
	}{
		{"odd", spreadOf([]float64{3, 1, 2}), spread{1, 2, 3}},
		{"even", spreadOf([]float64{4, 1, 2, 3}), spread{1, 2.5, 4}},
		{"ratio by repetition", ratios([]float64{1, 4, 9}, []float64{1, 2, 3}), spread{1, 2, 3}},
		{"ratio of unlike lengths", ratios([]float64{1, 4, 9}, []float64{2}), spread{0.5, 0.5, 0.5}},
	} {
		t.Run(c.name, func(t *testing.T) {
			if c.got != c.want {
				t.Errorf("%v, want %v", c.got, c.want)
			}
		})
	}
}

func TestGridChangesOnlyWhatItNames(t *testing.T) {
	base := equalOurs()
	format, families, qualities, err := parseGrid("avif effort=1,3 tune=ssim quality=40,60")
	if err != nil || format != imaging.AVIF || len(families) != 2 || len(qualities) != 2 {
		t.Fatal(format, families, qualities, err)
	}
	got, err := with(base, format, families[1], qualities[0])
	if err != nil {
		t.Fatal(err)
	}
	want := imaging.AVIFOptions{Quality: 40, Effort: 3, Chroma: imaging.Subsampled, Tune: "ssim"}
	if *got.Variants.AVIF != want {
		t.Errorf("%+v, want %+v", *got.Variants.AVIF, want)
	}
	if got.Variants.JPEG != nil || got.Variants.WebP != nil {
		t.Error("other formats are made too")
	}
	if base.Variants.AVIF.Quality != equalAVIF || base.Variants.JPEG == nil {
		t.Error("the settings that the grid starts from were changed")
	}
}

func TestGridsThatSayNothing(t *testing.T) {
	for _, grid := range []string{"", "gif quality=1", "avif", "avif effort quality=1", "avif quality=high"} {
		if _, _, _, err := parseGrid(grid); err == nil {
			t.Errorf("%q is taken", grid)
		}
	}
	if _, err := with(equalOurs(), imaging.JPEG, map[string]string{"effort": "3"}, 70); err == nil {
		t.Error("JPEG is given an effort")
	}
}

func TestMovedLeavesTheDefaultsAlone(t *testing.T) {
	base := equalOurs()
	up := moved(base, 40)
	if up.Variants.JPEG.Quality != 100 || up.Variants.AVIF.Quality != equalAVIF+40 {
		t.Errorf("JPEG %d, AVIF %d", up.Variants.JPEG.Quality, up.Variants.AVIF.Quality)
	}
	if base.Variants.JPEG.Quality != equalJPEG {
		t.Error("the defaults moved too")
	}
}

// A process's CPU clock, read from outside, must be the one that the process itself reads.
func TestCPUTimeIsTheProcessesOwn(t *testing.T) {
	busy := exec.Command("sh", "-c", "i=0; while [ $i -lt 200000 ]; do i=$((i+1)); done; echo; read x")
	in, err := busy.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := busy.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := busy.Start(); err != nil {
		t.Fatal(err)
	}
	if _, err := out.Read(make([]byte, 1)); err != nil { // it has counted
		t.Fatal(err)
	}
	got, err := cpuTime(busy.Process.Pid)
	if err != nil {
		t.Fatal(err)
	}
	in.Close()
	busy.Wait() // its read failed, as it should
	own := busy.ProcessState.UserTime() + busy.ProcessState.SystemTime()
	if got <= 0 || got > own+own/10 || got < own*8/10 {
		t.Errorf("clock says %v, the process's own account %v", got, own)
	}
	if _, err := cpuTime(busy.Process.Pid); err == nil {
		t.Error("the clock of a process that has ended can be read")
	}
}

func TestReportIsReadableByMachines(t *testing.T) {
	var r report
	tab := r.table("equal", "Equal settings", "")
	tab.target("CPU", spread{0.7, 0.8, 0.9}, atMost(0.78))
	tab.text("words", "1 and 2")
	file := t.TempDir() + "/figures.json"
	if err := r.save(file); err != nil {
		t.Fatal(err)
	}
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var back struct {
		Tables []struct {
			Part string
			Rows []struct {
				Name   string
				Figure *spread
				Met    *bool
			}
		}
	}
	if err := json.Unmarshal(data, &back); err != nil {
		t.Fatal(err)
	}
	got := back.Tables[0]
	if got.Part != "equal" || got.Rows[0].Figure.Median != 0.8 || *got.Rows[0].Met || got.Rows[1].Met != nil {
		t.Errorf("%+v", got)
	}
}

func TestUntilCountsOnlyWhatEnded(t *testing.T) {
	f := &fleet{ended: map[queue.Key]time.Time{"a": time.Now(), "other": time.Now()}, changed: make(chan struct{})}
	keys := []queue.Key{"a", "b", "c"}
	note := func(o ledger.Outcome) {
		o.Lane, o.Ended, o.Attempt = queue.Rerun, time.Now(), 1
		data, err := json.Marshal(o)
		if err != nil {
			t.Fatal(err)
		}
		f.note(data, time.Now())
	}
	if err := f.until(t.Context(), keys, 1); err != nil {
		t.Error(err)
	}
	ended := make(chan error)
	go func() { ended <- f.until(t.Context(), keys, 2) }()
	note(ledger.Outcome{Key: "b", Status: ledger.Done})
	if err := <-ended; err != nil {
		t.Error(err)
	}
	go func() { ended <- f.until(t.Context(), keys, 3) }()
	note(ledger.Outcome{Key: "c", Status: ledger.Failed, Reason: imaging.Corrupt})
	if err := <-ended; err == nil {
		t.Error("a photo that failed counts as done")
	}
}
