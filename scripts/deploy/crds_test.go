package deploy

// The types of custom resources, as far as the manifests use them: those of their own modules
// would bring all of KEDA and of Google's operator.

type meta struct {
	APIVersion string            `json:"apiVersion"`
	Kind       string            `json:"kind"`
	Metadata   map[string]string `json:"metadata"`
}

type named struct {
	Name string `json:"name"`
}

// https://keda.sh/docs/latest/reference/scaledobject-spec/
type scaledObject struct {
	meta
	Spec struct {
		ScaleTargetRef  named `json:"scaleTargetRef"`
		MinReplicaCount int   `json:"minReplicaCount"`
		MaxReplicaCount int   `json:"maxReplicaCount"`
		PollingInterval int   `json:"pollingInterval"`
		CooldownPeriod  int   `json:"cooldownPeriod"`
		Fallback        struct {
			FailureThreshold int    `json:"failureThreshold"`
			Replicas         int    `json:"replicas"`
			Behavior         string `json:"behavior"`
		} `json:"fallback"`
		Advanced struct {
			HorizontalPodAutoscalerConfig struct {
				Behavior struct {
					ScaleUp   scalingRules `json:"scaleUp"`
					ScaleDown scalingRules `json:"scaleDown"`
				} `json:"behavior"`
			} `json:"horizontalPodAutoscalerConfig"`
		} `json:"advanced"`
		Triggers []struct {
			Type              string            `json:"type"`
			Metadata          map[string]string `json:"metadata"`
			AuthenticationRef named             `json:"authenticationRef"`
		} `json:"triggers"`
	} `json:"spec"`
}

type scalingRules struct {
	StabilizationWindowSeconds int `json:"stabilizationWindowSeconds"`
	Policies                   []struct {
		Type          string `json:"type"`
		Value         int    `json:"value"`
		PeriodSeconds int    `json:"periodSeconds"`
	} `json:"policies"`
}

// https://keda.sh/docs/latest/concepts/authentication/
type triggerAuthentication struct {
	meta
	Spec struct {
		PodIdentity struct {
			Provider string `json:"provider"`
		} `json:"podIdentity"`
	} `json:"spec"`
}

// https://github.com/GoogleCloudPlatform/prometheus-engine/blob/main/doc/api.md
type podMonitoring struct {
	meta
	Spec struct {
		Selector struct {
			MatchLabels map[string]string `json:"matchLabels"`
		} `json:"selector"`
		Endpoints []struct {
			Port     string `json:"port"`
			Path     string `json:"path"`
			Interval string `json:"interval"`
		} `json:"endpoints"`
		TargetLabels struct {
			FromPod []struct {
				From string `json:"from"`
				To   string `json:"to"`
			} `json:"fromPod"`
		} `json:"targetLabels"`
	} `json:"spec"`
}

// https://kubectl.docs.kubernetes.io/references/kustomize/kustomization/
type kustomization struct {
	meta
	Namespace string   `json:"namespace"`
	Resources []string `json:"resources"`
	Images    []struct {
		Name    string `json:"name"`
		NewName string `json:"newName"`
		NewTag  string `json:"newTag"`
	} `json:"images"`
}
