package guard

import (
	"slices"
	"testing"

	"burnish/imaging/enhance"
)

// changed is a picture of which some pixels are others.
func changed(p enhance.Picture, change func(x, y int, v [3]uint8) [3]uint8) enhance.Picture {
	out := p
	out.Pix = slices.Clone(p.Pix)
	for i := 0; i < len(p.Pix); i += 3 {
		v := change(i/3%p.Width, i/3/p.Width, [3]uint8(p.Pix[i:i+3]))
		copy(out.Pix[i:], v[:])
	}
	return out
}

func TestUnfaithful(t *testing.T) {
	p := photo(t, "board.jpg")
	m := disc(p, 0.35)
	same := scaled(0.8, 3.5, -2.5)
	cx, cy := p.Width/2, p.Height/2
	pixel := func(x, y int) [3]uint8 { return [3]uint8(p.Pix[3*(y*p.Width+x):]) }
	for name, c := range map[string]struct {
		place  Transform
		change func(x, y int, v [3]uint8) [3]uint8
		want   Kind
	}{
		"moved":      {scaled(0.8, 0.1*float64(p.Width), 0), nil, Moved},
		"resized":    {scaled(0.7, 0.05*float64(p.Width), 0.05*float64(p.Height)), nil, Resized},
		"reshaped":   {Transform{{0.86, 0, -0.03 * float64(p.Width)}, {0, 0.8, 0}}, nil, Reshaped},
		"recoloured": {same, func(_, _ int, v [3]uint8) [3]uint8 { return [3]uint8{v[2], v[1], v[0]} }, Recolored},
		"part painted over": {same, func(x, y int, v [3]uint8) [3]uint8 {
			if (x-cx)*(x-cx)+(y-cy)*(y-cy) < p.Height*p.Height/400 {
				return [3]uint8{40, 110, 60}
			}
			return v
		}, Altered},
		"print turned over": {same, func(x, y int, v [3]uint8) [3]uint8 {
			if dx, dy := x-cx, y-cy; max(dx, -dx) < p.Height/8 && max(dy, -dy) < p.Height/12 {
				return pixel(cx-dx, cy-dy)
			}
			return v
		}, Relabelled},
		"another product": {same, func(x, y int, _ [3]uint8) [3]uint8 {
			return [3]uint8{uint8(x / 3), uint8(y / 3), uint8(x * y / 500)}
		}, Unregistered},
	} {
		t.Run(name, func(t *testing.T) {
			source := p
			if c.change != nil {
				source = changed(p, c.change)
			}
			r, err := Compare(p, repainted(source, m, p.Width*4/5, p.Height*4/5, c.place), m, Defaults())
			if err != nil {
				t.Fatal(err)
			}
			if !slices.ContainsFunc(r.Findings, func(f Finding) bool { return f.Kind == c.want }) {
				t.Errorf("found %v, want one that is %s", r.Findings, c.want)
			}
		})
	}
}

func TestRestore(t *testing.T) {
	for _, name := range []string{"board.jpg", "coffee.png", "fruits.jpg"} {
		t.Run(name, func(t *testing.T) {
			p := photo(t, name)
			m := disc(p, 0.35)
			// What comes back is smaller, brighter and a little off.
			brighter := changed(p, func(_, _ int, v [3]uint8) [3]uint8 {
				for c := range v {
					v[c] = uint8(min(255, int(v[c])+12))
				}
				return v
			})
			e := repainted(brighter, m, p.Width*4/5, p.Height*4/5, scaled(0.81, -2.5, -3.5))
			r, err := Compare(p, e, m, Defaults())
			if err != nil {
				t.Fatal(err)
			}
			got, err := Restore(p, e, m, r.Registration)
			if err != nil {
				t.Fatal(err)
			}
			inner := coverOf(m, p).erode(feather)
			sum, n := 0.0, 0.0
			for i, in := range inner.v {
				if in > 0 {
					a := p.Pix[3*i:]
					b := got.Picture.Pix[3*((i/p.Width+got.Y)*got.Picture.Width+i%p.Width+got.X):]
					sum += enhance.DeltaE2000(enhance.LabOf(a[0], a[1], a[2]), enhance.LabOf(b[0], b[1], b[2]))
					n++
				}
			}
			if n < 1000 || sum/n > 1 {
				t.Errorf("the product's %.0f pixels differ by ΔE %.2f in the mean, want at most 1", n, sum/n)
			}
			// Around the product lies what the edit has there.
			x, y := p.Width/2, p.Height/20
			u, v := r.Registration.Transform.Apply(float64(x)+0.5, float64(y)+0.5)
			a := e.Pix[3*(int(v)*e.Width+int(u)):]
			b := got.Picture.Pix[3*((y+got.Y)*got.Picture.Width+x+got.X):]
			if d := enhance.DeltaE2000(enhance.LabOf(a[0], a[1], a[2]), enhance.LabOf(b[0], b[1], b[2])); d > 2 {
				t.Errorf("the surroundings differ from the edit's by ΔE %.1f", d)
			}
			if got.Seam > 0.1 {
				t.Errorf("the seam shows along %.2f of the outline", got.Seam)
			}
		})
	}
}

func TestSeamShows(t *testing.T) {
	p := photo(t, "board.jpg")
	m := disc(p, 0.3)
	flat := changed(p, func(x, y int, _ [3]uint8) [3]uint8 { return [3]uint8{30, 90, 50} })
	e := repainted(flat, disc(p, 0.33), p.Width, p.Height, scaled(1, 0, 0)) // the edit's product is larger
	for name, c := range map[string]struct {
		edited enhance.Picture
		shows  bool
	}{"larger": {e, true}, "as large": {repainted(flat, m, p.Width, p.Height, scaled(1, 0, 0)), false}} {
		got, err := Restore(flat, c.edited, m, Registration{Transform: scaled(1, 0, 0)})
		if err != nil {
			t.Fatal(err)
		}
		if shows := got.Seam > 0.5; shows != c.shows {
			t.Errorf("%s: the seam shows along %.2f of the outline", name, got.Seam)
		}
	}
}
