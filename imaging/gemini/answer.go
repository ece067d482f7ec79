package gemini

import (
	"bytes"
	"fmt"
	"image"
	_ "image/jpeg" // models answer in either
	_ "image/png"
	"math"
	"regexp"

	"google.golang.org/genai"

	"burnish/imaging"
)

// A picture may be off the size asked for by this much: models round to what they can paint.
const (
	ratioSlack = 1.06 // of width to height
	sideSlack  = 1.25 // of the side of a square of the same area
)

// read takes the picture out of a reply, and what it has cost. Its error is an *Error.
func (m Model) read(reply *genai.GenerateContentResponse, r Request, batch bool) (Answer, error) {
	a := Answer{ModelVersion: name(reply.ModelVersion), ResponseID: name(reply.ResponseID), Usage: usage(reply.UsageMetadata), Batch: batch}
	a.Cost = m.Cost(a.Usage, batch)
	fail := func(reason Reason, format string, args ...any) (Answer, error) {
		return a, &Error{Reason: reason, Detail: fmt.Sprintf(format, args...), Usage: a.Usage, Cost: a.Cost}
	}
	if len(reply.Candidates) == 0 || reply.Candidates[0] == nil {
		why := ""
		if f := reply.PromptFeedback; f != nil {
			why = code(string(f.BlockReason))
		}
		return fail(Blocked, "%s", why)
	}
	candidate := reply.Candidates[0]
	picture, words := lastPicture(candidate.Content)
	switch {
	case picture == nil && refusals[candidate.FinishReason]:
		return fail(Refused, "%s", candidate.FinishReason)
	case picture == nil && words:
		return fail(TextOnly, "%s", code(string(candidate.FinishReason)))
	case picture == nil:
		return fail(NoImage, "%s", code(string(candidate.FinishReason)))
	}
	a.Image = picture.Data
	if why := m.decode(&a, r); why != nil {
		return fail(why.Reason, "%s", why.Detail)
	}
	return a, nil
}

// refusals are the ends of an answer that was withheld.
var refusals = map[genai.FinishReason]bool{
	genai.FinishReasonSafety: true, genai.FinishReasonRecitation: true, genai.FinishReasonBlocklist: true,
	genai.FinishReasonProhibitedContent: true, genai.FinishReasonSPII: true, genai.FinishReasonImageSafety: true,
	genai.FinishReasonImageProhibitedContent: true, genai.FinishReasonImageRecitation: true,
}

// lastPicture is the last picture that is no thought: models paint drafts while they think. It
// also reports whether there are words to be shown. Content is nil in an answer with NO_IMAGE.
func lastPicture(c *genai.Content) (picture *genai.Blob, words bool) {
	if c == nil {
		return nil, false
	}
	for _, part := range c.Parts {
		if part == nil || part.Thought {
			continue
		}
		if part.InlineData != nil {
			picture = part.InlineData
		}
		words = words || part.Text != ""
	}
	return picture, words
}

// decode checks that the picture can be read to its end, after its header has shown that it is of
// the size asked for, and fills in what it is.
func (m Model) decode(a *Answer, r Request) *Error {
	header, kind, err := image.DecodeConfig(bytes.NewReader(a.Image))
	if err != nil {
		return &Error{Reason: CorruptImage, Detail: "its header cannot be read, or is neither JPEG nor PNG"}
	}
	a.Format, a.Width, a.Height = imaging.Format(kind), header.Width, header.Height
	if !m.fits(header.Width, header.Height, r) {
		return &Error{Reason: WrongSize, Detail: fmt.Sprintf("%d × %d for %s at %s", header.Width, header.Height, r.Aspect, r.Size)}
	}
	if _, _, err := image.Decode(bytes.NewReader(a.Image)); err != nil {
		return &Error{Reason: CorruptImage, Detail: fmt.Sprintf("%s, %d bytes, is damaged or ends too early", kind, len(a.Image))}
	}
	return nil
}

// fits reports whether a picture is near enough to the size and the ratio asked for.
func (m Model) fits(width, height int, r Request) bool {
	ratio, err := m.ratio(r.Aspect)
	if err != nil || width < 1 || height < 1 {
		return false
	}
	return near(float64(width)/float64(height), ratio, ratioSlack) &&
		near(math.Sqrt(float64(width)*float64(height)), float64(m.Sizes[r.Size].Side), sideSlack)
}

func near(x, want, slack float64) bool { return x <= want*slack && x >= want/slack }

// usage reads the token counts. What is not told apart counts as picture, the dearest.
func usage(u *genai.GenerateContentResponseUsageMetadata) Usage {
	if u == nil {
		return Usage{}
	}
	words := int64(0)
	for _, d := range u.CandidatesTokensDetails {
		if d != nil && d.Modality == genai.MediaModalityText {
			words += int64(max(d.TokenCount, 0))
		}
	}
	out := int64(max(u.CandidatesTokenCount, 0))
	words = min(words, out)
	return Usage{
		Input:       int64(max(u.PromptTokenCount, 0)) + int64(max(u.ToolUsePromptTokenCount, 0)),
		OutputText:  words + int64(max(u.ThoughtsTokenCount, 0)),
		OutputImage: out - words,
	}
}

// nameForm is what services call models and answers.
var nameForm = regexp.MustCompile(`^[A-Za-z0-9_][A-Za-z0-9_.:/@-]{0,199}$`)

// name takes a service's name for something, if it looks like one.
func name(s string) string {
	if nameForm.MatchString(s) {
		return s
	}
	return ""
}
