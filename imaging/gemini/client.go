package gemini

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"time"

	"cloud.google.com/go/auth"
	"cloud.google.com/go/auth/httptransport"
	"google.golang.org/genai"
)

// Options says how to reach a model, and how hard to press it.
type Options struct {
	Model Model

	// Key is the API key for the Gemini API. Without one, Vertex AI is asked.
	Key string

	// Project and Region are those of Vertex AI; no region means the model's first. Credentials
	// are the account's that pays.
	Project, Region string
	Credentials     *auth.Credentials

	// BaseURL is where the service is, if not at Google. Vertex AI there needs no credentials.
	BaseURL string

	// Answers keeps what was paid for; it must be there.
	Answers Answers

	// Share is the part of the project's quota that this process may take, above 0 up to 1; 0
	// means 1. A fleet of ten workers gives each 0.1.
	Share float64

	// Attempts is how often a request is sent at most while the service is throttled or does
	// not answer; 0 means 5. Deadline is what an edit may take in all, waits included; 0 means
	// 5 minutes.
	Attempts int
	Deadline time.Duration

	Log *slog.Logger // told when edits stop and go on; nil means nobody
}

func (o Options) withDefaults() (Options, error) {
	if o.Answers == nil {
		return o, errors.New("gemini: no store for answers, without which an edit could be paid for twice")
	}
	if o.Key == "" && o.Project == "" {
		return o, errors.New("gemini: neither an API key nor a Google Cloud project is given")
	}
	if o.Share == 0 {
		o.Share = 1
	}
	if o.Share < 0 || o.Share > 1 {
		return o, fmt.Errorf("gemini: a share of the quota of %v; expected above 0, up to 1", o.Share)
	}
	if o.Region == "" && o.Key == "" {
		o.Region = o.Model.Regions[0]
	}
	if o.Attempts == 0 {
		o.Attempts = 5
	}
	if o.Deadline == 0 {
		o.Deadline = 5 * time.Minute
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	return o, nil
}

// Client edits photos by a model of the Gemini API or of Vertex AI. It may be used by many
// goroutines at once.
type Client struct {
	options Options
	model   Model
	sdk     *genai.Client
	pace    *pace
	breaker *breaker
}

var _ Editor = (*Client)(nil)

// NewClient returns a client. It sends nothing yet.
func NewClient(ctx context.Context, o Options) (*Client, error) {
	o, err := o.withDefaults()
	if err != nil {
		return nil, err
	}
	config := &genai.ClientConfig{
		Backend: genai.BackendGeminiAPI, APIKey: o.Key,
		HTTPClient:  &http.Client{Transport: transport{http.DefaultTransport}},
		HTTPOptions: genai.HTTPOptions{BaseURL: o.BaseURL},
	}
	if o.Key == "" {
		config.Backend, config.Project, config.Location = genai.BackendVertexAI, o.Project, o.Region
		if o.Credentials != nil {
			if project, err := o.Credentials.QuotaProjectID(ctx); err == nil && project != "" {
				config.HTTPOptions.Headers = http.Header{"X-Goog-User-Project": {project}}
			}
			if err := httptransport.AddAuthorizationMiddleware(config.HTTPClient, tokens(o.Credentials)); err != nil {
				return nil, errors.New("gemini: the credentials for Vertex AI cannot be used")
			}
		} else if o.BaseURL == "" {
			return nil, errors.New("gemini: Vertex AI needs application default credentials")
		}
	}
	sdk, err := genai.NewClient(ctx, config)
	if err != nil { // its text holds the key
		return nil, errors.New("gemini: the SDK does not take these settings: check the project and the region")
	}
	return &Client{options: o, model: o.Model, sdk: sdk, pace: newPace(o.Model.RequestsPerMinute * o.Share), breaker: newBreaker(o.Log)}, nil
}

// tokens marks what goes wrong with a token as what it is.
func tokens(c *auth.Credentials) *auth.Credentials {
	return auth.NewCredentials(&auth.CredentialsOptions{
		TokenProvider:          marked{c},
		ProjectIDProvider:      auth.CredentialsPropertyFunc(c.ProjectID),
		QuotaProjectIDProvider: auth.CredentialsPropertyFunc(c.QuotaProjectID),
		UniverseDomainProvider: auth.CredentialsPropertyFunc(c.UniverseDomain),
	})
}

type marked struct{ auth.TokenProvider }

// Token implements auth.TokenProvider.
func (m marked) Token(ctx context.Context) (*auth.Token, error) {
	token, err := m.TokenProvider.Token(ctx)
	if err != nil {
		return nil, &deniedError{err}
	}
	return token, nil
}

// Model is the model that is asked.
func (c *Client) Model() Model { return c.model }

// Edit implements Editor. A request that was answered before is answered out of the store.
func (c *Client) Edit(ctx context.Context, r Request) (Answer, error) {
	if err := c.model.check(r); err != nil {
		return Answer{}, err
	}
	hash := c.model.Hash(r)
	if a, err := c.stored(ctx, hash); !errors.Is(err, ErrNoAnswer) {
		return a, err
	}
	ctx, cancel := context.WithTimeout(ctx, c.options.Deadline)
	defer cancel()
	a, err := c.insist(ctx, r)
	return c.keep(ctx, hash, a, err)
}

// insist asks until there is an answer, a reason that does not pass, or no time left.
func (c *Client) insist(ctx context.Context, r Request) (Answer, error) {
	unsure := 0.0
	for attempt := 1; ; attempt++ {
		a, err := c.attempt(ctx, r)
		e := (*Error)(nil)
		if !errors.As(err, &e) {
			a.Unsure += unsure
			return a, err
		}
		unsure += e.Unsure
		e.Unsure = unsure
		if !e.Reason.passing() || attempt >= c.options.Attempts {
			return a, err
		}
		if e.Reason == Throttled {
			c.pace.pause(e.After)
		}
		if !sleep(ctx, wait(attempt, e.After)) {
			return a, err
		}
	}
}

// attempt sends a request once, when the breaker lets it and the rate has room.
func (c *Client) attempt(ctx context.Context, r Request) (a Answer, err error) {
	done, err := c.breaker.enter()
	if err != nil {
		return Answer{}, err
	}
	defer func() { done(err) }()
	if err := c.pace.wait(ctx); err != nil {
		return Answer{}, ended(ctx, "it waited for its share of the quota")
	}
	x := &exchange{limit: c.model.replyLimit(r.Size)}
	reply, err := c.sdk.Models.GenerateContent(withExchange(ctx, x), c.model.ID, c.model.contents(r), c.model.config(r))
	if err != nil {
		e := classify(ctx, err, x)
		if untold(err, x) {
			e.Unsure = c.model.Estimate(r.Size, len(r.Prompt), false)
		}
		return Answer{}, e
	}
	return c.model.read(reply, r, false)
}

// replyLimit is what a reply may take, in bytes: two pictures that hardly compress, in base64.
func (m Model) replyLimit(size string) int64 {
	side := int64(m.Sizes[size].Side)
	return maxReply + 8*side*side
}

// contents is what the model sees: first the photo, then what to do with it.
func (m Model) contents(r Request) []*genai.Content {
	return []*genai.Content{{Role: genai.RoleUser, Parts: []*genai.Part{
		{InlineData: &genai.Blob{MIMEType: mediaTypes[r.Format], Data: r.Photo}},
		{Text: r.Prompt},
	}}}
}

func (m Model) config(r Request) *genai.GenerateContentConfig {
	return &genai.GenerateContentConfig{
		ResponseModalities: []string{string(genai.ModalityImage)},
		CandidateCount:     1,
		Seed:               genai.Ptr(r.Seed),
		ImageConfig:        &genai.ImageConfig{AspectRatio: r.Aspect, ImageSize: r.Size},
	}
}
