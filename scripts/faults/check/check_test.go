package check

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"burnish/imaging"
	"burnish/queue"
	"burnish/worker/ledger"
)

var noon = time.Date(2026, 11, 27, 12, 0, 0, 0, time.UTC)

// outcome is one of generation 2 of a photo, an upload.
func outcome(key queue.Key, status ledger.Status, reason imaging.Reason) ledger.Outcome {
	return ledger.Outcome{
		Key: key, Generation: 2, Lane: queue.Upload, Status: status, Reason: reason, Attempt: 1, Ended: noon,
	}
}

// kept is an outcome as the ledger has it.
func kept(o ledger.Outcome) ledger.Outcome {
	o.Batch = "20261127T000000Z-upload"
	return o
}

// sound is the evidence of a run in which all went well: a photo in two generations, one that is
// broken, one that was deleted, and a message that is no job.
func sound() *Evidence {
	const babble = "message 7 of outcomes"
	done := outcome("a.jpg", ledger.Done, "")
	broken := outcome("b.jpg", ledger.Failed, imaging.Corrupt)
	gone := outcome("c.jpg", ledger.Failed, imaging.NotFound)
	gone.Generation, gone.Batch, gone.Lane = 0, "sweep-1", queue.Rerun
	malformed := outcome(babble, ledger.Failed, imaging.Malformed)
	malformed.Generation, malformed.Lane, malformed.Batch = 0, "outcomes", "20261127T000000Z-other"
	return &Evidence{
		Jobs: []Job{
			{queue.Job{Key: "a.jpg", Generation: 1}, "1", queue.Upload, 1}, // ends with generation 2
			{queue.Job{Key: "a.jpg", Generation: 2}, "2", queue.Upload, 2},
			{queue.Job{Key: "a.jpg", Generation: 2}, "3", queue.Upload, 2}, // sent twice
			{queue.Job{Key: "b.jpg", Generation: 2}, "4", queue.Upload, 2},
			{queue.Job{Key: "c.jpg", Batch: "sweep-1"}, "5", queue.Rerun, 2},
		},
		Acked:     map[string]int{"1": 1, "2": 1, "3": 2, "4": 3, "5": 4},
		Malformed: []queue.Key{babble},
		Photos: map[queue.Key][]Content{
			"a.jpg": {{1, Good}, {2, Good}}, "b.jpg": {{2, Corrupt}}, "c.jpg": {{2, Good}},
		},
		Gone:      map[queue.Key]bool{"c.jpg": true},
		Absent:    map[queue.Key]bool{"c.jpg": true},
		Published: []ledger.Outcome{done, done, broken, gone},
		Ledger:    []ledger.Outcome{kept(done), kept(broken), gone, malformed},
		Failures:  map[queue.Key]imaging.Reason{"b.jpg": imaging.Corrupt, "c.jpg": imaging.NotFound, babble: imaging.Malformed},
		Manifests: map[queue.Key]Manifest{"a.jpg": {2, map[string]Object{"variants/a.jpg/24.jpg": {Generation: 11, Bytes: 3}}}},
		Clean:     map[queue.Key]Manifest{"a.jpg": {9, map[string]Object{"variants/a.jpg/24.jpg": {Bytes: 3, SHA256: "abc"}}}},
		Objects:   map[string]Object{"variants/a.jpg/24.jpg": {Generation: 11, Bytes: 3, SHA256: "abc"}},
		Writes: []Write{
			{"variants/a.jpg/24.jpg", 10, 1}, {"variants/a.jpg/24.jpg", 11, 2}, {"manifests/a.jpg", 12, 2}, {"burnish/x.parquet", 13, 0},
		},
	}
}

func TestSound(t *testing.T) {
	if got := Violations(sound()); len(got) > 0 {
		t.Errorf("nothing is wrong, but %q", got)
	}
}

