//go:build unix

package main

import (
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"slices"
	"strconv"

	"cloud.google.com/go/pubsub/v2/apiv1/pubsubpb"

	"burnish/queue"
	"burnish/scripts/faults/catalogue"
	"burnish/scripts/faults/check"
	"burnish/worker/store"
)

// feed uploads photos and asks for them: all that people and other programs do to a catalogue
// while a fleet works on it.
type feed struct {
	*services
	rand   *rand.Rand
	camera *catalogue.Camera
	photos []*photo
	asked  []message // so far
	sweeps int       // batches so far
	sweep  []int     // photos that the current batch has not asked for yet

	evidence *check.Evidence
}

// photo is one key of the catalogue and its newest generation.
type photo struct {
	key        queue.Key
	kind       check.Kind
	data       []byte // of the newest generation; nil when it was deleted
	before     []byte // of the one before, if that was good
	generation int64
	earlier    int64 // a generation that is not the newest; 0 if there was none
}

// message is a job as it was sent.
type message struct {
	job     check.Job
	content *pubsubpb.PubsubMessage
}

func newFeed(s *services) (*feed, error) {
	f := &feed{services: s, rand: rand.New(rand.NewPCG(s.seed, 1)), evidence: &check.Evidence{
		Photos: make(map[queue.Key][]check.Content),
		Gone:   make(map[queue.Key]bool),
		Absent: make(map[queue.Key]bool),
	}}
	var err error
	if f.camera, err = catalogue.NewCamera("testdata/photos", f.rand); err != nil {
		return nil, err
	}
	for i := range s.options.photos {
		key := fmt.Sprintf("shelf %d/photo#%03d ü.jpg", i%7, i)
		if i%40 == 39 {
			key = fmt.Sprintf("shelf %d/note %03d.txt", i%7, i)
		}
		f.photos = append(f.photos, &photo{key: queue.Key(key)})
	}
	return f, nil
}

// begin uploads every photo once.
func (f *feed) begin(ctx context.Context) error {
	for _, p := range f.photos {
		if err := f.upload(ctx, p); err != nil {
			return err
		}
	}
	return nil
}

// step does one thing to the catalogue.
func (f *feed) step(ctx context.Context) error {
	p := f.photos[f.rand.IntN(len(f.photos))]
	n := f.rand.IntN(100)
	for _, a := range []struct {
		odds int // in hundredths
		do   func(context.Context, *photo) error
	}{
		{40, f.upload},
		{4, f.touch},
		{4, f.revert},
		{3, f.remove},
		{28, f.ask},
		{12, f.repeat},
		{4, f.tellLate},
		{2, f.tellOther},
		{3, f.babble},
	} {
		if n < a.odds {
			return a.do(ctx, p)
		}
		n -= a.odds
	}
	return nil
}

// kind draws what a new generation of a photo is.
func (f *feed) kind(p *photo) check.Kind {
	if p.key[len(p.key)-4:] == ".txt" {
		return check.NotAPhoto
	}
	switch n := f.rand.IntN(200); {
	case n < 4:
		return check.Corrupt
	case n < 8:
		return check.Truncated
	case n < 10:
		return check.Unsupported
	case n < 14:
		return check.Crashes
	case n < 15: // each delivery of which takes two deadlines
		return check.Hangs
	}
	return check.Good
}

// upload puts a new generation of a photo in place.
func (f *feed) upload(ctx context.Context, p *photo) error {
	kind := f.kind(p)
	return f.put(ctx, p, kind, f.camera.Take(kind))
}

// touch uploads the same bytes again.
func (f *feed) touch(ctx context.Context, p *photo) error {
	if p.data == nil {
		return f.upload(ctx, p)
	}
	return f.put(ctx, p, p.kind, p.data)
}

// revert uploads the bytes again that were there before.
func (f *feed) revert(ctx context.Context, p *photo) error {
	if p.before == nil {
		return f.upload(ctx, p)
	}
	return f.put(ctx, p, check.Good, p.before)
}

// put writes a photo and has it told to the fleet, now and then twice.
func (f *feed) put(ctx context.Context, p *photo, kind check.Kind, data []byte) error {
	a, err := f.source.Write(ctx, string(p.key), data, store.WriteOptions{If: store.Any})
	if err != nil {
		return err
	}
	p.before = nil
	if p.kind == check.Good {
		p.before = p.data
	}
	p.kind, p.data, p.earlier, p.generation = kind, data, p.generation, a.Generation
	f.evidence.Photos[p.key] = append(f.evidence.Photos[p.key], check.Content{Generation: a.Generation, Kind: kind})
	delete(f.evidence.Absent, p.key)
	m := f.notification("OBJECT_FINALIZE", p, a.Generation)
	for range 1 + f.rand.IntN(10)/9 {
		if err := f.send(ctx, m); err != nil {
			return err
		}
	}
	return nil
}

