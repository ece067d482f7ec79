package gemini

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"regexp"
	"strings"
	"time"

	"google.golang.org/genai"
)

// classify turns what the SDK returned for one attempt into an Error. The SDK's texts quote whole
// replies and configurations, so none of them is passed on.
func classify(ctx context.Context, err error, x *exchange) *Error {
	var api genai.APIError
	var network net.Error
	var syntax *json.SyntaxError
	var denied *deniedError
	switch {
	case errors.Is(err, errHuge):
		return &Error{Reason: HugeReply, Detail: fmt.Sprintf("more than %d bytes", x.limit)}
	case errors.As(err, &api):
		return fromAPI(api, x)
	case errors.As(err, &denied):
		return &Error{Reason: Denied, Detail: "no access token could be had for Vertex AI"}
	case ctx.Err() != nil:
		return ended(ctx, "")
	case errors.Is(err, io.ErrUnexpectedEOF), errors.As(err, &syntax):
		return &Error{Reason: Malformed, Detail: "cut off, or no JSON"}
	case x.sent:
		return &Error{Reason: Malformed}
	case errors.As(err, &network):
		return &Error{Reason: Unavailable, Detail: "no connection"}
	}
	return &Error{Reason: Unavailable, Detail: fmt.Sprintf("%T", err)}
}

// ended says why a context ended: for a deadline, or because somebody stopped it.
func ended(ctx context.Context, detail string) *Error {
	if errors.Is(ctx.Err(), context.Canceled) {
		return &Error{Reason: Unavailable, Detail: "stopped", Err: context.Canceled}
	}
	return &Error{Reason: Deadline, Detail: detail, Err: context.DeadlineExceeded}
}

// untold reports whether a request may have been billed although no whole reply tells: it was
// sent, and what came back was neither an answer nor a refusal.
func untold(err error, x *exchange) bool {
	if x.sent {
		return x.status < 300
	}
	var dial *net.OpError
	var denied *deniedError
	return !errors.As(err, &denied) && (!errors.As(err, &dial) || dial.Op != "dial")
}

// deniedError marks a failure to get a token.
type deniedError struct{ error }

// fromAPI reads an error reply (google.rpc.Status in JSON, https://google.aip.dev/193).
func fromAPI(api genai.APIError, x *exchange) *Error {
	status := api.Code
	if x.status != 0 {
		status = x.status
	}
	said := readDetails(api.Details)
	e := &Error{Reason: Unavailable, After: max(x.retryAfter, said.retry), Detail: codes(status, api.Status, said)}
	switch {
	case status == 429 && said.day:
		e.Reason = DayQuota
	case status == 429:
		e.Reason = Throttled
	case status == 401, status == 403, strings.HasPrefix(said.reason, "API_KEY_"),
		status == 400 && api.Status == "FAILED_PRECONDITION": // billing is off, or the region has no Gemini API
		e.Reason = Denied
	case status == 404:
		e.Reason = ModelGone
	case status == 400, status == 413:
		e.Reason = Rejected
	case status == 408, status >= 500:
	default:
		e.Reason = Malformed
	}
	return e
}

// details is what an error reply says in fields made for programs.
type details struct {
	reason string // ErrorInfo
	retry  time.Duration
	quota  string // id of the quota that was exceeded
	day    bool   // that quota is one of a day
}

// codeForm is what is passed on of a service's words: names of its own, no sentences.
var codeForm = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9_.-]{0,99}$`)

func readDetails(all []map[string]any) details {
	var d details
	for _, detail := range all {
		kind, _ := detail["@type"].(string)
		switch kind[strings.LastIndexByte(kind, '.')+1:] {
		case "ErrorInfo":
			d.reason = code(detail["reason"])
		case "RetryInfo":
			text, _ := detail["retryDelay"].(string)
			if delay, err := time.ParseDuration(text); err == nil {
				d.retry = max(d.retry, clamp(delay))
			}
		case "QuotaFailure":
			violations, _ := detail["violations"].([]any)
			for _, v := range violations {
				violation, _ := v.(map[string]any)
				id := code(violation["quotaId"])
				if day := strings.Contains(id, "PerDay"); d.quota == "" || day {
					d.quota, d.day = id, d.day || day
				}
			}
		}
	}
	return d
}

// code passes on what is a name of the service's own, and nothing else.
func code(v any) string {
	if text, _ := v.(string); codeForm.MatchString(text) {
		return text
	}
	return ""
}

// codes writes what a service said in codes, as "HTTP 429 RESOURCE_EXHAUSTED".
func codes(status int, grpc string, d details) string {
	said := []string{fmt.Sprintf("HTTP %d", status)}
	for _, c := range []string{code(grpc), d.reason, d.quota} {
		if c != "" {
			said = append(said, c)
		}
	}
	return strings.Join(said, " ")
}