// Every rule is shown to be broken by what it is there for, and by nothing else.
func TestBroken(t *testing.T) {
	var broken []string
	for _, tt := range []struct {
		name  string
		spoil func(*Evidence)
		rules []string
		says  string
	}{
		{"a job without an outcome", func(e *Evidence) {
			e.Jobs = append(e.Jobs, Job{queue.Job{Key: "a.jpg", Batch: "sweep-1"}, "6", queue.Rerun, 2})
		}, []string{"lost"}, `sweep-1 "a.jpg": 0 outcomes`},
		{"a job whose outcome is of an older generation", func(e *Evidence) {
			e.Jobs[1].Generation, e.Jobs[2].Generation = 3, 3
		}, []string{"lost", "early"}, "none of generation 3"},
		{"a job for the newest that ends with an older one", func(e *Evidence) {
			e.Jobs[1].Generation, e.Jobs[1].Since = 0, 3
		}, []string{"lost", "early"}, "none of generation 3"},
		{"not found, but never deleted", func(e *Evidence) {
			e.Gone["c.jpg"] = false
		}, []string{"lost", "early", "wrong"}, "not_found"},
		{"an ack before the outcome", func(e *Evidence) {
			e.Acked["4"] = 2
		}, []string{"early"}, "message 4"},
		{"an ack after the outcome of another batch", func(e *Evidence) {
			e.Jobs[3].Batch, e.Ledger[1].Batch = "sweep-1", "sweep-1"
		}, []string{"early", "unrecorded"}, "message 4"},
		{"a malformed message without an end", func(e *Evidence) {
			e.Malformed = append(e.Malformed, "message 8 of upload")
		}, []string{"malformed"}, "message 8"},
		{"an outcome that no recorder wrote", func(e *Evidence) {
			o := e.Published[0]
			o.Batch = "sweep-2"
			e.Published = append(e.Published, o)
		}, []string{"unrecorded"}, "sweep-2"},
		{"a later outcome that no recorder wrote", func(e *Evidence) {
			e.Published[1].Ended = noon.Add(time.Second)
		}, []string{"unrecorded"}, "12:00:01"},
		{"two outcomes of one job", func(e *Evidence) {
			e.Ledger = append(e.Ledger, e.Ledger[0])
		}, []string{"twice"}, "a.jpg"},
		{"done, then failed", func(e *Evidence) {
			e.Faults.Imagers = 1
			e.Ledger[0].Status, e.Ledger[0].Reason = ledger.Failed, imaging.Crashed
		}, []string{"twice"}, "crashed"},
		{"a good photo that is corrupt", func(e *Evidence) {
			e.Published[0].Status, e.Published[0].Reason = ledger.Failed, imaging.Corrupt
		}, []string{"wrong"}, "made to be good"},
		{"a corrupt photo that is done", func(e *Evidence) {
			e.Ledger[1].Status, e.Ledger[1].Reason = ledger.Done, ""
		}, []string{"wrong"}, "made to be corrupt"},
		{"a crash that nobody caused", func(e *Evidence) {
			e.Published[0].Status, e.Published[0].Reason = ledger.Failed, imaging.Crashed
		}, []string{"wrong"}, "crashed"},
		{"given up, but not after deliveries", func(e *Evidence) {
			e.Faults.Workers = 1
			e.Published[0].Status, e.Published[0].Reason, e.Published[0].Message = ledger.Failed, imaging.Internal, "nil pointer"
		}, []string{"wrong"}, "nil pointer"},
		{"an outcome of a generation that never was", func(e *Evidence) {
			e.Published[2].Generation, e.Ledger[1].Generation = 5, 5
		}, []string{"wrong"}, "no such generation"},
		{"a good photo among the failures", func(e *Evidence) {
			e.Failures["a.jpg"] = imaging.Crashed
		}, []string{"reported"}, "a.jpg"},
		{"a broken photo not among the failures", func(e *Evidence) {
			delete(e.Failures, "b.jpg")
		}, []string{"reported"}, "b.jpg"},
		{"a broken photo with another reason", func(e *Evidence) {
			e.Failures["b.jpg"] = imaging.Timeout
		}, []string{"reported"}, "timeout"},
		{"no manifest", func(e *Evidence) {
			delete(e.Manifests, "a.jpg")
		}, []string{"unpublished", "pixels"}, "no manifest"},
		{"a manifest of an older generation", func(e *Evidence) {
			e.Manifests["a.jpg"] = Manifest{1, e.Manifests["a.jpg"].Variants}
		}, []string{"unpublished"}, "generation 1 instead of 2"},
		{"a manifest without variants", func(e *Evidence) {
			e.Manifests["a.jpg"], e.Clean["a.jpg"] = Manifest{Source: 2}, Manifest{}
		}, []string{"unpublished"}, "without variants"},
		{"a variant that is not there", func(e *Evidence) {
			delete(e.Objects, "variants/a.jpg/24.jpg")
		}, []string{"variants", "pixels"}, "not there"},
		{"a variant with a wrong checksum", func(e *Evidence) {
			e.change(func(o *Object) { o.Damage = "bad CRC" })
		}, []string{"variants"}, "bad CRC"},
		{"a variant of another generation than its manifest says", func(e *Evidence) {
			e.change(func(o *Object) { o.Generation = 14 })
		}, []string{"variants"}, "its manifest says"},
		{"a variant of another size", func(e *Evidence) {
			e.change(func(o *Object) { o.Bytes = 4 })
		}, []string{"variants"}, "its manifest says"},
		{"a variant with other bytes", func(e *Evidence) {
			e.change(func(o *Object) { o.SHA256 = "def" })
		}, []string{"pixels"}, "other bytes"},
		{"a variant too many", func(e *Evidence) {
			e.Manifests["a.jpg"].Variants["variants/a.jpg/48.jpg"] = Object{Generation: 15}
			e.Objects["variants/a.jpg/48.jpg"] = Object{Generation: 15}
		}, []string{"pixels"}, "48.jpg"},
		{"a photo that a clean run does not publish", func(e *Evidence) {
			delete(e.Clean, "a.jpg")
		}, []string{"pixels"}, "without faults either"},
		{"an older write over a newer one", func(e *Evidence) {
			e.Writes = append(e.Writes, Write{"variants/a.jpg/24.jpg", 14, 1})
		}, []string{"overwritten"}, "24.jpg, made from generation 2"},
		{"a message left", func(e *Evidence) {
			e.Unacked = []string{"on upload: message 3"}
		}, []string{"unacked"}, "message 3"},
		{"a process that runs on", func(e *Evidence) {
			e.Strays = []string{"imager runs on"}
		}, []string{"strays"}, "runs on"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			e := sound()
			tt.spoil(e)
			var rules []string
			var says strings.Builder
			for _, v := range Violations(e) {
				rules = append(rules, v.Rule)
				says.WriteString(v.What + "\n")
			}
			if diff := cmp.Diff(tt.rules, slices.Compact(rules)); diff != "" || !strings.Contains(says.String(), tt.says) {
				t.Errorf("broken rules:\n%s%s", diff, says.String())
			}
			broken = append(broken, rules...)
		})
	}
	for _, r := range Rules {
		if !slices.Contains(broken, r.Name) {
			t.Errorf("no test breaks the rule %s", r.Name)
		}
	}
}

