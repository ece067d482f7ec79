// Package deploy holds the manifests of a fleet, and the test of them.
package deploy

import (
	"bytes"
	"errors"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	run "google.golang.org/api/run/v1"
	apps "k8s.io/api/apps/v1"
	batch "k8s.io/api/batch/v1"
	core "k8s.io/api/core/v1"
	policy "k8s.io/api/policy/v1"
	scheduling "k8s.io/api/scheduling/v1"
	kjson "sigs.k8s.io/json"
	"sigs.k8s.io/yaml"
)

// object is what every manifest begins with.
type object struct {
	APIVersion string `json:"apiVersion"`
	Kind       string `json:"kind"`
	Metadata   struct {
		Name string `json:"name"`
	} `json:"metadata"`
}

// kinds are the types that manifests must be, field by field.
var kinds = map[string]func() any{
	"v1 Namespace":                                  func() any { return new(core.Namespace) },
	"v1 ConfigMap":                                  func() any { return new(core.ConfigMap) },
	"v1 ServiceAccount":                             func() any { return new(core.ServiceAccount) },
	"apps/v1 Deployment":                            func() any { return new(apps.Deployment) },
	"batch/v1 CronJob":                              func() any { return new(batch.CronJob) },
	"run.googleapis.com/v1 Job":                     func() any { return new(run.Job) },
	"policy/v1 PodDisruptionBudget":                 func() any { return new(policy.PodDisruptionBudget) },
	"scheduling.k8s.io/v1 PriorityClass":            func() any { return new(scheduling.PriorityClass) },
	"run.googleapis.com/v1 WorkerPool":              func() any { return new(run.WorkerPool) },
	"keda.sh/v1alpha1 TriggerAuthentication":        func() any { return new(triggerAuthentication) },
	"keda.sh/v1alpha1 ScaledObject":                 func() any { return new(scaledObject) },
	"monitoring.googleapis.com/v1 PodMonitoring":    func() any { return new(podMonitoring) },
	"kustomize.config.k8s.io/v1beta1 Kustomization": func() any { return new(kustomization) },
}

