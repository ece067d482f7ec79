package main

import (
	"strings"
	"testing"
	"time"

	"burnish/worker/ledger"
)

func TestProgressLine(t *testing.T) {
	p := &progress{start: time.Now().Add(-10 * time.Second)}
	p.found.Store(50)
	for i := range 20 {
		o := ledger.Outcome{Status: ledger.Done}
		if i == 0 {
			o.Status = ledger.Failed
		}
		p.observe(o)
	}
	if got := p.line(); !strings.HasPrefix(got, "20 of 50+ photos, 2.0 a second") || strings.Contains(got, "left") {
		t.Errorf("while the source is walked: %q", got)
	}
	p.found.Store(100)
	p.fresh.Store(30)
	p.walked.Store(true)
	if got, want := p.line(), "50 of 100 photos, 2.0 a second, 10s left, 1 failed"; got != want {
		t.Errorf("line = %q, want %q", got, want)
	}
	if p.share() != 0.5 {
		t.Errorf("share = %v", p.share())
	}
	if n, more := p.undone(); n != 50 || more {
		t.Errorf("undone = %d, %v", n, more)
	}
}

func TestFit(t *testing.T) {
	for _, tt := range []struct {
		name    string
		share   float64
		columns int
		want    string
	}{
		{"wide", 0.5, 79, "[===============               ] 1 of 2"},
		{"narrow", 0.5, 20, "[=====      ] 1 of 2"},
		{"too narrow for a bar", 0.5, 15, "1 of 2"},
		{"too narrow for the line", 0.5, 4, "1 of"},
		{"no room at all", 1, 0, ""},
		{"nothing known", 0, 20, "[           ] 1 of 2"},
	} {
		got := fit(tt.share, "1 of 2", tt.columns)
		if len(got) > tt.columns {
			t.Errorf("%s: %q is wider than %d", tt.name, got, tt.columns)
		}
		if got != tt.want {
			t.Errorf("%s: %q, want %q", tt.name, got, tt.want)
		}
	}
}
