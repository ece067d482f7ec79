package main

import (
	"fmt"
	"io"

	"burnish/imaging"
)

// measured says in words what was measured on a photo; nothing of manifests from before it was.
func measured(out io.Writer, a imaging.Analysis) {
	e := a.Exposure
	if e == (imaging.Exposure{}) {
		return
	}
	fmt.Fprintf(out, "light      L* from %.0f to %.0f, half of it below %.0f; %.1f %% clipped at black, %.1f %% at white\n",
		e.Black, e.White, e.Middle, 100*e.ClippedDark, 100*e.ClippedLight)
	fmt.Fprintf(out, "colour     colourfulness %.0f; the border is %v, %.0f %% of it alike\n",
		a.Colourfulness, a.Background.Color, 100*a.Background.Evenness)
	fmt.Fprintf(out, "detail     noise of %.1f levels where it is smoothest, %.1f in half of it", a.Detail.Noise, a.Detail.Texture)
	if a.Detail.Sharpness > 0 {
		fmt.Fprintf(out, "; the sharpest edges take %.1f pixels", 1/a.Detail.Sharpness)
	}
	if a.JPEGQuality > 0 {
		fmt.Fprintf(out, "; a JPEG of quality %d", a.JPEGQuality)
	}
	fmt.Fprintln(out)
}
