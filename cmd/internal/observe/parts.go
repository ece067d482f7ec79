package observe

import (
	"context"
	"strings"

	"go.opentelemetry.io/otel/attribute"

	"burnish/imaging"
	"burnish/worker"
	"burnish/worker/store"
)

// source observes what is read of photos.
type source struct {
	store.Store
	worker *Worker
}

// Read implements store.Store.
func (s source) Read(ctx context.Context, name string, opts store.ReadOptions) ([]byte, store.Attrs, error) {
	ctx, end := s.worker.stage(ctx, "fetch")
	data, attrs, err := s.Store.Read(ctx, name, opts)
	s.worker.metrics.trouble(s.worker.metrics.source, err)
	end(err)
	return data, attrs, err
}

// destination observes what is read and written of manifests and variants.
type destination struct {
	store.Store
	worker *Worker
}

// Read implements store.Store. That there is no manifest yet is no error.
func (d destination) Read(ctx context.Context, name string, opts store.ReadOptions) ([]byte, store.Attrs, error) {
	ctx, end := d.worker.stage(ctx, "look_up")
	data, attrs, err := d.Store.Read(ctx, name, opts)
	end(d.worker.metrics.trouble(d.worker.metrics.dest, err))
	return data, attrs, err
}

// Write implements store.Store. A lost condition is what a worker expects of others.
func (d destination) Write(ctx context.Context, name string, data []byte, opts store.WriteOptions) (store.Attrs, error) {
	what := "write"
	if strings.HasPrefix(name, worker.ManifestPrefix) {
		what = "publish"
	}
	ctx, end := d.worker.stage(ctx, what, attribute.Int("burnish.bytes", len(data)), attribute.String("burnish.type", opts.ContentType))
	attrs, err := d.Store.Write(ctx, name, data, opts)
	end(d.worker.metrics.trouble(d.worker.metrics.dest, err))
	return attrs, err
}

// engine observes how photos are developed.
type engine struct {
	worker.Imager
	worker *Worker
}

// Process implements worker.Imager.
func (e engine) Process(ctx context.Context, req imaging.Request) (imaging.Result, error) {
	ctx, end := e.worker.stage(ctx, "develop", attribute.Int("burnish.bytes", len(req.Source)))
	res, err := e.Imager.Process(ctx, req)
	end(err)
	if err == nil {
		e.worker.metrics.developed(res)
	}
	return res, err
}
