package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/dustin/go-humanize"

	"burnish/cmd/internal/setup"
	"burnish/imaging"
	"burnish/imaging/gemini"
	"burnish/imaging/gemini/guard"
	"burnish/imaging/imager"
)

// geminiFlags say which model edits photos, and who pays.
type geminiFlags struct {
	ModelFile string `placeholder:"FILE" help:"The model, its sizes and prices, in YAML. burnish model prints the one that is built in."`
	KeyFile   string `placeholder:"FILE" help:"An API key for the Gemini API; else GEMINI_API_KEY or GOOGLE_API_KEY."`
	Project   string `placeholder:"ID" help:"The Google Cloud project to ask Vertex AI for, with application default credentials, instead of a key."`
	Region    string `placeholder:"NAME" help:"Location of Vertex AI; the model file names those that serve the model."`
}

type tryEditCmd struct {
	geminiFlags
	promptFlags

	Photo string `arg:"" help:"The photo."`

	Out      string        `default:"." placeholder:"DIR" help:"Folder for the result."`
	Size     string        `default:"1K" help:"Size of the result, as the model file names it."`
	Aspect   string        `default:"auto" help:"Aspect ratio of the result; auto is the one nearest to the photo's."`
	Seed     int32         `help:"Another seed gives another result, which is paid for again."`
	Deadline time.Duration `default:"5m" help:"What the edit may take in all, waits for quota included."`
	Batch    string        `placeholder:"FILE" help:"Through the Batch API, at half the price, within a day: submit and keep the job in FILE, or collect the answer to the job in it."`
	DryRun   bool          `help:"Send nothing: say what would be sent, and about what it would cost."`
	JSON     bool          `help:"Print the figures as JSON."`
}

// Help implements kong.HelpProvider.
func (*tryEditCmd) Help() string {
	return `Sends one photo to Google's image model with a prompt, and writes what comes back beside the
photo's name. It costs money, about 0.035 US dollars at 1K; --dry-run tells. The same photo,
prompt and seed again cost nothing: paid answers are kept.

The result is compared with the photo for whether the product in it is still the same; burnish
compare tells more. Nothing is published. docs/edits.md says how to get a key, what is sent, and what the law asks.`
}

// photoWidth is how wide a photo is sent at most, in pixels. Models look at no more than that.
const photoWidth = 2048

func (c *tryEditCmd) Run(log *slog.Logger) error {
	_, ctx := setup.Signals()
	g := setup.Gemini{ModelFile: c.ModelFile, KeyFile: c.KeyFile, Project: c.Project, Region: c.Region, Deadline: c.Deadline}
	model, err := g.Model()
	if err != nil {
		return exit{exitUsage, err}
	}
	req, err := c.request(ctx, model, log)
	if err != nil {
		return err
	}
	t := trial{
		Photo: c.Photo, Model: model.ID, Size: req.Size, Aspect: req.Aspect, Seed: req.Seed, Sent: int64(len(req.Photo)),
		Estimate: model.Estimate(req.Size, len(req.Prompt), false),
	}
	if c.DryRun {
		return t.print(os.Stdout, c.JSON)
	}
	client, err := g.Open(ctx, log)
	if err != nil {
		return exit{exitNotStarted, err}
	}
	start := time.Now()
	answer, waits, editErr := c.edit(ctx, client, req)
	t.Seconds = time.Since(start).Seconds()
	if t.Waits = waits; waits != "" {
		return t.print(os.Stdout, c.JSON)
	}
	t.took(answer, editErr)
	if editErr == nil {
		name := strings.TrimSuffix(filepath.Base(c.Photo), filepath.Ext(c.Photo))
		t.Result = filepath.Join(c.Out, fmt.Sprintf("%s-%.8s.%s", name, model.Hash(req), answer.Format.Ext()))
		if err := os.WriteFile(t.Result, answer.Image, 0o666); err != nil {
			return exit{exitNotStarted, fmt.Errorf("the result is paid for and kept, so try again: %w", err)}
		}
		t.compare(req.Photo, answer.Image)
	}
	if err := t.print(os.Stdout, c.JSON); err != nil {
		return err
	}
	if editErr != nil {
		return exit{exitFailures, editErr}
	}
	return nil
}

