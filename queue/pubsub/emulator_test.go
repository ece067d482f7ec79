//go:build emulator

package pubsub

import (
	"context"
	"fmt"
	"net"
	"os"
	"os/exec"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	gcp "cloud.google.com/go/pubsub/v2"

	"burnish/queue"
	"burnish/queue/queuetest"
)

// TestMain runs the tests against the official emulator: the one that PUBSUB_EMULATOR_HOST
// names, or one of their own.
func TestMain(m *testing.M) {
	if os.Getenv("PUBSUB_EMULATOR_HOST") != "" {
		os.Exit(m.Run())
	}
	stop, err := startEmulator()
	if err != nil {
		fmt.Fprintln(os.Stderr, "the Pub/Sub emulator:", err)
		fmt.Fprintln(os.Stderr, "install it with: gcloud components install pubsub-emulator, or set PUBSUB_EMULATOR_HOST")
		os.Exit(1)
	}
	code := m.Run()
	stop()
	os.Exit(code)
}

func startEmulator() (stop func(), err error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	address := l.Addr().String()
	l.Close()
	data, err := os.MkdirTemp("", "pubsub-emulator-")
	if err != nil {
		return nil, err
	}
	c := exec.Command("gcloud", "beta", "emulators", "pubsub", "start", "--host-port="+address, "--data-dir="+data)
	c.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} // gcloud has children
	if err := c.Start(); err != nil {
		return nil, err
	}
	stop = func() {
		syscall.Kill(-c.Process.Pid, syscall.SIGKILL)
		c.Wait()
		os.RemoveAll(data)
	}
	for range 600 {
		time.Sleep(100 * time.Millisecond)
		if conn, err := net.Dial("tcp", address); err == nil {
			conn.Close()
			os.Setenv("PUBSUB_EMULATOR_HOST", address)
			return stop, nil
		}
	}
	stop()
	return nil, fmt.Errorf("it does not listen on %s", address)
}

var queues atomic.Int32

// open sets up a queue that nobody else has.
func open(t *testing.T, opts Options, attempts int) *Queue {
	t.Helper()
	ctx := context.Background()
	client, err := gcp.NewClient(ctx, "test")
	if err != nil {
		t.Fatal(err)
	}
	name := fmt.Sprintf("t%d-%d", os.Getpid(), queues.Add(1))
	for range 2 { // once more changes nothing
		if err := Setup(ctx, client, name, attempts); err != nil {
			t.Fatal(err)
		}
	}
	q := New(client, name, opts)
	t.Cleanup(func() {
		q.Close()
		client.Close()
	})
	return q
}

// deadLetters counts what arrives on the dead-letter subscriptions.
func deadLetters(t *testing.T, q *Queue) func() int {
	t.Helper()
	var n atomic.Int32
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error)
	for _, lane := range queue.Lanes {
		go func() {
			sub := q.client.Subscriber(resource(q.name, lane) + "-dead")
			done <- sub.Receive(ctx, func(_ context.Context, m *gcp.Message) {
				n.Add(1)
				m.Ack()
			})
		}()
	}
	t.Cleanup(func() {
		cancel()
		for range queue.Lanes {
			if err := <-done; err != nil {
				t.Error(err)
			}
		}
	})
	return func() int { return int(n.Load()) }
}

func TestQueue(t *testing.T) {
	queuetest.Run(t, queuetest.Env{
		Open: func(t *testing.T, c queuetest.Config) queuetest.Queue {
			q := open(t, Options{Slots: c.Slots}, c.Attempts)
			return queuetest.Queue{Publisher: q, Subscriber: q, Dead: deadLetters(t, q)}
		},
		Patience: 2 * time.Minute,
	})
}
