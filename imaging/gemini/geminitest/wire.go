package geminitest

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"image"
	_ "image/jpeg" // photos come in either
	_ "image/png"
	"net/http"
	"slices"
)

// Edit is what a request asks for.
type Edit struct {
	Prompt string
	Photo  image.Image
	Size   string
	Aspect string
	Seed   int32
}

// request is the body of generateContent, as far as edits use it. Both services take it.
type request struct {
	Contents []struct {
		Role  string `json:"role"`
		Parts []part `json:"parts"`
	} `json:"contents"`
	GenerationConfig struct {
		ResponseModalities []string `json:"responseModalities"`
		CandidateCount     int      `json:"candidateCount"`
		Seed               int32    `json:"seed"`
		ImageConfig        struct {
			AspectRatio string `json:"aspectRatio"`
			ImageSize   string `json:"imageSize"`
		} `json:"imageConfig"`
	} `json:"generationConfig"`
}

type part struct {
	Text       string `json:"text,omitempty"`
	InlineData *blob  `json:"inlineData,omitempty"`
	Thought    bool   `json:"thought,omitempty"`
}

type blob struct {
	MIMEType string `json:"mimeType"`
	Data     []byte `json:"data"` // base64
}

// response is what generateContent answers.
type response struct {
	Candidates     []candidate `json:"candidates,omitempty"`
	PromptFeedback *feedback   `json:"promptFeedback,omitempty"`
	UsageMetadata  *usage      `json:"usageMetadata,omitempty"`
	ModelVersion   string      `json:"modelVersion"`
	ResponseID     string      `json:"responseId"`
}

type candidate struct {
	Content      *content `json:"content,omitempty"`
	FinishReason string   `json:"finishReason"`
	Index        int      `json:"index"`
}

type content struct {
	Role  string `json:"role"`
	Parts []part `json:"parts"`
}

type feedback struct {
	BlockReason string `json:"blockReason"`
}

type usage struct {
	Prompt        int     `json:"promptTokenCount"`
	Candidates    int     `json:"candidatesTokenCount,omitempty"`
	Total         int     `json:"totalTokenCount"`
	Thoughts      int     `json:"thoughtsTokenCount,omitempty"`
	PromptDetails []count `json:"promptTokensDetails"`
	Details       []count `json:"candidatesTokensDetails,omitempty"`
}

type count struct {
	Modality string `json:"modality"`
	Tokens   int    `json:"tokenCount"`
}

// parse reads a request as strictly as the services do.
func (s *Server) parse(body []byte) (Edit, error) {
	var r request
	dec := json.NewDecoder(bytes.NewReader(body))
	dec.DisallowUnknownFields()
	if err := dec.Decode(&r); err != nil {
		return Edit{}, err
	}
	g := r.GenerationConfig
	e := Edit{Size: g.ImageConfig.ImageSize, Aspect: g.ImageConfig.AspectRatio, Seed: g.Seed}
	if _, ok := s.options.Sides[e.Size]; !ok {
		return e, fmt.Errorf("imageSize %q", e.Size)
	}
	if _, _, err := aspect(e.Aspect); err != nil {
		return e, err
	}
	if !slices.Contains(g.ResponseModalities, "IMAGE") || len(r.Contents) != 1 || r.Contents[0].Role != "user" {
		return e, errors.New("not one question for a picture")
	}
	for _, p := range r.Contents[0].Parts {
		e.Prompt += p.Text
		if p.InlineData == nil {
			continue
		}
		var err error
		if e.Photo, _, err = image.Decode(bytes.NewReader(p.InlineData.Data)); err != nil {
			return e, err
		}
	}
	if e.Photo == nil || e.Prompt == "" {
		return e, errors.New("no photo or no prompt")
	}
	return e, nil
}

// aspect reads "4:5".
func aspect(text string) (w, h int, err error) {
	if _, err := fmt.Sscanf(text, "%d:%d", &w, &h); err != nil || w < 1 || h < 1 || w > 8*h || h > 8*w {
		return 0, 0, fmt.Errorf("aspectRatio %q", text)
	}
	return w, h, nil
}

// fail answers with a google.rpc.Status. Its sentence quotes what must not be passed on, as the
// services' do.
func fail(w http.ResponseWriter, status int, code string, details []any) {
	w.Header().Set("Content-Type", "application/json; charset=UTF-8")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(map[string]any{"error": map[string]any{ // a client that is gone
		"code": status, "status": code, "message": Secret + ": the request was not carried out", "details": details,
	}})
}

// Secret stands in every sentence of the stand-in: wherever it shows, a sentence was passed on.
const Secret = "quoted-secret"

func errorInfo(reason string) any {
	return map[string]any{"@type": "type.googleapis.com/google.rpc.ErrorInfo", "reason": reason, "domain": "googleapis.com"}
}