// request makes what is sent: the photo upright, in sRGB, as JPEG, without its metadata but for
// rights, as for any variant.
func (c *tryEditCmd) request(ctx context.Context, model gemini.Model, log *slog.Logger) (gemini.Request, error) {
	prompt, err := c.prompt()
	if err != nil {
		return gemini.Request{}, exit{exitUsage, err}
	}
	if info, err := os.Stat(c.Out); err != nil || !info.IsDir() {
		return gemini.Request{}, exit{exitUsage, fmt.Errorf("--out: there is no folder %q", c.Out)}
	}
	if _, ok := model.Sizes[c.Size]; !ok {
		return gemini.Request{}, exit{exitUsage, fmt.Errorf("--size: %s has no size %q; it has %s", model.ID, c.Size, strings.Join(model.SizeNames(), ", "))}
	}
	v, err := variant(ctx, c.Photo, log)
	if err != nil {
		return gemini.Request{}, err
	}
	r := gemini.Request{Prompt: prompt, Photo: v.Data, Format: v.Format, Size: c.Size, Aspect: c.Aspect, Seed: c.Seed}
	if r.Aspect == "auto" {
		r.Aspect = model.Nearest(v.Width, v.Height)
	}
	return r, nil
}

// variant makes the one JPEG of a photo that is sent.
func variant(ctx context.Context, path string, log *slog.Logger) (imaging.Variant, error) {
	recipe, _ := imaging.Builtin("catalogue")
	data, err := readPhoto(path, int64(recipe.Limits.Bytes))
	if err != nil {
		return imaging.Variant{}, exit{exitUsage, err}
	}
	pool, err := setup.StartImagers(ctx, imager.Options{Slots: 1, Log: log})
	if err != nil {
		return imaging.Variant{}, exit{exitNotStarted, err}
	}
	defer pool.Close()
	jpeg := *recipe.Variants.JPEG
	jpeg.Quality, jpeg.Chroma = 92, imaging.Full
	result, err := pool.Process(ctx, imaging.Request{
		Limits: recipe.Limits, Source: data,
		Variants: imaging.Variants{Widths: []int{photoWidth}, Background: recipe.Variants.Background, JPEG: &jpeg},
	})
	if err != nil {
		return imaging.Variant{}, exit{exitFailures, fmt.Errorf("%s: %w", path, err)}
	}
	return result.Variants[0], nil
}

// readPhoto reads a file of at most limit bytes.
func readPhoto(path string, limit int64) ([]byte, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() || info.Size() > limit {
		return nil, fmt.Errorf("%s is no photo file of at most %s", path, size(limit))
	}
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return io.ReadAll(io.LimitReader(f, limit))
}

// trial is what try-edit tells.
type trial struct {
	Photo    string        `json:"photo"`
	Sent     int64         `json:"sentBytes"`
	Model    string        `json:"model"` // as the model file has it
	Size     string        `json:"size"`
	Aspect   string        `json:"aspect"`
	Seed     int32         `json:"seed"`
	Estimate float64       `json:"estimateUSD"`
	Result   string        `json:"result,omitempty"`
	Width    int           `json:"width,omitempty"`
	Height   int           `json:"height,omitempty"`
	Bytes    int64         `json:"bytes,omitempty"`
	Waits    string        `json:"batch,omitempty"`  // how far a batch is that is not done
	Reason   gemini.Reason `json:"reason,omitempty"` // why there is no result
	Version  string        `json:"modelVersion,omitempty"`
	Response string        `json:"responseId,omitempty"`
	Usage    *gemini.Usage `json:"tokens,omitempty"`
	Cost     float64       `json:"costUSD"`
	Unsure   float64       `json:"unsureUSD,omitempty"` // may have been billed besides
	Stored   bool          `json:"paidBefore,omitempty"`
	Seconds  float64       `json:"seconds"`

	Faithful *bool           `json:"faithful,omitempty"` // absent where the result could not be compared
	Findings []guard.Finding `json:"findings,omitempty"` // what is not as in the photo
	Scores   *guard.Scores   `json:"scores,omitempty"`
	Not      string          `json:"notCompared,omitempty"` // why it could not be
}

