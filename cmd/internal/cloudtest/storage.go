package cloudtest

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"

	"cloud.google.com/go/iam/apiv1/iampb"
	storage "google.golang.org/api/storage/v1"
	"google.golang.org/genproto/googleapis/type/expr"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

// Bucket is a bucket without objects.
type Bucket struct {
	Uploads       int // that were taken
	Notifications []*storage.Notification

	// Lag is how many notifications are refused although Cloud Storage's account may publish
	// to their topic: a grant takes a while until it is in force.
	Lag int
}

// Agent is the account by which Cloud Storage publishes notifications.
const Agent = "serviceAccount:service-" + Number + "@gs-project-accounts.iam.gserviceaccount.com"

// BucketResource names a bucket in Policies.
func BucketResource(name string) string { return "buckets/" + name }

// storage serves what of the JSON API is not about objects.
func (c *Cloud) storage() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /storage/v1/projects/{project}/serviceAccount", func(w http.ResponseWriter, r *http.Request) {
		if r.PathValue("project") != Project {
			refuse(w, http.StatusNotFound, "The requested project was not found.")
			return
		}
		reply(w, &storage.ServiceAccount{EmailAddress: strings.TrimPrefix(Agent, "serviceAccount:")})
	})
	of := func(pattern string, serve func(http.ResponseWriter, *http.Request, string, *Bucket)) {
		mux.HandleFunc(pattern, func(w http.ResponseWriter, r *http.Request) {
			name := r.PathValue("bucket")
			b, ok := c.Buckets[name]
			if !ok {
				refuse(w, http.StatusNotFound, "The specified bucket does not exist.")
				return
			}
			serve(w, r, name, b)
		})
	}
	of("GET /storage/v1/b/{bucket}", func(w http.ResponseWriter, _ *http.Request, name string, _ *Bucket) {
		reply(w, map[string]string{"name": name, "projectNumber": Number})
	})
	of("GET /storage/v1/b/{bucket}/notificationConfigs", func(w http.ResponseWriter, _ *http.Request, _ string, b *Bucket) {
		reply(w, &storage.Notifications{Items: b.Notifications})
	})
	of("POST /storage/v1/b/{bucket}/notificationConfigs", c.notify)
	of("GET /storage/v1/b/{bucket}/iam", c.bucketPolicy)
	of("GET /storage/v1/b/{bucket}/iam/testPermissions", func(w http.ResponseWriter, r *http.Request, name string, _ *Bucket) {
		reply(w, &storage.TestIamPermissionsResponse{Permissions: c.has(BucketResource(name), r.URL.Query()["permissions"])})
	})
	// There are no objects, and an upload is taken and forgotten.
	of("GET /storage/v1/b/{bucket}/o/{object}", func(w http.ResponseWriter, _ *http.Request, _ string, _ *Bucket) {
		refuse(w, http.StatusNotFound, "No such object.")
	})
	of("GET /storage/v1/b/{bucket}/o", func(w http.ResponseWriter, _ *http.Request, _ string, _ *Bucket) {
		reply(w, &storage.Objects{Kind: "storage#objects"})
	})
	of("POST /upload/storage/v1/b/{bucket}/o", func(w http.ResponseWriter, r *http.Request, name string, b *Bucket) {
		_, _ = io.Copy(io.Discard, r.Body)
		b.Uploads++
		reply(w, &storage.Object{Bucket: name, Name: "burnish/probe", Generation: 1, Crc32c: "AAAAAA=="})
	})
	of("PUT /storage/v1/b/{bucket}/iam", c.setBucketPolicy)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if c.denied(strings.TrimPrefix(strings.TrimPrefix(r.URL.Path, "/"), "storage/v1/")) {
			refuse(w, http.StatusForbidden, "The caller does not have access.")
			return
		}
		mux.ServeHTTP(w, r)
	})
}

// notify makes a notification if Cloud Storage's account may publish to its topic.
func (c *Cloud) notify(w http.ResponseWriter, r *http.Request, _ string, b *Bucket) {
	n := new(storage.Notification)
	if err := json.NewDecoder(r.Body).Decode(n); err != nil {
		refuse(w, http.StatusBadRequest, err.Error())
		return
	}
	topic := strings.TrimPrefix(n.Topic, "//pubsub.googleapis.com/")
	may := c.Policies.Holds(topic, "roles/pubsub.publisher", Agent)
	if may && b.Lag > 0 {
		b.Lag--
		may = false
	}
	if !may {
		refuse(w, http.StatusForbidden, "The service account does not have permission to publish messages to "+topic)
		return
	}
	n.Id = fmt.Sprint(len(b.Notifications) + 1)
	b.Notifications = append(b.Notifications, n)
	reply(w, n)
}

func (c *Cloud) bucketPolicy(w http.ResponseWriter, r *http.Request, name string, _ *Bucket) {
	var version int32
	_, _ = fmt.Sscan(r.URL.Query().Get("optionsRequestedPolicyVersion"), &version)
	p := c.Policies.get(BucketResource(name), version)
	answer := &storage.Policy{Etag: base64.StdEncoding.EncodeToString(p.Etag), Version: int64(p.Version)}
	for _, b := range p.Bindings {
		binding := &storage.PolicyBindings{Role: b.Role, Members: b.Members}
		if b.Condition != nil {
			binding.Condition = &storage.Expr{Expression: b.Condition.Expression, Title: b.Condition.Title}
		}
		answer.Bindings = append(answer.Bindings, binding)
	}
	reply(w, answer)
}

func (c *Cloud) setBucketPolicy(w http.ResponseWriter, r *http.Request, name string, _ *Bucket) {
	var asked storage.Policy
	if err := json.NewDecoder(r.Body).Decode(&asked); err != nil {
		refuse(w, http.StatusBadRequest, err.Error())
		return
	}
	p := &iampb.Policy{Version: int32(asked.Version)}
	p.Etag, _ = base64.StdEncoding.DecodeString(asked.Etag)
	for _, b := range asked.Bindings {
		binding := &iampb.Binding{Role: b.Role, Members: b.Members}
		if b.Condition != nil {
			binding.Condition = &expr.Expr{Expression: b.Condition.Expression, Title: b.Condition.Title}
		}
		p.Bindings = append(p.Bindings, binding)
	}
	switch err := c.Policies.set(BucketResource(name), p); status.Code(err) {
	case codes.OK:
		reply(w, &asked)
	case codes.Aborted:
		refuse(w, http.StatusPreconditionFailed, err.Error())
	default:
		refuse(w, http.StatusBadRequest, err.Error())
	}
}

func reply(w http.ResponseWriter, body any) {
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(body)
}

func refuse(w http.ResponseWriter, code int, message string) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(code)
	_ = json.NewEncoder(w).Encode(map[string]any{"error": map[string]any{"code": code, "message": message}})
}
