package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"strings"
	"time"

	"cloud.google.com/go/storage"
	"golang.org/x/sync/errgroup"
	"google.golang.org/api/option"

	"burnish/worker/store"
	"burnish/worker/store/bucket"
)

// page is how many objects the service lists at a time.
const page = 1000

// serve answers listings as Cloud Storage does: /b/photos/o and /b/variants/o.
func serve(keys int) error {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	server := &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		list(w, r, catalogue{n: keys, published: strings.Contains(r.URL.Path, "/b/variants/")})
	})}
	fmt.Println(listener.Addr())
	go func() {
		_, _ = io.Copy(io.Discard, os.Stdin)
		_ = server.Close()
	}()
	if err := server.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return nil
}

// list writes one page. The token of the next is the name that it begins with.
func list(w http.ResponseWriter, r *http.Request, c catalogue) {
	q := r.URL.Query()
	rng := store.Range{Prefix: q.Get("prefix"), From: max(q.Get("startOffset"), q.Get("pageToken")), To: q.Get("endOffset")}
	b := []byte(`{"kind":"storage#objects","items":[`)
	n, next := 0, ""
	for a := range c.List(r.Context(), rng) {
		if n == page {
			next = a.Name
			break
		}
		if n > 0 {
			b = append(b, ',')
		}
		n++
		b = fmt.Appendf(b, `{"name":%q,"size":"%d","generation":"%d","updated":"2026-11-27T10:00:00.000Z"`, a.Name, a.Size, a.Generation)
		if a.Metadata != nil {
			b = fmt.Appendf(b, `,"metadata":{"generation":%q,"fingerprint":%q}`, a.Metadata["generation"], a.Metadata["fingerprint"])
		}
		b = append(b, '}')
	}
	b = append(b, ']')
	if next != "" {
		b = fmt.Appendf(b, `,"nextPageToken":%q`, next)
	}
	w.Header().Set("Content-Type", "application/json")
	_, _ = w.Write(append(b, '}'))
}

// overService walks a catalogue that a server lists, and lists it without comparing, in as many
// streams.
func overService(address string, keys, ranges int) error {
	ctx := context.Background()
	client, err := storage.NewClient(ctx, option.WithEndpoint("http://"+address+"/storage/v1/"), option.WithoutAuthentication())
	if err != nil {
		return err
	}
	defer client.Close()
	src, err := bucket.Open(client, "gs://photos", bucket.Options{})
	if err != nil {
		return err
	}
	dst, err := bucket.Open(client, "gs://variants", bucket.Options{})
	if err != nil {
		return err
	}
	began, cpu := time.Now(), cpuSeconds()
	if err := listAlone(ctx, keys, ranges, src, dst); err != nil {
		return err
	}
	seconds, used := time.Since(began).Seconds(), cpuSeconds()-cpu
	f, err := walk(src, dst, keys, ranges)
	if err != nil {
		return err
	}
	f.ListSeconds, f.ListCPU = seconds, used
	return json.NewEncoder(os.Stdout).Encode(f)
}

// listAlone lists both buckets in equal ranges, which it knows without looking: the most that
// the client gives.
func listAlone(ctx context.Context, keys, ranges int, src, dst store.Store) error {
	g, ctx := errgroup.WithContext(ctx)
	for k := range ranges {
		g.Go(func() error {
			for _, side := range []struct {
				st store.Store
				c  catalogue
			}{{src, catalogue{n: keys}}, {dst, catalogue{n: keys, published: true}}} {
				r := store.Range{From: side.c.name(k * keys / ranges), To: side.c.name((k + 1) * keys / ranges)}
				for _, err := range side.st.List(ctx, r) {
					if err != nil {
						return err
					}
				}
			}
			return nil
		})
	}
	return g.Wait()
}
