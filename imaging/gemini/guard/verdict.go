package guard

import "fmt"

// Kind is what is wrong with an edit.
type Kind string

// What may be wrong, in the order in which it is reported.
const (
	Unregistered Kind = "unregistered" // the product is not found in the edit
	Cut          Kind = "cut"          // part of the product lies outside of the edit
	Moved        Kind = "moved"
	Resized      Kind = "resized"
	Turned       Kind = "turned"
	Reshaped     Kind = "reshaped" // stretched, or grown beyond its outline
	Relabelled   Kind = "relabelled"
	Altered      Kind = "altered" // a part is another, is missing or was added
	Smoothed     Kind = "smoothed"
	Recolored    Kind = "recolored"
)

// Finding is one way in which an edit is unfaithful.
type Finding struct {
	Kind  Kind   `json:"kind"`
	Words string `json:"words"` // what was measured and what is allowed, for people
}

// Report is what a comparison came to.
type Report struct {
	Registration Registration `json:"registration"` // zero if the product was not found
	Scores       Scores       `json:"scores"`
	Findings     []Finding    `json:"findings"` // none if the edit is faithful
}

// Faithful reports whether nothing is wrong with the edit.
func (r Report) Faithful() bool { return len(r.Findings) == 0 }

func (r *Report) add(k Kind, format string, args ...any) {
	r.Findings = append(r.Findings, Finding{k, fmt.Sprintf(format, args...)})
}

// judge compares what was measured with thresholds.
func (r *Report) judge(t Thresholds) {
	r.judgePlace(t)
	s := r.Scores
	if s.TextTiles > 0 && s.Text < t.Text {
		r.add(Relabelled, "label text changed: where strokes are dense, the least alike place scores %.2f, and %.2f is asked for", s.Text, t.Text)
	}
	if s.Structure < t.Structure {
		r.add(Altered, "the product looks different: its structure scores %.2f, and %.2f is asked for", s.Structure, t.Structure)
	}
	if s.WorstTile < t.WorstTile {
		r.add(Altered, "a part of the product was changed, added or removed: the least alike place scores %.2f, and %.2f is asked for", s.WorstTile, t.WorstTile)
	}
	if s.WorstEdge > t.WorstEdge {
		r.add(Altered, "edges came or went: %.0f %% of the worst place, and %.0f %% is allowed", 100*s.WorstEdge, 100*t.WorstEdge)
	}
	if e := min(s.EdgesKept, s.EdgesTrue); e < t.Edges {
		r.add(Altered, "the product's edges differ: %.0f %% agree, and %.0f %% is asked for", 100*e, 100*t.Edges)
	}
	if s.Detail < t.Detail || s.WorstDetail < t.WorstDetail {
		r.add(Smoothed, "fine texture was smoothed: %.0f %% of its contrast is left, %.0f %% where least is, and %.0f and %.0f %% are asked for",
			100*s.Detail, 100*s.WorstDetail, 100*t.Detail, 100*t.WorstDetail)
	}
	if s.Color > t.Color || s.WorstColor > t.WorstColor {
		r.add(Recolored, "colours shifted: by ΔE %.1f in the mean and %.1f where most, and %.1f and %.1f are allowed",
			s.Color, s.WorstColor, t.Color, t.WorstColor)
	}
}

// judgePlace judges where the product is, and its outline.
func (r *Report) judgePlace(t Thresholds) {
	g, s := r.Registration, r.Scores
	if s.Visible < t.Visible {
		r.add(Cut, "part of the product lies outside of the edit: %.1f %% is left, and %.1f %% is asked for", 100*s.Visible, 100*t.Visible)
	}
	if g.Shift > t.Shift {
		r.add(Moved, "the product was moved by %.1f %% of the photo's diagonal, and %.1f %% is allowed", 100*g.Shift, 100*t.Shift)
	}
	if g.Scale > 1+t.Scale || g.Scale < 1/(1+t.Scale) {
		r.add(Resized, "the product has %.0f %% of its size, and %.0f %% more or less is allowed", 100*g.Scale, 100*t.Scale)
	}
	if g.Rotation > t.Rotation || g.Rotation < -t.Rotation {
		r.add(Turned, "the product was turned by %.1f°, and %.1f° is allowed", g.Rotation, t.Rotation)
	}
	if g.Stretch > t.Stretch {
		r.add(Reshaped, "shape changed: the product is stretched by %.1f %%, and %.1f %% is allowed", 100*g.Stretch, 100*t.Stretch)
	}
	if s.Outgrown > t.Outgrown {
		r.add(Reshaped, "shape changed: the product goes on beyond %.0f %% of its outline, and %.0f %% is allowed", 100*s.Outgrown, 100*t.Outgrown)
	}
}
