package store

import (
	"context"
	"errors"
	"fmt"
	"hash/maphash"
	"io/fs"
	"os"
	"path"
	"strconv"
	"syscall"
	"time"
)

var seed = maphash.MakeSeed()

// Write stores a file so that whoever opens it, at any moment and after a power cut, finds
// the old bytes or the new ones:
//
//   - the bytes and their metadata go to a temporary file, which is synced to the disk;
//   - the folders of all earlier writes that were a Part are synced, unless this one is too,
//     so that what is found through this object is there whenever this object is;
//   - under a lock, the condition is checked and the file takes its name;
//   - its folder is synced, or noted as still to be if this write is a Part.
//
// A sync takes from half a millisecond (flash) to twenty (a disk that turns), and Linux
// commits those that wait at the same time together: writing the parts of one object
// concurrently costs little more than writing one of them.
func (d *Directory) Write(ctx context.Context, name string, data []byte, opts WriteOptions) (Attrs, error) {
	if err := d.changeable(name); err != nil {
		return Attrs{}, err
	}
	// Checked again under the lock; here it saves writing the file in vain.
	if err := d.meets(name, opts.If); err != nil {
		return Attrs{}, err
	}
	f, temp, err := d.stage(ctx, name, data, opts.Metadata)
	if err != nil {
		return Attrs{}, err
	}
	defer f.Close()
	if !opts.Part {
		err = d.flush()
	}
	if err == nil {
		err = d.publish(temp, name, opts.If)
	}
	if err != nil {
		d.temp.Remove(temp)
		return Attrs{}, err
	}
	if !opts.Part {
		if err := d.flush(); err != nil {
			return Attrs{}, err
		}
	}
	info, err := f.Stat() // after the rename, which moved the change time
	if err != nil {
		return Attrs{}, d.fault(name, err)
	}
	a := attrs(name, info)
	a.Metadata = opts.Metadata
	return a, nil
}

// changeable reports why an object may not be written or deleted.
func (d *Directory) changeable(name string) error {
	if d.temp == nil {
		return fmt.Errorf("%s: %w: the folder is open for reading only", d.show(name), ErrDenied)
	}
	if err := check(name); err != nil {
		return fmt.Errorf("%s: %w", show(name), err)
	}
	if d.leftOut(name) {
		return fmt.Errorf("%s: %w: Burnish keeps something else there", d.show(name), ErrName)
	}
	return nil
}

// stage writes a temporary file and syncs it. It returns the open file and its name.
func (d *Directory) stage(ctx context.Context, name string, data []byte, m map[string]string) (f *os.File, temp string, err error) {
	temp = strconv.FormatUint(d.names.Add(1), 36)
	f, err = d.temp.OpenFile(temp, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o666)
	if err != nil {
		return nil, "", d.fault(name, err)
	}
	if err = d.fill(ctx, f, data); err == nil {
		now := d.tick()
		err = d.temp.Chtimes(temp, now, now)
	}
	if err == nil {
		err = setMetadata(f, m)
	}
	if err == nil {
		err = f.Sync()
	}
	if err != nil {
		f.Close()
		d.temp.Remove(temp)
		if ctx.Err() != nil {
			return nil, "", err
		}
		return nil, "", d.fault(name, err)
	}
	return f, temp, nil
}

func (d *Directory) fill(ctx context.Context, f *os.File, data []byte) error {
	for len(data) > 0 {
		if err := ctx.Err(); err != nil {
			return err
		}
		n, err := f.Write(data[:min(len(data), chunk)])
		if err != nil {
			return err
		}
		data = data[n:]
	}
	return ctx.Err()
}

// tick returns the time, later than at every call before, so that no two files of this
// process have the same generation.
func (d *Directory) tick() time.Time {
	for {
		last := d.clock.Load()
		now := max(time.Now().UnixNano(), last+1)
		if d.clock.CompareAndSwap(last, now) {
			return time.Unix(0, now)
		}
	}
}

// publish gives a temporary file its name if the condition holds.
func (d *Directory) publish(temp, name string, cond Condition) error {
	defer d.exclusive(name)()
	if err := d.meets(name, cond); err != nil {
		return err
	}
	parent := path.Dir(name)
	// A Delete of the last other file in the folder removes the folder too, perhaps just now.
	for range 10 {
		if err := d.makeFolder(parent); err != nil {
			return d.fault(name, err)
		}
		err := d.move(temp, parent, name, cond == Absent)
		switch {
		case err == nil:
			return nil
		case errors.Is(err, fs.ErrExist) && !d.isFolder(name):
			return fmt.Errorf("%s: %w: it exists", d.show(name), ErrCondition)
		case errors.Is(err, fs.ErrExist):
			return d.fault(name, syscall.EISDIR)
		case !errors.Is(err, fs.ErrNotExist):
			return d.fault(name, err)
		}
	}
	return fmt.Errorf("%s: %w: its folder is removed again and again", d.show(name), ErrUnavailable)
}

// move renames the file and notes that its folder is to be synced.
func (d *Directory) move(temp, parent, name string, fresh bool) error {
	folder, err := d.root.Open(parent)
	if err != nil {
		return err
	}
	defer folder.Close()
	if err := d.rename(temp, folder, name, fresh); err != nil {
		return err
	}
	d.dirt.add(parent)
	return nil
}

// Delete removes a file, and the folders that this leaves empty.
func (d *Directory) Delete(ctx context.Context, name string, cond Condition) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	if err := d.changeable(name); err != nil {
		return err
	}
	defer d.exclusive(name)()
	if err := d.meets(name, cond); err != nil {
		return err
	}
	if d.isFolder(name) {
		return nil // which is no object
	}
	err := d.root.Remove(name)
	if gone(err) {
		return nil
	}
	if err != nil {
		return d.fault(name, err)
	}
	parent := path.Dir(name)
	for parent != "." && d.root.Remove(parent) == nil {
		parent = path.Dir(parent)
	}
	d.dirt.add(parent)
	return d.flush()
}

// meets checks a condition.
func (d *Directory) meets(name string, cond Condition) error {
	if cond == Any {
		return nil
	}
	info, err := d.root.Lstat(name)
	if err == nil && info.Mode()&fs.ModeSymlink != 0 {
		if _, target, err := d.find(name); err == nil {
			info = target
		}
	}
	switch {
	case gone(err), err == nil && info.IsDir():
		if cond == Absent {
			return nil
		}
		return fmt.Errorf("%s: %w %d: it does not exist", d.show(name), ErrCondition, cond)
	case err != nil:
		return d.fault(name, err)
	case cond == Absent:
		return fmt.Errorf("%s: %w: it exists", d.show(name), ErrCondition)
	}
	if g := generation(info); g != int64(cond) {
		return fmt.Errorf("%s: %w %d: it is at %d", d.show(name), ErrCondition, cond, g)
	}
	return nil
}

// isFolder reports whether a name is taken by a folder.
func (d *Directory) isFolder(name string) bool {
	info, err := d.root.Lstat(name)
	return err == nil && info.IsDir()
}

// exclusive locks a name against the other goroutines that write, and returns how to unlock
// it. The names share a few locks.
func (d *Directory) exclusive(name string) (unlock func()) {
	mu := &d.locks[maphash.String(seed, name)%uint64(len(d.locks))]
	mu.Lock()
	return mu.Unlock
}