// change changes the variant.
func (e *Evidence) change(how func(*Object)) {
	o := e.Objects["variants/a.jpg/24.jpg"]
	how(&o)
	e.Objects["variants/a.jpg/24.jpg"] = o
}

// What the faults explain is no violation.
func TestExcused(t *testing.T) {
	for _, tt := range []struct {
		reason  imaging.Reason
		message string
		faults  Faults
	}{
		{imaging.Crashed, "", Faults{Imagers: 1}},
		{imaging.Timeout, "", Faults{Frozen: 1}},
		{imaging.Throttled, "", Faults{Services: map[string]int{"429": 1}}},
		{imaging.Unavailable, "", Faults{Services: map[string]int{"503": 1}}},
		{imaging.Internal, "given up after 100 deliveries", Faults{Workers: 1}},
	} {
		e := sound()
		failed := outcome("a.jpg", ledger.Failed, tt.reason)
		failed.Message, failed.Generation = tt.message, 0
		e.Published = append([]ledger.Outcome{failed}, e.Published...)
		e.Ledger = append(e.Ledger, kept(failed))
		e.Jobs, e.Acked = e.Jobs[:1], map[string]int{"1": 1} // of generation 1, which it may have ended
		if got := Violations(e); len(got) == 0 {
			t.Errorf("%s without a fault is no violation", tt.reason)
		}
		e.Faults = tt.faults
		if got := Violations(e); len(got) > 0 {
			t.Errorf("%s with %+v: %q", tt.reason, tt.faults, got)
		}
	}
}

func TestExcusedCounts(t *testing.T) {
	e := sound()
	e.Ledger[0].Status, e.Ledger[0].Reason = ledger.Failed, imaging.Crashed
	if diff := cmp.Diff(map[imaging.Reason]int{imaging.Crashed: 1}, e.Excused()); diff != "" {
		t.Error(diff)
	}
}

// A run's evidence is written down and judged again.
func TestEvidenceKeeps(t *testing.T) {
	e := sound()
	e.Faults.Services = map[string]int{"503": 2}
	data, err := json.Marshal(e)
	if err != nil {
		t.Fatal(err)
	}
	var again Evidence
	if err := json.Unmarshal(data, &again); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(e, &again); diff != "" {
		t.Error(diff)
	}
}