// notification is what Cloud Storage says of an object.
func (f *feed) notification(event string, p *photo, generation int64) message {
	m := &pubsubpb.PubsubMessage{Data: []byte("{}"), Attributes: map[string]string{
		"eventType": event, "bucketId": photos, "objectId": string(p.key), "objectGeneration": strconv.FormatInt(generation, 10),
		"payloadFormat": "JSON_API_V1",
	}}
	job := check.Job{Job: queue.Job{Key: p.key, Generation: generation}, Lane: queue.Upload, Since: p.generation}
	return message{job, m}
}

// send publishes a job.
func (f *feed) send(ctx context.Context, m message) error {
	id, err := f.publish(ctx, string(m.job.Lane), m.content)
	if err != nil {
		return err
	}
	m.job.ID = id
	f.evidence.Jobs = append(f.evidence.Jobs, m.job)
	f.asked = append(f.asked, m)
	return nil
}

// remove deletes a photo. Whoever asks for it will not find it.
func (f *feed) remove(ctx context.Context, p *photo) error {
	if p.data == nil {
		return nil
	}
	f.evidence.Gone[p.key], f.evidence.Absent[p.key] = true, true // before a worker can miss it
	if err := f.source.Delete(ctx, string(p.key), store.Any); err != nil {
		return err
	}
	deleted := f.notification("OBJECT_DELETE", p, p.generation)
	p.data, p.before, p.earlier, p.generation = nil, nil, p.generation, 0
	_, err := f.publish(ctx, string(queue.Upload), deleted.content) // no job
	return err
}

// ask asks for a photo in a batch, which asks for each only once.
func (f *feed) ask(ctx context.Context, _ *photo) error {
	if len(f.sweep) == 0 {
		f.sweeps++
		f.sweep = f.rand.Perm(len(f.photos))
	}
	p := f.photos[f.sweep[0]]
	f.sweep = f.sweep[1:]
	job := check.Job{Lane: queue.Backfill, Since: p.generation, Job: queue.Job{Key: p.key, Batch: fmt.Sprintf("sweep-%d", f.sweeps)}}
	if f.sweeps%2 == 0 {
		job.Lane = queue.Rerun
	}
	if f.rand.IntN(2) == 0 {
		job.Generation = p.generation
	}
	return f.askFor(ctx, job)
}

func (f *feed) askFor(ctx context.Context, job check.Job) error {
	data, err := json.Marshal(job.Job)
	if err != nil {
		return err
	}
	return f.send(ctx, message{job, &pubsubpb.PubsubMessage{Data: data}})
}

// repeat sends a message again, on its lane or on another.
func (f *feed) repeat(ctx context.Context, _ *photo) error {
	if len(f.asked) == 0 {
		return nil
	}
	m := f.asked[len(f.asked)-1-f.rand.IntN(min(len(f.asked), 200))]
	m.job.Lane = queue.Lanes[f.rand.IntN(len(queue.Lanes))]
	return f.send(ctx, m)
}

// tellLate tells of a generation that is not the newest any more.
func (f *feed) tellLate(ctx context.Context, p *photo) error {
	if p.earlier == 0 {
		return nil
	}
	return f.send(ctx, f.notification("OBJECT_FINALIZE", p, p.earlier))
}

// tellOther tells of something that is none of Burnish's business.
func (f *feed) tellOther(ctx context.Context, p *photo) error {
	m := f.notification("OBJECT_METADATA_UPDATE", p, max(p.generation, 1))
	_, err := f.publish(ctx, string(queue.Upload), m.content)
	return err
}

// babble sends what is neither job nor outcome.
func (f *feed) babble(ctx context.Context, _ *photo) error {
	topic := []string{"upload", "rerun", "backfill", "outcomes"}[f.rand.IntN(4)]
	id, err := f.publish(ctx, topic, &pubsubpb.PubsubMessage{Data: fmt.Appendf(nil, "babble %d", f.rand.Uint32())})
	if err == nil {
		f.evidence.Malformed = append(f.evidence.Malformed, queue.Key(fmt.Sprintf("message %s of %s", id, topic)))
	}
	return err
}

// mend asks again for the good photos that are not published, as an operator does who looks at
// the failures, and returns how many those are.
func (f *feed) mend(ctx context.Context, published map[queue.Key]check.Manifest) (int, error) {
	n := 0
	for _, p := range f.photos {
		if p.data == nil || p.kind != check.Good || published[p.key].Source == p.generation {
			continue
		}
		n++
		err := f.askFor(ctx, check.Job{Lane: queue.Rerun, Since: p.generation, Job: queue.Job{Key: p.key, Batch: "mend"}})
		if err != nil {
			return n, err
		}
	}
	return n, nil
}

// finals are the photos that are there in the end.
func (f *feed) finals() []*photo {
	return slices.DeleteFunc(slices.Clone(f.photos), func(p *photo) bool { return p.data == nil })
}