// load reads every manifest, and fails on a field that its kind has not.
func load(t *testing.T) map[string]any {
	t.Helper()
	all := make(map[string]any)
	err := fs.WalkDir(os.DirFS("."), ".", func(path string, _ fs.DirEntry, err error) error {
		if err != nil || filepath.Ext(path) != ".yaml" {
			return err
		}
		data, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		for _, doc := range bytes.Split(data, []byte("\n---\n")) {
			var o object
			if err := yaml.Unmarshal(doc, &o); err != nil {
				t.Errorf("%s: %v", path, err)
				continue
			}
			kind := o.APIVersion + " " + o.Kind
			empty, ok := kinds[kind]
			if !ok {
				t.Errorf("%s: this test does not know %s", path, kind)
				continue
			}
			into := empty()
			if err := strict(doc, into); err != nil {
				t.Errorf("%s: %s: %v", path, kind, err)
			}
			all[filepath.Dir(path)+" "+kind+" "+o.Metadata.Name] = into
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// strict decodes a document as Kubernetes does, and refuses fields that are unknown, written in
// another case or there twice.
func strict(doc []byte, into any) error {
	data, err := yaml.YAMLToJSONStrict(doc)
	if err != nil {
		return err
	}
	wrong, err := kjson.UnmarshalStrict(data, into)
	return errors.Join(append(wrong, err)...)
}

// process is a container that runs a verb, of whichever kind its manifest is.
type process struct {
	name  string
	args  []string
	ports []int         // that its probes ask
	kill  time.Duration // after SIGTERM
	cores string
	env   map[string]string // that its arguments name
}

func (p process) verb() string { return p.args[0] }

// flag returns the value of an argument, or "".
func (p process) flag(name string) string {
	for _, a := range p.args {
		if value, ok := strings.CutPrefix(a, "--"+name+"="); ok {
			return value
		}
	}
	return ""
}

// processes lists those of GKE and of Cloud Run.
func processes(t *testing.T) (list []process) {
	t.Helper()
	all := load(t)
	config := all["gke v1 ConfigMap fleet"].(*core.ConfigMap).Data
	for _, o := range all {
		switch o := o.(type) {
		case *apps.Deployment:
			pod := o.Spec.Template.Spec
			c := pod.Containers[0]
			p := process{
				name: "GKE " + o.Name, args: c.Args, cores: c.Resources.Requests.Cpu().String(),
				kill: time.Duration(*pod.TerminationGracePeriodSeconds) * time.Second, env: config,
			}
			for _, probe := range []*core.Probe{c.StartupProbe, c.LivenessProbe, c.ReadinessProbe} {
				i := slices.IndexFunc(c.Ports, func(port core.ContainerPort) bool { return port.Name == probe.HTTPGet.Port.StrVal })
				if i < 0 {
					t.Fatalf("%s: a probe asks the port %s, which the container has not", p.name, &probe.HTTPGet.Port)
				}
				p.ports = append(p.ports, int(c.Ports[i].ContainerPort))
			}
			list = append(list, p)
		case *batch.CronJob:
			c := o.Spec.JobTemplate.Spec.Template.Spec.Containers[0]
			list = append(list, process{name: "GKE " + o.Name, args: c.Args, env: config})
		case *run.Job:
			c := o.Spec.Template.Spec.Template.Spec.Containers[0]
			list = append(list, process{name: "Cloud Run " + o.Metadata.Name, args: c.Args})
		case *run.WorkerPool:
			c := o.Spec.Template.Spec.Containers[0]
			list = append(list, process{
				name: "Cloud Run " + o.Metadata.Name, args: c.Args, cores: c.Resources.Limits["cpu"], kill: 10 * time.Second,
				ports: []int{int(c.StartupProbe.HttpGet.Port), int(c.LivenessProbe.HttpGet.Port)},
			})
		}
	}
	if len(list) != 6 {
		t.Fatalf("%d processes, want a worker, a recorder and a backfill on GKE and on Cloud Run each", len(list))
	}
	return list
}

// help is what `burnish VERB --help` says: the program is its own list of flags.
func help(t *testing.T, verb string) string {
	t.Helper()
	out, err := exec.Command("../../bin/burnish", verb, "--help").Output()
	if errors.Is(err, fs.ErrNotExist) {
		t.Fatalf("%v: run make build first", err)
	}
	if err != nil {
		t.Fatalf("burnish %s --help: %v", verb, err)
	}
	return string(out)
}

var variable = regexp.MustCompile(`\$\(([A-Z]+)\)`)

func TestArguments(t *testing.T) {
	for _, p := range processes(t) {
		text := help(t, p.verb())
		for _, a := range p.args[1:] {
			name, value, ok := strings.Cut(a, "=")
			if p.verb() == "backfill" && !strings.HasPrefix(a, "--") { // source and destination
				name, value, ok = "", a, true
			}
			if !ok || name != "" && !regexp.MustCompile(`(?m)^ +`+name+`[= ]`).MatchString(text) {
				t.Errorf("%s: burnish %s has no %s:\n%s", p.name, p.verb(), a, text)
			}
			for _, v := range variable.FindAllStringSubmatch(value, -1) {
				if p.env[v[1]] == "" {
					t.Errorf("%s: %s is nowhere set", p.name, v[0])
				}
			}
		}
		for _, port := range p.ports {
			if p.flag("http") != ":"+strconv.Itoa(port) {
				t.Errorf("%s: a probe asks port %d, --http says %q", p.name, port, p.flag("http"))
			}
		}
	}
}

// TestWorkersEndInTime leaves the worker time to hand back what did not fit into its grace.
func TestWorkersEndInTime(t *testing.T) {
	for _, p := range processes(t) {
		if p.verb() != "worker" {
			continue
		}
		grace, err := time.ParseDuration(p.flag("grace"))
		if err != nil || grace < 5*time.Second || grace > p.kill-2*time.Second {
			t.Errorf("%s: --grace=%s and SIGKILL after %v: %v", p.name, p.flag("grace"), p.kill, err)
		}
		if p.flag("jobs") != p.cores {
			t.Errorf("%s: --jobs=%s on %s cores", p.name, p.flag("jobs"), p.cores)
		}
	}
}

func TestPodsAreClosed(t *testing.T) {
	for name, o := range load(t) {
		pod, ok := podOf(o)
		if !ok {
			continue
		}
		if s := pod.SecurityContext; s == nil || s.RunAsNonRoot == nil || !*s.RunAsNonRoot || s.SeccompProfile == nil ||
			s.SeccompProfile.Type != core.SeccompProfileTypeRuntimeDefault {
			t.Errorf("%s: not non-root under the default seccomp profile", name)
		} else if user := imageUser(t); s.RunAsUser == nil || *s.RunAsUser != user || s.RunAsGroup == nil || *s.RunAsGroup != user {
			t.Errorf("%s: does not run as the image's user and group, %d", name, user)
		}
		if pod.AutomountServiceAccountToken == nil || *pod.AutomountServiceAccountToken {
			t.Errorf("%s: gets a token for Kubernetes", name)
		}
		for _, c := range pod.Containers {
			s := c.SecurityContext
			if s == nil || s.ReadOnlyRootFilesystem == nil || !*s.ReadOnlyRootFilesystem || s.AllowPrivilegeEscalation == nil ||
				*s.AllowPrivilegeEscalation || s.Capabilities == nil || !slices.Equal(s.Capabilities.Drop, []core.Capability{"ALL"}) {
				t.Errorf("%s: %s can write to its root, gain rights or keeps capabilities", name, c.Name)
			}
			for _, r := range []core.ResourceName{core.ResourceCPU, core.ResourceMemory} {
				if c.Resources.Requests[r] == c.Resources.Limits[core.ResourceStorage] || c.Resources.Limits.Name(r, "").IsZero() {
					t.Errorf("%s: %s has no request and limit of %s", name, c.Name, r)
				}
			}
		}
	}
}

// podOf is what a manifest of GKE says of its pods.
func podOf(o any) (pod core.PodSpec, ok bool) {
	switch o := o.(type) {
	case *apps.Deployment:
		return o.Spec.Template.Spec, true
	case *batch.CronJob:
		return o.Spec.JobTemplate.Spec.Template.Spec, true
	}
	return pod, false
}

// imageUser reads the user out of the Dockerfile.
func imageUser(t *testing.T) int64 {
	t.Helper()
	data, err := os.ReadFile("../../Dockerfile")
	if err != nil {
		t.Fatal(err)
	}
	match := regexp.MustCompile(`(?m)^USER ([0-9]+):([0-9]+)$`).FindSubmatch(data)
	if match == nil || string(match[1]) != string(match[2]) {
		t.Fatal("the Dockerfile sets no USER id:id")
	}
	id, err := strconv.ParseInt(string(match[1]), 10, 64)
	if err != nil {
		t.Fatal(err)
	}
	return id
}

// TestNamesLeadSomewhere follows what one manifest says of another.
func TestNamesLeadSomewhere(t *testing.T) {
	all := load(t)
	for name, o := range all {
		var wants []string
		if pod, ok := podOf(o); ok {
			wants = []string{
				"gke v1 ServiceAccount " + pod.ServiceAccountName,
				"gke scheduling.k8s.io/v1 PriorityClass " + pod.PriorityClassName,
			}
			for _, from := range pod.Containers[0].EnvFrom {
				wants = append(wants, "gke v1 ConfigMap "+from.ConfigMapRef.Name)
			}
		}
		switch o := o.(type) {
		case *apps.Deployment:
			wants = append(wants, "gke policy/v1 PodDisruptionBudget "+o.Name)
			if !selects(o.Spec.Selector.MatchLabels, o.Spec.Template.Labels) {
				t.Errorf("%s does not select its own pods", name)
			}
		case *scaledObject:
			wants = []string{"gke apps/v1 Deployment " + o.Spec.ScaleTargetRef.Name}
			for _, trigger := range o.Spec.Triggers {
				wants = append(wants, "gke keda.sh/v1alpha1 TriggerAuthentication "+trigger.AuthenticationRef.Name)
			}
		case *kustomization:
			for _, file := range o.Resources {
				if _, err := os.Stat(filepath.Join("gke", file)); err != nil {
					t.Error(err)
				}
			}
		}
		for _, want := range wants {
			if all[want] == nil {
				t.Errorf("%s names %s, which is not there", name, want)
			}
		}
	}
	fleet := all["gke v1 ConfigMap fleet"].(*core.ConfigMap).Data
	trigger := all["gke keda.sh/v1alpha1 ScaledObject worker"].(*scaledObject).Spec.Triggers[0].Metadata
	if !strings.Contains(trigger["serverAddress"], "/projects/"+fleet["PROJECT"]+"/") || !strings.Contains(trigger["query"], `"`+fleet["NAME"]+`-(`) {
		t.Errorf("the scaling looks elsewhere than the fleet is: %v", trigger)
	}
}

// TestNightsNeverOverlap holds the nightly backfill to what it promises at the door; the lease in
// the destination does the rest.
func TestNightsNeverOverlap(t *testing.T) {
	all := load(t)
	cron := all["gke batch/v1 CronJob backfill"].(*batch.CronJob)
	job := cron.Spec.JobTemplate.Spec
	if cron.Spec.ConcurrencyPolicy != batch.ForbidConcurrent || job.Template.Spec.RestartPolicy != core.RestartPolicyNever {
		t.Errorf("concurrency %s, restarts %s", cron.Spec.ConcurrencyPolicy, job.Template.Spec.RestartPolicy)
	}
	rule := job.PodFailurePolicy.Rules[0]
	if rule.Action != batch.PodFailurePolicyActionFailJob || *rule.OnExitCodes.ContainerName != job.Template.Spec.Containers[0].Name {
		t.Errorf("failed photos are tried over and over: %+v", rule)
	}
	if spec := all["cloudrun run.googleapis.com/v1 Job burnish-backfill"].(*run.Job).Spec.Template.Spec; spec.TaskCount != 1 || spec.Parallelism != 1 {
		t.Errorf("%d tasks, %d at once", spec.TaskCount, spec.Parallelism)
	}
}

func selects(selector, labels map[string]string) bool {
	for k, v := range selector {
		if labels[k] != v {
			return false
		}
	}
	return len(selector) > 0
}
