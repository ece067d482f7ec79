package gemini

import (
	"bytes"
	_ "embed" // for the model's file
	"errors"
	"fmt"
	"maps"
	"math"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"burnish/imaging"
)

//go:embed models.yaml
var builtin []byte

// Model is what is known of an image model: what it takes, gives and costs.
type Model struct {
	AsOf    string          `yaml:"as_of"` // the day it was looked up, as 2026-11-27
	Source  string          `yaml:"source"`
	ID      string          `yaml:"model"`
	Regions []string        `yaml:"regions"` // of Vertex AI; the first is the default
	Sizes   map[string]Size `yaml:"sizes"`

	// AspectRatios are width to height, as "4:5".
	AspectRatios []string `yaml:"aspect_ratios"`

	PhotoBytes  imaging.ByteSize `yaml:"photo_bytes"`  // most that a photo may have
	PhotoTokens int64            `yaml:"photo_tokens"` // for estimates
	Prices      Prices           `yaml:"usd_per_million_tokens"`
	BatchPrice  float64          `yaml:"batch_price"` // share of Prices, through the Batch API

	// RequestsPerMinute is the quota of the project, which all workers share.
	RequestsPerMinute float64 `yaml:"requests_per_minute"`
}

// Size is one of the sizes that a model's pictures come in.
type Size struct {
	Side   int   `yaml:"side"`   // of a square picture, pixels; other ratios have the same area
	Tokens int64 `yaml:"tokens"` // that a picture is billed as, for estimates
}

// Prices are US dollars for a million tokens.
type Prices struct {
	Input       float64 `yaml:"input"`
	OutputText  float64 `yaml:"output_text"`
	OutputImage float64 `yaml:"output_image"`
}

const aModel = "a model file"

// BuiltinModel is the model of the file that is built in.
func BuiltinModel() Model {
	m, err := parseModel("models.yaml", builtin)
	if err != nil {
		panic(err) // a test reads it
	}
	return m
}

// BuiltinYAML is the file that is built in, to copy and change.
func BuiltinYAML() []byte { return bytes.Clone(builtin) }

// ReadModel reads a model file. Everything must be in it: a price that is forgotten would count as
// nothing.
func ReadModel(path string) (Model, error) {
	var m Model
	if err := imaging.ReadYAML(path, aModel, &m); err != nil {
		return Model{}, err
	}
	return m, m.valid(path)
}

func parseModel(name string, data []byte) (Model, error) {
	var m Model
	if err := imaging.ParseYAML(name, aModel, data, &m); err != nil {
		return Model{}, err
	}
	return m, m.valid(name)
}

// idForm is what may stand in a URL as a model's or a region's name.
var idForm = regexp.MustCompile(`^[a-z0-9][a-z0-9.-]{0,99}$`)

