package gemini_test

import (
	"context"
	"encoding/json"
	"maps"
	"math"
	"slices"
	"strings"
	"testing"

	"burnish/imaging/gemini"
	"burnish/imaging/gemini/geminitest"
)

// edits are three of one photo, which differ in their seeds.
func edits(t *testing.T) map[string]gemini.Request {
	all := map[string]gemini.Request{}
	for i, key := range []string{"shoes/a.jpg", "shoes/b.jpg", "hats/ü.jpg"} {
		r := edit(t)
		r.Seed = int32(i)
		all[key] = r
	}
	return all
}

func collect(t *testing.T, c *gemini.Client, job gemini.Job, all map[string]gemini.Request) map[string]gemini.Outcome {
	t.Helper()
	got := map[string]gemini.Outcome{}
	err := c.Collect(t.Context(), job, all, func(key string, o gemini.Outcome) {
		if _, twice := got[key]; twice {
			t.Errorf("%s twice", key)
		}
		got[key] = o
	})
	if err != nil {
		t.Fatal(err)
	}
	return got
}

// TestBatch submits in one client and goes on in another that has only the job as JSON, as after a
// restart. The stand-in's results are out of order, and one request fails.
func TestBatch(t *testing.T) {
	s := geminitest.Start(geminitest.Options{Sides: map[string]int{"1K": 96}, BatchPolls: 2})
	t.Cleanup(s.Close)
	s.Decide(func(e geminitest.Edit) geminitest.Behaviour {
		return map[int32]geminitest.Behaviour{1: {Fault: geminitest.Overloaded}, 2: {Fault: geminitest.NoImage}}[e.Seed]
	})
	answers := &memory{}
	keep := func(o *gemini.Options) { o.Answers = answers }
	all := edits(t)
	job, err := client(t, s, keep).Submit(t.Context(), all)
	if err != nil {
		t.Fatal(err)
	}
	kept, err := json.Marshal(job)
	if err != nil || strings.Contains(string(kept), "secret") {
		t.Fatalf("%s, %v", kept, err)
	}

	restarted := client(t, s, keep)
	job = gemini.Job{}
	if err := json.Unmarshal(kept, &job); err != nil {
		t.Fatal(err)
	}
	var states []gemini.State
	for range 3 {
		state, err := restarted.Poll(t.Context(), &job)
		if err != nil {
			t.Fatal(err)
		}
		states = append(states, state)
	}
	if want := []gemini.State{gemini.Waiting, gemini.Waiting, gemini.Done}; !slices.Equal(states, want) {
		t.Fatalf("states %v, want %v", states, want)
	}
	got, cost := collect(t, restarted, job, all), 0.0
	for key, want := range map[string]gemini.Reason{"shoes/b.jpg": gemini.Unavailable, "hats/ü.jpg": gemini.NoImage} {
		e := as(t, got[key].Err)
		if e.Reason != want {
			t.Errorf("%s: %v, want %s", key, e, want)
		}
		cost += e.Cost
	}
	a := got["shoes/a.jpg"]
	if a.Err != nil || !a.Answer.Batch || len(a.Answer.Image) == 0 {
		t.Errorf("shoes/a.jpg: %v", a.Err)
	}
	if cost += a.Answer.Cost; math.Abs(cost-s.Billed().USD) > 1e-9 || a.Answer.Cost > 0.02 {
		t.Errorf("told %v dollars, billed %v", cost, s.Billed().USD)
	}

	again := collect(t, restarted, job, all)
	if !again["shoes/a.jpg"].Answer.Stored || !slices.Equal(slices.Sorted(maps.Keys(again)), slices.Sorted(maps.Keys(all))) {
		t.Errorf("collected again: %v", again)
	}
	if direct, err := restarted.Edit(t.Context(), all["shoes/a.jpg"]); err != nil || !direct.Stored {
		t.Errorf("the same edit asked for directly: stored %v, %v", direct.Stored, err)
	}
}

// TestBatchEndings: a batch that expires is told as that, one that is answered already is not sent,
// and what is not the service's is not taken.
func TestBatchEndings(t *testing.T) {
	s := serve(t)
	s.Next(geminitest.Behaviour{Fault: geminitest.Expired})
	c, all := client(t, s, nil), edits(t)
	job, err := c.Submit(t.Context(), all)
	if err != nil {
		t.Fatal(err)
	}
	if state, err := c.Poll(t.Context(), &job); err != nil || state != gemini.TimedOut {
		t.Errorf("%s, %v", state, err)
	}
	for key, o := range collect(t, c, job, all) {
		if as(t, o.Err).Reason != gemini.Unavailable {
			t.Errorf("%s: %v", key, o.Err)
		}
	}

	one := map[string]gemini.Request{"a": edit(t)}
	if _, err := c.Edit(t.Context(), one["a"]); err != nil {
		t.Fatal(err)
	}
	before := s.Billed()
	job, err = c.Submit(t.Context(), one)
	if state, pollErr := c.Poll(t.Context(), &job); err != nil || pollErr != nil || state != gemini.Done || job.Name != "" {
		t.Errorf("answered before: %s, %v, %v", state, err, pollErr)
	}
	if o := collect(t, c, job, one)["a"]; !o.Answer.Stored || s.Billed() != before {
		t.Errorf("answered before: %+v", o.Err)
	}

	other := one["a"]
	other.Seed = 99
	if err := c.Collect(t.Context(), job, map[string]gemini.Request{"a": other}, nil); err == nil {
		t.Error("collected another edit than was submitted")
	}
	job.Results = "files/none"
	job.Keys["a"] = client(t, s, nil).Model().Hash(other)
	if err := c.Collect(t.Context(), job, map[string]gemini.Request{"a": other}, nil); as(t, err).Reason != gemini.ModelGone {
		t.Errorf("no file of answers: %v", err)
	}
	if _, err := client(t, s, vertex).Submit(context.Background(), one); err == nil {
		t.Error("Vertex AI took a batch by file")
	}
}