// compare tells whether the result still shows what the photo does.
func (t *trial) compare(photo, result []byte) {
	report, err := compareCoded(photo, result)
	if err != nil {
		t.Not = err.Error()
		return
	}
	faithful := report.Faithful()
	t.Faithful, t.Findings, t.Scores = &faithful, report.Findings, &report.Scores
}

// took fills in what an edit has brought and cost.
func (t *trial) took(a gemini.Answer, err error) {
	var e *gemini.Error
	if errors.As(err, &e) {
		t.Reason, t.Usage, t.Cost, t.Unsure, t.Stored = e.Reason, &e.Usage, e.Cost, e.Unsure, e.Stored
	}
	if err != nil {
		return
	}
	t.Width, t.Height, t.Bytes, t.Version, t.Response = a.Width, a.Height, int64(len(a.Image)), a.ModelVersion, a.ResponseID
	t.Usage, t.Cost, t.Unsure, t.Stored = &a.Usage, a.Cost, a.Unsure, a.Stored
}

func (t *trial) print(out io.Writer, asJSON bool) error {
	if asJSON {
		enc := json.NewEncoder(out)
		enc.SetIndent("", "  ")
		return enc.Encode(t)
	}
	fmt.Fprintf(out, "photo   %s, sent as JPEG of %s\n", line(t.Photo), size(t.Sent))
	fmt.Fprintf(out, "model   %s, %s at %s, seed %d\n", t.Model, t.Size, t.Aspect, t.Seed)
	if t.Waits != "" {
		_, err := fmt.Fprintf(out, "batch   %s\ncost    about %.4f US dollars, and what the model thinks besides\n", t.Waits, t.Estimate)
		return err
	}
	if t.Usage == nil {
		if t.Seconds > 0 { // the error says why
			return nil
		}
		_, err := fmt.Fprintf(out, "cost    about %.4f US dollars, and what the model thinks besides; nothing was sent\n", t.Estimate)
		return err
	}
	if t.Result != "" {
		fmt.Fprintf(out, "result  %s, %d × %d, %s, by %s\n", line(t.Result), t.Width, t.Height, size(t.Bytes), t.Version)
		t.printProduct(out)
	} else {
		fmt.Fprintf(out, "result  none: %s\n", t.Reason)
	}
	fmt.Fprintf(out, "cost    %s\n", t.cost())
	_, err := fmt.Fprintf(out, "time    %.1f s\n", t.Seconds)
	return err
}

// printProduct tells what the comparison came to.
func (t *trial) printProduct(out io.Writer) {
	switch {
	case t.Faithful == nil:
		fmt.Fprintf(out, "product not compared: %s\n", t.Not)
	case *t.Faithful:
		fmt.Fprintf(out, "product faithful: structure %.2f, worst part %.2f, colour ΔE %.1f\n", t.Scores.Structure, t.Scores.WorstTile, t.Scores.Color)
	default:
		for _, f := range t.Findings {
			fmt.Fprintf(out, "product not faithful, %s: %s\n", f.Kind, f.Words)
		}
	}
}

func (t *trial) cost() string {
	u := t.Usage
	text := fmt.Sprintf("%.4f US dollars: %s tokens in, %s of text and thoughts, %s of pictures", t.Cost,
		humanize.Comma(u.Input), humanize.Comma(u.OutputText), humanize.Comma(u.OutputImage))
	if t.Stored {
		text += "; paid before, nothing this time"
	}
	if t.Unsure > 0 {
		text += fmt.Sprintf("; perhaps %.4f more, for what was sent and not answered", t.Unsure)
	}
	return text
}

// modelCmd prints the model file that is built in.
type modelCmd struct{}

// Help implements kong.HelpProvider.
func (*modelCmd) Help() string {
	return `Prints the model that edits are made by, its sizes, prices and rate, as a file to change and to give
with --model-file.`
}

func (*modelCmd) Run() error {
	_, err := os.Stdout.Write(gemini.BuiltinYAML())
	return err
}
