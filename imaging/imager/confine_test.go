//go:build linux

package imager

import (
	"fmt"
	"os"
	"os/exec"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
)

// A process may have been started under a limit, as by ulimit -v. Raising it is forbidden, and
// would be wrong where it is not.
func TestStricterLimitsStay(t *testing.T) {
	const wanted = 2 << 30
	for _, test := range []struct {
		name      string
		old, want unix.Rlimit
	}{
		{"none", unix.Rlimit{Cur: unix.RLIM_INFINITY, Max: unix.RLIM_INFINITY}, unix.Rlimit{Cur: wanted, Max: wanted}},
		{"wider", unix.Rlimit{Cur: 3 << 30, Max: 3 << 30}, unix.Rlimit{Cur: wanted, Max: wanted}},
		{"stricter", unix.Rlimit{Cur: 1 << 30, Max: 1 << 30}, unix.Rlimit{Cur: 1 << 30, Max: 1 << 30}},
		{"stricter, but only soft", unix.Rlimit{Cur: 1 << 30, Max: 3 << 30}, unix.Rlimit{Cur: 1 << 30, Max: wanted}},
	} {
		t.Run(test.name, func(t *testing.T) {
			waiting := exec.Command("/bin/cat")
			in, err := waiting.StdinPipe()
			if err != nil {
				t.Fatal(err)
			}
			if err := waiting.Start(); err != nil {
				t.Fatal(err)
			}
			defer func() {
				in.Close()
				_ = waiting.Wait() // it ends with its input
			}()
			pid := waiting.Process.Pid
			if err := unix.Prlimit(pid, unix.RLIMIT_AS, &test.old, nil); err != nil {
				t.Fatal(err)
			}
			if err := confine(pid, wanted); err != nil {
				t.Fatal(err)
			}
			var got unix.Rlimit
			if err := unix.Prlimit(pid, unix.RLIMIT_AS, nil, &got); err != nil {
				t.Fatal(err)
			}
			if got != test.want {
				t.Errorf("limit is %+v, want %+v", got, test.want)
			}
		})
	}
}

func TestKernelEndsChildFirst(t *testing.T) {
	p := pool(t, Options{Slots: 1})
	res, err := p.Process(t.Context(), photo("echo"))
	if err != nil {
		t.Fatal(err)
	}
	score, err := os.ReadFile(fmt.Sprintf("/proc/%s/oom_score_adj", res.Source.Profile))
	if err != nil || strings.TrimSpace(string(score)) != "1000" {
		t.Errorf("adjusted by %s, %v", score, err)
	}
}
