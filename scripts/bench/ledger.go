package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"syscall"
	"time"
)

// The targets of the ledger part, for 200 million outcomes.
const (
	targetStatus       = 2   // seconds
	targetFailures     = 10  // seconds, of one reason
	targetLedgerMemory = 300 // MB
)

// ledgered is what one run of the ledger program took.
type ledgered struct {
	Batch    string  `json:"batch"`
	Objects  int     `json:"objects"`
	Plain    float64 `json:"plain"`
	Digest   float64 `json:"digest"`
	Digests  int     `json:"digests"`
	Status   float64 `json:"status"`
	Failures []struct {
		Reason  string  `json:"reason"`
		Found   int     `json:"found"`
		Seconds float64 `json:"seconds"`
	} `json:"failures"`
}

// ledger is part g: how long operators wait for an answer about so many outcomes.
func (b *bench) ledger() error {
	memory, err := b.ledgerOnce()
	if err != nil {
		return err
	}
	progress("ledger: in memory: %d segments, %d digests in %.0f s", memory.Objects, memory.Digests, memory.Digest)
	dir := filepath.Join(b.cache, "ledger-store")
	if err := os.RemoveAll(dir); err != nil {
		return err
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	folder, err := b.ledgerOnce("-dir", dir)
	if err != nil {
		return err
	}
	progress("ledger: in a folder: %d segments, %d digests in %.0f s", folder.Objects, folder.Digests, folder.Digest)
	t := b.report.table("ledger", fmt.Sprintf("Reading a ledger of %d outcomes in %d segments", b.outcomes, memory.Objects),
		"seconds; each program is a process of its own")
	for where, l := range map[string]ledgered{"memory": memory, "a folder": folder} {
		t.spread("counts from segments alone, in "+where, "s", one(l.Plain))
		t.target("counts from "+strconv.Itoa(l.Digests)+" digests, in "+where, one(l.Status), atMost(targetStatus))
		t.spread("making the digests, in "+where, "s", one(l.Digest))
		for _, f := range l.Failures {
			t.target(fmt.Sprintf("%d failures of %s, in %s", f.Found, f.Reason, where), one(f.Seconds), atMost(targetFailures))
		}
	}
	return b.ledgerVerbs(t, dir, folder)
}

// ledgerVerbs runs burnish itself on the folder.
func (b *bench) ledgerVerbs(t *table, dir string, l ledgered) error {
	v, err := b.verb("status", dir, l.Batch)
	if err != nil {
		return err
	}
	t.target("burnish status", one(v.seconds), atMost(targetStatus))
	for _, f := range l.Failures {
		v, err := b.verb("failures", dir, l.Batch, "--reason", f.Reason)
		if err != nil {
			return err
		}
		t.target(fmt.Sprintf("burnish failures --reason %s: %d", f.Reason, f.Found), one(v.seconds), atMost(targetFailures))
		t.spread("  CPU", "s", one(v.cpu))
		t.target("  greatest resident memory, MB", one(v.peak), atMost(targetLedgerMemory))
	}
	return nil
}

func one(v float64) spread { return spreadOf([]float64{v}) }

// answered is what an answer of burnish took.
type answered struct {
	seconds, cpu float64
	peak         float64 // MB resident
}

// verb runs burnish, whose output goes nowhere.
func (b *bench) verb(args ...string) (v answered, err error) {
	var said bytes.Buffer
	cmd := exec.Command(filepath.Join(b.bin, "burnish"), args...)
	cmd.Stderr = &said
	began := time.Now()
	if err := cmd.Run(); err != nil {
		return v, fmt.Errorf("%s: %w\n%s", cmd, err, said.Bytes())
	}
	v.seconds = time.Since(began).Seconds()
	v.cpu = (cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime()).Seconds()
	if u, ok := cmd.ProcessState.SysUsage().(*syscall.Rusage); ok {
		v.peak = float64(u.Maxrss) * 1024 / 1e6 // Linux counts in KiB
	}
	return v, nil
}

func (b *bench) ledgerOnce(args ...string) (l ledgered, err error) {
	var said bytes.Buffer
	cmd := exec.Command(b.ledgerer, append([]string{"-outcomes", strconv.Itoa(b.outcomes)}, args...)...)
	cmd.Stderr = &said
	out, err := cmd.Output()
	if err != nil {
		return l, fmt.Errorf("%s: %w\n%s", cmd, err, said.Bytes())
	}
	return l, json.Unmarshal(out, &l)
}
