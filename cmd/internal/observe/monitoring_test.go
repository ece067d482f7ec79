package observe

import (
	"encoding/json"
	"log/slog"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/goccy/go-yaml"
	"github.com/prometheus/client_golang/prometheus"

	"burnish/cmd/internal/health"
	"burnish/worker/outcomes"
)

// exported notes which metrics are registered, by name, with their labels.
type exported map[string][]string

// described takes a description apart: the library does not show it otherwise.
var described = regexp.MustCompile(`^Desc\{fqName: "([^"]*)".*variableLabels: \{([^}]*)\}\}$`)

func (e exported) Register(c prometheus.Collector) error {
	descs := make(chan *prometheus.Desc)
	go func() { c.Describe(descs); close(descs) }()
	for d := range descs {
		parts := described.FindStringSubmatch(d.String())
		e[parts[1]] = strings.FieldsFunc(parts[2], func(r rune) bool { return r == ',' })
	}
	return nil
}

func (e exported) MustRegister(all ...prometheus.Collector) {
	for _, c := range all {
		_ = e.Register(c)
	}
}

func (exported) Unregister(prometheus.Collector) bool { return false }

// exports returns all that worker and recorder export of their own.
func exports() exported {
	e := make(exported)
	log := slog.New(slog.DiscardHandler)
	NewWorker(e, log)
	NewCalls(e)
	NewRecorder(e)
	Watch(e, nil)
	Pending(e, outcomes.NewRecorder(nil, "q", nil, outcomes.Options{}))
	e.MustRegister(health.New(log))
	e["burnish_build_info"] = []string{"version"}
	return e
}

// rule is an alert as Prometheus reads it.
type rule struct {
	Alert       string
	Expr        string
	For         string
	Labels      map[string]string
	Annotations map[string]string
}

func rules(t *testing.T) []rule {
	t.Helper()
	data, err := os.ReadFile("../../../scripts/monitoring/alerts.yaml")
	if err != nil {
		t.Fatal(err)
	}
	var file struct {
		Groups []struct {
			Name  string
			Rules []rule
		}
	}
	if err := yaml.UnmarshalWithOptions(data, &file, yaml.Strict()); err != nil {
		t.Fatal(err)
	}
	var all []rule
	for _, g := range file.Groups {
		all = append(all, g.Rules...)
	}
	return all
}

// queries returns every query of the dashboard.
func queries(t *testing.T) []string {
	t.Helper()
	data, err := os.ReadFile("../../../scripts/monitoring/dashboard.json")
	if err != nil {
		t.Fatal(err)
	}
	var file struct {
		Panels []struct {
			Title   string
			Type    string
			Targets []struct{ Expr string }
		}
	}
	if err := json.Unmarshal(data, &file); err != nil {
		t.Fatal(err)
	}
	var all []string
	for _, p := range file.Panels {
		if len(p.Targets) == 0 && p.Type != "row" {
			t.Errorf("panel %q asks for nothing", p.Title)
		}
		for _, target := range p.Targets {
			all = append(all, target.Expr)
		}
	}
	return all
}

var (
	asked    = regexp.MustCompile(`\bburnish_[a-z_]+`)
	selector = regexp.MustCompile(`(burnish_[a-z_]+)\{([^}]*)\}`)
	label    = regexp.MustCompile(`([a-z_]+)\s*[=!]~?"`)
	// histogram series have names of their own
	series = regexp.MustCompile(`_(bucket|sum|count)$`)
)

// TestQueries holds the dashboard and the alerts to what is exported.
func TestQueries(t *testing.T) {
	all := queries(t)
	for _, r := range rules(t) {
		all = append(all, r.Expr)
	}
	if len(all) < 20 {
		t.Fatalf("there are %d queries", len(all))
	}
	metrics, used := exports(), make(map[string]bool)
	for _, q := range all {
		for _, name := range asked.FindAllString(q, -1) {
			base := series.ReplaceAllString(name, "")
			if metrics[name] == nil && metrics[base] == nil {
				t.Errorf("nobody exports %s, of %s", name, q)
			}
			used[base] = true
		}
		for _, found := range selector.FindAllStringSubmatch(q, -1) {
			for _, l := range label.FindAllStringSubmatch(found[2], -1) {
				if l[1] != "job" && !slices.Contains(metrics[series.ReplaceAllString(found[1], "")], l[1]) {
					t.Errorf("%s has no label %s, of %s", found[1], l[1], q)
				}
			}
		}
	}
	for name := range metrics {
		if !used[name] && !slices.Contains(unseen, name) {
			t.Errorf("%s is on no panel", name)
		}
	}
}

// unseen are for whoever looks closer.
var unseen = []string{"burnish_imager_starts_total", "burnish_variants_total", "burnish_recorder_outcomes_total", "burnish_recorder_last_write_timestamp_seconds"}

// TestWhatIsDocumented holds docs/operations.md to what is exported and alerted on.
func TestWhatIsDocumented(t *testing.T) {
	data, err := os.ReadFile("../../../docs/operations.md")
	if err != nil {
		t.Fatal(err)
	}
	doc := string(data)
	metrics := exports()
	for name := range metrics {
		if !strings.Contains(doc, "`"+name+"`") {
			t.Errorf("%s is not documented", name)
		}
	}
	for _, name := range asked.FindAllString(doc, -1) {
		if metrics[name] == nil {
			t.Errorf("%s is documented, and nobody exports it", name)
		}
	}
	for _, r := range rules(t) {
		if !strings.Contains(doc, "| `"+r.Alert+"` |") {
			t.Errorf("what to do about %s is not documented", r.Alert)
		}
		if r.Expr == "" || r.Annotations["summary"] == "" || !slices.Contains([]string{"warning", "critical"}, r.Labels["severity"]) {
			t.Errorf("%s lacks something: %+v", r.Alert, r)
		}
	}
}
