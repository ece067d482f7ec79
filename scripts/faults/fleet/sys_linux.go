package fleet

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
)

// attributes let a process end with this one, and not by a Ctrl-C that is meant for it.
func attributes() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
}

// children lists the processes that a process has started. Any thread may have.
func children(pid int) []int {
	lists, _ := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/children", pid))
	var all []int
	for _, list := range lists {
		data, _ := os.ReadFile(list) // gone in the meantime
		for word := range strings.FieldsSeq(string(data)) {
			if child, err := strconv.Atoi(word); err == nil {
				all = append(all, child)
			}
		}
	}
	return all
}

// running lists the processes that run a program.
func running(program string) []int {
	links, _ := filepath.Glob("/proc/[0-9]*/exe")
	var all []int
	for _, link := range links {
		exe, err := os.Readlink(link)
		if err != nil || exe != program {
			continue
		}
		if pid, err := strconv.Atoi(filepath.Base(filepath.Dir(link))); err == nil {
			all = append(all, pid)
		}
	}
	return all
}
