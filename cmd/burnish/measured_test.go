package main

import (
	"strings"
	"testing"

	"burnish/imaging"
	"burnish/worker"
)

func TestInspectSaysWhatWasMeasuredAndDone(t *testing.T) {
	m := worker.Manifest{
		Analysis: imaging.Analysis{
			Exposure:      imaging.Exposure{Black: 2, Middle: 31.4, White: 76, ClippedDark: 0.012},
			Background:    imaging.Background{Color: imaging.Color{R: 188, G: 188, B: 188}, Evenness: 0.97},
			Detail:        imaging.Detail{Noise: 0.8, Texture: 2.5, Sharpness: 0.8},
			Colourfulness: 41, JPEGQuality: 90,
		},
		Steps: []imaging.Step{
			{Name: "exposure", Strength: 1, Why: "+1.0 EV: nothing is lighter than 50 % of white"},
			{Name: "denoise", Why: "noise of 2.4 levels", Veto: "it is texture"},
		},
	}
	var out strings.Builder
	explain(&out, m)
	for _, want := range []string{
		"light      L* from 2 to 76, half of it below 31; 1.2 % clipped at black, 0.0 % at white\n",
		"colour     colourfulness 41; the border is #bcbcbc, 97 % of it alike\n",
		"detail     noise of 0.8 levels where it is smoothest, 2.5 in half of it; the sharpest edges take 1.2 pixels; a JPEG of quality 90\n",
		"step       exposure 1.00: +1.0 EV: nothing is lighter than 50 % of white\n",
		"step       denoise vetoed (noise of 2.4 levels): it is texture\n",
	} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("no %q in:\n%s", want, out.String())
		}
	}
	out.Reset()
	explain(&out, worker.Manifest{})
	if strings.Contains(out.String(), "light ") || !strings.Contains(out.String(), "steps      none") {
		t.Errorf("of a manifest without measurements:\n%s", out.String())
	}
}
