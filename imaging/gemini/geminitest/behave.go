package geminitest

import (
	"fmt"
	"net/http"
	"strconv"
	"time"
)

// Fault is a way in which an answer goes wrong.
type Fault string

// The faults. What reaches the model is billed, whole or not.
const (
	Throttle     Fault = "429 with RetryInfo"
	ThrottleHTTP Fault = "429 with Retry-After"
	DayQuota     Fault = "429 for the day"
	Overloaded   Fault = "503"
	BadKey       Fault = "400 for the key"
	Forbidden    Fault = "403"
	Gone         Fault = "404"
	Blocked      Fault = "200 without candidates" // billed for its input
	NoImage      Fault = "NO_IMAGE"               // billed for its input and thoughts
	Refused      Fault = "IMAGE_SAFETY"           // billed for its input and thoughts
	TextOnly     Fault = "text only"
	WrongSize    Fault = "wrong size"
	Corrupt      Fault = "corrupt picture"
	Huge         Fault = "huge reply"
	CutOff       Fault = "cut off"
	Garbage      Fault = "HTML" // from something between; not billed
)

// Behaviour is how the stand-in answers one request. The zero value answers well.
type Behaviour struct {
	Fault Fault
	Delay time.Duration // before the answer
	Retry time.Duration // that 429 asks to wait
	Paint Paint
}

// Tokens of the parts of an answer. Pictures of every size are billed alike here.
const (
	photoTokens   = 258
	wordTokens    = 20
	thoughtTokens = 90
	imageTokens   = 1120
)

// answer serves a request as b says.
func (s *Server) answer(w http.ResponseWriter, e Edit, b Behaviour) {
	retry := strconv.FormatFloat(b.Retry.Seconds(), 'f', -1, 64) + "s"
	info := map[string]any{"@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": retry}
	s.count(func(n *Billed) { n.Requests++ })
	switch b.Fault {
	case Throttle:
		fail(w, 429, "RESOURCE_EXHAUSTED", []any{quota("GenerateRequestsPerMinutePerProjectPerModel"), info})
	case ThrottleHTTP:
		w.Header().Set("Retry-After", strconv.Itoa(int(b.Retry.Seconds())))
		fail(w, 429, "RESOURCE_EXHAUSTED", nil)
	case DayQuota:
		fail(w, 429, "RESOURCE_EXHAUSTED", []any{quota("GenerateRequestsPerDayPerProjectPerModel"), info})
	case Overloaded:
		fail(w, 503, "UNAVAILABLE", nil)
	case BadKey:
		fail(w, 400, "INVALID_ARGUMENT", []any{errorInfo("API_KEY_INVALID")})
	case Forbidden:
		fail(w, 403, "PERMISSION_DENIED", nil)
	case Gone:
		fail(w, 404, "NOT_FOUND", nil)
	case Garbage:
		fmt.Fprintf(w, "<html>%s: the proxy says hello</html>", Secret)
	case CutOff:
		s.cutOff(w, e, b)
	case Huge:
		s.huge(w, e)
	default:
		reply(w, s.respond(e, b, 1))
	}
}

// respond makes the body of an answer with status 200, and bills it at a share of the prices.
func (s *Server) respond(e Edit, b Behaviour, share float64) response {
	in := photoTokens + len(e.Prompt)/4 + 1
	r := response{ModelVersion: s.options.Model, ResponseID: fmt.Sprintf("answer-%d", s.Billed().Requests)}
	switch b.Fault {
	case Blocked:
		r.PromptFeedback = &feedback{BlockReason: "PROHIBITED_CONTENT"}
		r.UsageMetadata = s.bill(in, 0, 0, 0, share)
	case NoImage:
		r.Candidates = []candidate{{FinishReason: "NO_IMAGE"}}
		r.UsageMetadata = s.bill(in, 0, thoughtTokens, 0, share)
	case Refused:
		r.Candidates = []candidate{{FinishReason: "IMAGE_SAFETY"}}
		r.UsageMetadata = s.bill(in, 0, thoughtTokens, 0, share)
	case TextOnly:
		r.Candidates = []candidate{{Content: &content{"model", []part{{Text: Secret + ": a fine photo as it is."}}}, FinishReason: "STOP"}}
		r.UsageMetadata = s.bill(in, wordTokens, thoughtTokens, 0, share)
	default:
		r.Candidates = []candidate{{Content: &content{"model", []part{
			{InlineData: &blob{"image/png", draft()}, Thought: true},
			{InlineData: &blob{"image/png", s.picture(e, b)}},
		}}, FinishReason: "STOP"}}
		r.UsageMetadata = s.bill(in, 0, thoughtTokens, imageTokens, share)
		s.count(func(n *Billed) { n.Images++ })
	}
	return r
}

// picture is the coded result.
func (s *Server) picture(e Edit, b Behaviour) []byte {
	w, h := s.dimensions(e)
	if b.Fault == WrongSize {
		w, h = h/2, w
	}
	data := encode(b.Paint.apply(e.Photo, w, h))
	if b.Fault == Corrupt {
		data = data[:len(data)/2]
	}
	return data
}

// bill counts tokens and says what the reply says of them.
func (s *Server) bill(in, words, thoughts, picture int, share float64) *usage {
	s.count(func(n *Billed) {
		n.Answers++
		n.Input += in
		n.Text += words + thoughts
		n.Image += picture
		n.USD += share * (float64(in)*s.options.Input + float64(words+thoughts)*s.options.Text + float64(picture)*s.options.Image) / 1e6
	})
	u := &usage{
		Prompt: in, Candidates: words + picture, Thoughts: thoughts, Total: in + words + picture + thoughts,
		PromptDetails: []count{{"TEXT", in - photoTokens}, {"IMAGE", photoTokens}},
	}
	if picture > 0 {
		u.Details = append(u.Details, count{"IMAGE", picture})
	}
	if words > 0 {
		u.Details = append(u.Details, count{"TEXT", words})
	}
	return u
}

func (s *Server) count(change func(*Billed)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	change(&s.billed)
}

// cutOff sends half an answer and ends the connection.
func (s *Server) cutOff(w http.ResponseWriter, e Edit, b Behaviour) {
	data := marshal(s.respond(e, b, 1))
	w.Header().Set("Content-Length", strconv.Itoa(len(data)))
	_, _ = w.Write(data[:len(data)/2])
	panic(http.ErrAbortHandler)
}

// huge sends white space for as long as the client reads, up to a gibibyte.
func (s *Server) huge(w http.ResponseWriter, e Edit) {
	s.respond(e, Behaviour{}, 1) // billed
	blank := make([]byte, 1<<20)
	for i := range blank {
		blank[i] = ' '
	}
	for range 1 << 10 {
		if _, err := w.Write(blank); err != nil {
			return
		}
	}
}

func quota(id string) any {
	return map[string]any{"@type": "type.googleapis.com/google.rpc.QuotaFailure", "violations": []any{
		map[string]any{"quotaMetric": "generativelanguage.googleapis.com/generate_content_requests", "quotaId": id},
	}}
}
