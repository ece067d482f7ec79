package setup

import (
	"strings"
	"testing"
	"testing/fstest"
)

func TestCapacity(t *testing.T) {
	const mib, gib = 1 << 20, 1 << 30
	files := func(pairs ...string) fstest.MapFS {
		root := fstest.MapFS{"proc/meminfo": {Data: []byte("MemTotal:       16777216 kB\nMemFree: 1 kB\n")}}
		for i := 0; i < len(pairs); i += 2 {
			root[pairs[i]] = &fstest.MapFile{Data: []byte(pairs[i+1] + "\n")}
		}
		return root
	}
	v2 := func(limit string) fstest.MapFS {
		return files("proc/self/cgroup", "0::/", "sys/fs/cgroup/memory.max", limit)
	}
	for _, test := range []struct {
		name   string
		root   fstest.MapFS
		jobs   int
		memory int64
		slots  int
		bytes  int64
		says   string
	}{
		{"machine", files(), 0, 0, 4, 14 * gib, ""},
		{"pod", v2("2147483648"), 0, 0, 4, 2*gib - 384*mib, ""},
		{"pod without a limit", v2("max"), 0, 0, 4, 14 * gib, ""},
		{"small pod", v2("1073741824"), 0, 0, 2, 640 * mib, ""},
		{"smallest pod", v2("268435456"), 0, 0, 1, 256 * mib, ""},
		{"limit of a group above", files("proc/self/cgroup", "0::/a/b", "sys/fs/cgroup/a/b/memory.max", "max", "sys/fs/cgroup/a/memory.max", "4294967296"), 0, 0, 4, 4*gib - 512*mib, ""},
		{"version 1", files("proc/self/cgroup", "5:cpu:/\n4:memory:/x\n0::/", "sys/fs/cgroup/memory/x/memory.limit_in_bytes", "4294967296"), 2, 0, 2, 4*gib - 512*mib, ""},
		{"version 1 without a limit", files("proc/self/cgroup", "4:memory:/", "sys/fs/cgroup/memory/memory.limit_in_bytes", "9223372036854771712"), 2, 0, 2, 14 * gib, ""},
		{"version 1 by the host's path", files("proc/self/cgroup", "4:memory:/kubepods/x", "sys/fs/cgroup/memory/memory.limit_in_bytes", "4294967296"), 2, 0, 2, 4*gib - 512*mib, ""},
		{"unknown", fstest.MapFS{}, 0, 0, 4, 0, ""},
		{"given", v2("2147483648"), 3, 8 * gib, 3, 8 * gib, ""},
		{"given, few", files(), 0, 700 * mib, 2, 700 * mib, ""},
		{"too many jobs", v2("2147483648"), 8, 0, 0, 0, "1664 MiB of memory is not enough for 8 jobs, which take 256 MiB each at least"},
		{"too little", files(), 0, 100 * mib, 0, 0, "100 MiB of memory is not enough for 1 jobs"},
	} {
		t.Run(test.name, func(t *testing.T) {
			slots, bytes, err := capacity(test.root, 4, test.jobs, test.memory)
			if test.says != "" {
				if err == nil || !strings.Contains(err.Error(), test.says) {
					t.Errorf("error %v, want one that says %q", err, test.says)
				}
			} else if err != nil {
				t.Fatal(err)
			}
			if slots != test.slots || bytes != test.bytes {
				t.Errorf("%d slots, %d MiB; want %d, %d", slots, bytes>>20, test.slots, test.bytes>>20)
			}
		})
	}
}
