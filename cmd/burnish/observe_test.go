//go:build emulator

package main

import (
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"

	collector "go.opentelemetry.io/proto/otlp/collector/trace/v1"
	"google.golang.org/protobuf/proto"

	"burnish/queue"
	"burnish/worker/ledger"
)

// testObserved looks at a worker and a recorder as those who run a fleet do.
func testObserved(t *testing.T, f *fleet) {
	f.setup(t)
	dir := t.TempDir()
	src, dst, records := filepath.Join(dir, "in"), filepath.Join(dir, "out"), filepath.Join(dir, "records")
	photo := sample(t, "apple.jpg")
	writeFile(t, filepath.Join(src, "a.jpg"), photo)
	writeFile(t, filepath.Join(src, "cut.jpg"), photo[:len(photo)/2])

	way, traces, imager := newRelay(t, f.pubsub), newReceiver(t), filepath.Join(dir, "imager")
	r := start(t, f.verb(t, "recorder", "--every", "1s", "--dest", records, "--http", "127.0.0.1:0"))
	cmd := f.verb(t, "worker", "--recipe", f.recipe, "--jobs", "2", "--source", src, "--dest", dst, "--http", "127.0.0.1:0", "--pprof", "127.0.0.1:0")
	if err := os.Symlink(variable(cmd.Env, "BURNISH_IMAGER"), imager); err != nil {
		t.Fatal(err)
	}
	cmd.Env = append(cmd.Env, "BURNISH_IMAGER="+imager, "PUBSUB_EMULATOR_HOST="+way.address, "OTEL_EXPORTER_OTLP_ENDPOINT="+traces.URL)
	w := start(t, cmd)
	pprof, http := w.serves(t, 0), w.serves(t, 1)
	expectReady(t, http, "")
	expectReady(t, r.serves(t, 0), "")
	f.ask(t, queue.Rerun, "r1", "a.jpg", "cut.jpg")
	waitFor(t, func() bool { return files(filepath.Join(records, ledger.Folder("r1"))) > 0 })

	t.Run("metrics", func(t *testing.T) { testMetrics(t, http, r.serves(t, 0)) })
	t.Run("log", func(t *testing.T) { testLog(t, w, r) })
	t.Run("traces", func(t *testing.T) { testTraces(t, traces) })
	t.Run("profiles", func(t *testing.T) {
		if got := get(t, pprof, "/debug/pprof/goroutine?debug=1"); got.status != 200 || !strings.Contains(got.body, "Receive") {
			t.Errorf("the goroutines are %+v", got)
		}
		if got := get(t, http, "/debug/pprof/"); got.status != 404 {
			t.Errorf("profiles beside the metrics: %+v", got)
		}
	})
	t.Run("destination", func(t *testing.T) {
		rename(t, dst, dst+".away")
		expectReady(t, http, "destination")
		rename(t, dst+".away", dst)
		expectReady(t, http, "")
	})
	t.Run("imager", func(t *testing.T) {
		relink(t, "/bin/false", imager)
		killChildren(t, w.Process.Pid)
		expectReady(t, http, "imager")
		relink(t, variable(program(t).Env, "BURNISH_IMAGER"), imager)
		expectReady(t, http, "")
	})
	t.Run("pubsub", func(t *testing.T) {
		way.close()
		expectReady(t, http, "pubsub")
		way.open(t)
		expectReady(t, http, "")
	})
	if got := get(t, http, "/healthz"); got.status != 200 {
		t.Errorf("a worker that lives says %+v", got)
	}
	w.stop(t)
	r.stop(t)
}

