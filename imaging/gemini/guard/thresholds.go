package guard

// Thresholds are what an edit may differ by. They are part of a recipe.
type Thresholds struct {
	Visible  float64 `yaml:"visible" json:"visible"`   // least share of the product that lies within the edit
	Shift    float64 `yaml:"shift" json:"shift"`       // most that it was moved, as a share of the photo's diagonal
	Scale    float64 `yaml:"scale" json:"scale"`       // most that it grew or shrank: 0.05 is from 1/1.05 to 1.05
	Rotation float64 `yaml:"rotation" json:"rotation"` // most that it was turned, degrees
	Stretch  float64 `yaml:"stretch" json:"stretch"`   // most that it grew more in one direction than in another
	Outgrown float64 `yaml:"outgrown" json:"outgrown"` // most of the outline beyond which it goes on

	Structure float64 `yaml:"structure" json:"structure"`   // least likeness of structure, mean of the windows, up to 1
	WorstTile float64 `yaml:"worst_tile" json:"worst_tile"` // the same where it is least
	Text      float64 `yaml:"text" json:"text"`             // the same where strokes are dense
	Edges     float64 `yaml:"edges" json:"edges"`           // least share of edges that both have
	WorstEdge float64 `yaml:"worst_edge" json:"worst_edge"` // most edge pixels without counterpart, as a share of a window

	Detail      float64 `yaml:"detail" json:"detail"`             // least contrast of fine texture, as a share of the original's
	WorstDetail float64 `yaml:"worst_detail" json:"worst_detail"` // the same where least is left

	Color      float64 `yaml:"color" json:"color"`             // most mean ΔE2000 of blurred colours
	WorstColor float64 `yaml:"worst_color" json:"worst_color"` // the same where it is most
}

// Defaults are the thresholds chosen from `make evaluate-guard ARGS=-tune`: each lies a little beyond the
// worst faithful edit of the half that is there to choose by.
func Defaults() Thresholds {
	return Thresholds{
		Visible: 0.98, Shift: 0.03, Scale: 0.06, Rotation: 1.5, Stretch: 0.035, Outgrown: 0.1,
		Structure: 0.94, WorstTile: 0.8, Text: 0.84, Edges: 0.95, WorstEdge: 0.02,
		Detail: 0.74, WorstDetail: 0.58, Color: 3, WorstColor: 6,
	}
}