// valid reports all that is missing or out of range.
func (m Model) valid(name string) error {
	var wrong []error
	want := func(ok bool, field, expected string) {
		if !ok {
			wrong = append(wrong, fmt.Errorf("%s: %s is missing or wrong; expected %s", name, field, expected))
		}
	}
	_, err := time.Parse(time.DateOnly, m.AsOf)
	want(err == nil, "as_of", "the day it was looked up, as 2026-11-27")
	want(m.Source != "", "source", "where it was looked up")
	want(idForm.MatchString(m.ID), "model", "a model's id, as gemini-nano-banana-2.1")
	want(len(m.Regions) > 0 && !slices.ContainsFunc(m.Regions, func(r string) bool { return !idForm.MatchString(r) }),
		"regions", "a list of locations of Vertex AI, as [global]")
	want(len(m.Sizes) > 0 && len(m.Sizes) <= 16, "sizes", "1 to 16 sizes, as 1K: {side: 1024, tokens: 1120}")
	for _, size := range m.SizeNames() {
		s := m.Sizes[size]
		want(s.Side >= 16 && s.Side <= 16384, "sizes."+size+".side", "16 to 16384 pixels")
		want(s.Tokens > 0 && s.Tokens <= 1e6, "sizes."+size+".tokens", "1 to 1,000,000")
	}
	want(len(m.AspectRatios) > 0 && len(m.AspectRatios) <= 64, "aspect_ratios", `1 to 64 ratios, as ["1:1", "4:5"]`)
	for _, aspect := range m.AspectRatios {
		_, err := parseRatio(aspect)
		want(err == nil, "aspect_ratios "+strconv.Quote(aspect), `width to height, as "4:5"`)
	}
	want(m.PhotoBytes > 0 && m.PhotoBytes <= 100<<20, "photo_bytes", "a size up to 100 MiB")
	want(m.PhotoTokens > 0 && m.PhotoTokens <= 1e6, "photo_tokens", "1 to 1,000,000")
	want(priced(m.Prices.Input), "usd_per_million_tokens.input", "more than 0")
	want(priced(m.Prices.OutputText), "usd_per_million_tokens.output_text", "more than 0")
	want(priced(m.Prices.OutputImage), "usd_per_million_tokens.output_image", "more than 0")
	want(m.BatchPrice > 0 && m.BatchPrice <= 1, "batch_price", "a share above 0, up to 1")
	want(m.RequestsPerMinute > 0 && m.RequestsPerMinute <= 1e6, "requests_per_minute", "above 0, up to 1,000,000")
	return errors.Join(wrong...)
}

// priced reports whether a price is one; NaN is none.
func priced(usd float64) bool { return usd > 0 && usd < 1e6 }

// SizeNames lists the sizes, the smallest first.
func (m Model) SizeNames() []string {
	return slices.SortedFunc(maps.Keys(m.Sizes), func(a, b string) int {
		if d := m.Sizes[a].Side - m.Sizes[b].Side; d != 0 {
			return d
		}
		return strings.Compare(a, b)
	})
}

// Cost is what tokens cost, in US dollars.
func (m Model) Cost(u Usage, batch bool) float64 {
	usd := (float64(u.Input)*m.Prices.Input + float64(u.OutputText)*m.Prices.OutputText +
		float64(u.OutputImage)*m.Prices.OutputImage) / 1e6
	if batch {
		usd *= m.BatchPrice
	}
	return usd
}

// Estimate is about what one edit of a size costs, in US dollars, with a prompt of so many bytes:
// a token is some 4 bytes. Thoughts are not in it: nobody knows how long a model thinks.
func (m Model) Estimate(size string, prompt int, batch bool) float64 {
	return m.Cost(Usage{Input: m.PhotoTokens + int64(prompt/4+1), OutputImage: m.Sizes[size].Tokens}, batch)
}

// Nearest is the aspect ratio of the model that is nearest to that of a photo, by how much of the
// longer picture the other would lack.
func (m Model) Nearest(width, height int) string {
	want := math.Log(float64(max(width, 1)) / float64(max(height, 1)))
	return slices.MinFunc(m.AspectRatios, func(a, b string) int {
		ra, _ := parseRatio(a)
		rb, _ := parseRatio(b)
		da, db := math.Abs(math.Log(ra)-want), math.Abs(math.Log(rb)-want)
		switch {
		case da < db:
			return -1
		case da > db:
			return 1
		}
		return 0
	})
}

// ratio is width to height of one of the model's aspect ratios.
func (m Model) ratio(aspect string) (float64, error) {
	if !slices.Contains(m.AspectRatios, aspect) {
		return 0, fmt.Errorf("%s has no aspect ratio %q; it has %s", m.ID, aspect, strings.Join(m.AspectRatios, ", "))
	}
	return parseRatio(aspect)
}

var ratioForm = regexp.MustCompile(`^([1-9][0-9]?):([1-9][0-9]?)$`)

func parseRatio(aspect string) (float64, error) {
	parts := ratioForm.FindStringSubmatch(aspect)
	if parts == nil {
		return 0, fmt.Errorf("%q is no aspect ratio such as 4:5", aspect)
	}
	w, _ := strconv.Atoi(parts[1]) // of one or two digits, as the form says
	h, _ := strconv.Atoi(parts[2])
	return float64(w) / float64(h), nil
}