func testMetrics(t *testing.T, worker, recorder string) {
	counted := get(t, worker, "/metrics").body
	for _, line := range []string{
		`burnish_photos_total{lane="rerun",reason="",status="done"} 1`,
		`burnish_photos_total{lane="rerun",reason="truncated",status="failed"} 1`,
		`burnish_deliveries_total{disposition="ack",lane="rerun"} 2`,
		`burnish_lease_changes_total{change="extended",subscription="observed-rerun"} 2`,
		`burnish_stage_seconds_count{stage="develop"} 2`,
		`burnish_source_bytes_total{format="jpeg"} ` + strconv.Itoa(len(sample(t, "apple.jpg"))),
		`burnish_slots 2`,
		`burnish_slots_busy 0`,
		`burnish_imager_restarts_total{cause="crash"} 0`,
		`burnish_ready 1`,
		`burnish_check{check="pubsub"} 1`,
	} {
		if !strings.Contains(counted, "\n"+line+"\n") {
			t.Errorf("the worker does not say %s in\n%s", line, counted)
		}
	}
	waitFor(t, func() bool { // the folder is there before the acks are through
		counted = get(t, recorder, "/metrics").body
		return strings.Contains(counted, "\nburnish_recorder_written_total 2\n")
	})
	for _, line := range []string{
		`burnish_recorder_outcomes_total{lane="rerun",reason="truncated",status="failed"} 1`,
		`burnish_recorder_pending 0`,
		`burnish_dead_letters_total{lane="rerun"} 0`,
		`burnish_ready 1`,
	} {
		if !strings.Contains(counted, "\n"+line+"\n") {
			t.Errorf("the recorder does not say %s in\n%s", line, counted)
		}
	}
}

// testLog expects objects and nothing else, and what an operator looks for in them.
func testLog(t *testing.T, w, r *process) {
	failed := 0
	for text := range strings.Lines(w.said.String() + r.said.String()) {
		var line map[string]any
		if err := json.Unmarshal([]byte(text), &line); err != nil || line["severity"] == nil || line["message"] == nil {
			t.Errorf("%v in %s", err, text)
		}
		if line["message"] != "photo failed" {
			continue
		}
		failed++
		if line["key"] != "cut.jpg" || line["batch"] != "r1" || line["generation"] == 0.0 || line["reason"] != "truncated" || line["severity"] != "INFO" ||
			!strings.HasPrefix(fmt.Sprint(line["logging.googleapis.com/trace"]), "projects/"+project+"/traces/") {
			t.Errorf("a photo that failed is logged as %s", text)
		}
	}
	if failed != 1 {
		t.Errorf("%d failures are logged, of 1", failed)
	}
}

// testTraces expects a trace for each message, from the client's receipt to its ack.
func testTraces(t *testing.T, traces *receiver) {
	want := []string{"observed-rerun subscribe", "observed-rerun process", "photo", "look_up", "fetch", "develop", "write", "publish", "record"}
	waitFor(t, func() bool {
		for _, names := range traces.byTrace() {
			all := true
			for _, name := range want {
				all = all && names[name]
			}
			if all {
				return true
			}
		}
		return false
	})
}

// serves returns the address of the nth server that a process has started.
func (p *process) serves(t *testing.T, n int) string {
	t.Helper()
	var found []string
	waitFor(t, func() bool {
		found = nil
		for text := range strings.Lines(p.said.String()) {
			var line struct{ Message, Address string }
			if json.Unmarshal([]byte(text), &line) == nil && line.Message == "serving HTTP" {
				found = append(found, line.Address)
			}
		}
		return len(found) > n
	})
	return found[n]
}

type reply struct {
	status int
	body   string
}

func get(t *testing.T, address, path string) reply {
	t.Helper()
	res, err := http.Get("http://" + address + path)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return reply{res.StatusCode, string(body)}
}

// expectReady waits until a process is ready, or is not because of one part.
func expectReady(t *testing.T, address, broken string) {
	t.Helper()
	var got reply
	t.Cleanup(func() {
		if t.Failed() {
			t.Logf("/readyz said last %+v", got)
		}
	})
	waitFor(t, func() bool {
		got = get(t, address, "/readyz")
		var s struct {
			Ready  bool
			Checks map[string]struct{ Error string }
		}
		if err := json.Unmarshal([]byte(got.body), &s); err != nil {
			t.Fatalf("%v in %s", err, got.body)
		}
		for name, c := range s.Checks {
			if (c.Error != "") != (name == broken) {
				return false
			}
		}
		return s.Ready == (broken == "") && (got.status == 200) == s.Ready
	})
}

// relay leads to a server until it is closed.
type relay struct {
	address, to string
	mu          sync.Mutex
	all         []io.Closer
}

func newRelay(t *testing.T, to string) *relay {
	r := &relay{address: "127.0.0.1:0", to: to}
	r.open(t)
	t.Cleanup(r.close)
	return r
}

func (r *relay) open(t *testing.T) {
	t.Helper()
	l, err := net.Listen("tcp", r.address)
	if err != nil {
		t.Fatal(err)
	}
	r.address = l.Addr().String()
	r.keep(l)
	go func() {
		for {
			near, err := l.Accept()
			if err != nil {
				return
			}
			far, err := net.Dial("tcp", r.to)
			if err != nil {
				near.Close()
				continue
			}
			r.keep(near, far)
			go func() { _, _ = io.Copy(far, near); far.Close() }()
			go func() { _, _ = io.Copy(near, far); near.Close() }()
		}
	}()
}

func (r *relay) keep(c ...io.Closer) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.all = append(r.all, c...)
}

func (r *relay) close() {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, c := range r.all {
		c.Close()
	}
	r.all = nil
}

// receiver takes spans as an OpenTelemetry collector does.
type receiver struct {
	*httptest.Server
	mu    sync.Mutex
	spans map[string]map[string]bool // names, by trace
}

func newReceiver(t *testing.T) *receiver {
	r := &receiver{spans: make(map[string]map[string]bool)}
	r.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, q *http.Request) {
		var got collector.ExportTraceServiceRequest
		body, err := io.ReadAll(q.Body)
		if err == nil {
			err = proto.Unmarshal(body, &got)
		}
		if err != nil || q.URL.Path != "/v1/traces" {
			http.Error(w, fmt.Sprint(err), http.StatusBadRequest)
			return
		}
		r.mu.Lock()
		defer r.mu.Unlock()
		for _, from := range got.ResourceSpans {
			for _, scope := range from.ScopeSpans {
				for _, s := range scope.Spans {
					id := string(s.TraceId)
					if r.spans[id] == nil {
						r.spans[id] = make(map[string]bool)
					}
					r.spans[id][s.Name] = true
				}
			}
		}
	}))
	t.Cleanup(r.Close)
	return r
}

// byTrace returns the names of the spans of each trace.
func (r *receiver) byTrace() []map[string]bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	var all []map[string]bool
	for _, names := range r.spans {
		all = append(all, names)
	}
	return all
}

// variable returns the value of an environment variable; the last one counts.
func variable(env []string, name string) (value string) {
	for _, e := range env {
		if v, ok := strings.CutPrefix(e, name+"="); ok {
			value = v
		}
	}
	return value
}

func rename(t *testing.T, from, to string) {
	t.Helper()
	if err := os.Rename(from, to); err != nil {
		t.Fatal(err)
	}
}

// relink leads a symbolic link elsewhere.
func relink(t *testing.T, to, link string) {
	t.Helper()
	if err := os.Symlink(to, link+".new"); err != nil {
		t.Fatal(err)
	}
	rename(t, link+".new", link)
}

// killChildren kills what a process has started.
func killChildren(t *testing.T, pid int) {
	t.Helper()
	lists, err := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/children", pid))
	if err != nil || len(lists) == 0 {
		t.Fatalf("no list of the children of %d: %v", pid, err)
	}
	for _, list := range lists {
		children, _ := os.ReadFile(list) // the thread may have ended
		for child := range strings.FieldsSeq(string(children)) {
			n, err := strconv.Atoi(child)
			if err == nil {
				err = syscall.Kill(n, syscall.SIGKILL)
			}
			if err != nil {
				t.Fatal(err)
			}
		}
	}
}
