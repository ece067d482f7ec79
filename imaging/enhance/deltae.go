package enhance

import "math"

// Lab is a colour in CIELAB under D65, as sRGB has it.
type Lab struct{ L, A, B float64 }

// linear is the sRGB transfer function of IEC 61966-2-1 for every 8-bit value.
var linear = func() (t [256]float64) {
	for i := range t {
		if v := float64(i) / 255; v <= 0.04045 {
			t[i] = v / 12.92
		} else {
			t[i] = math.Pow((v+0.055)/1.055, 2.4)
		}
	}
	return t
}()

// LabOf converts 8-bit sRGB to CIELAB with the white of sRGB, D65.
func LabOf(r, g, b uint8) Lab {
	lr, lg, lb := linear[r], linear[g], linear[b]
	x := f((0.4124564*lr + 0.3575761*lg + 0.1804375*lb) / 0.95047)
	y := f(0.2126729*lr + 0.7151522*lg + 0.0721750*lb)
	z := f((0.0193339*lr + 0.1191920*lg + 0.9503041*lb) / 1.08883)
	return Lab{116*y - 16, 500 * (x - y), 200 * (y - z)}
}

// f is CIELAB's cube root with its straight piece near black.
func f(t float64) float64 {
	if t > 216.0/24389 {
		return math.Cbrt(t)
	}
	return (24389.0/27*t + 16) / 116
}

// DeltaE2000 is the colour difference CIEDE2000 with all weights 1. About 1 is just visible
// side by side. The formula is that of Sharma, Wu and Dalal, "The CIEDE2000 color-difference
// formula: implementation notes, supplementary test data, and mathematical observations",
// Color Research and Application 30 (2005).
func DeltaE2000(p, q Lab) float64 {
	const pow25to7 = 6103515625.0
	meanC := (length(p.A, p.B) + length(q.A, q.B)) / 2
	c7 := pow7(meanC)
	g := 0.5 * (1 - math.Sqrt(c7/(c7+pow25to7)))
	pa, qa := (1+g)*p.A, (1+g)*q.A
	pc, qc := length(pa, p.B), length(qa, q.B)
	ph, qh := hue(pa, p.B), hue(qa, q.B)

	dh, meanH := qh-ph, ph+qh
	switch {
	case pc*qc == 0:
		dh = 0
	case math.Abs(ph-qh) <= 180:
		meanH /= 2
	case meanH < 360:
		dh, meanH = wrap(dh), (meanH+360)/2
	default:
		dh, meanH = wrap(dh), (meanH-360)/2
	}

	dL, dC := q.L-p.L, qc-pc
	dH := 2 * math.Sqrt(pc*qc) * math.Sin(radians(dh)/2)
	meanL, meanCp := (p.L+q.L)/2, (pc+qc)/2
	t := 1 - 0.17*math.Cos(radians(meanH-30)) + 0.24*math.Cos(radians(2*meanH)) +
		0.32*math.Cos(radians(3*meanH+6)) - 0.20*math.Cos(radians(4*meanH-63))
	l50 := (meanL - 50) * (meanL - 50)
	sL := 1 + 0.015*l50/math.Sqrt(20+l50)
	sC := 1 + 0.045*meanCp
	sH := 1 + 0.015*meanCp*t
	blue := (meanH - 275) / 25
	turn := 30 * math.Exp(-blue*blue)
	cp7 := pow7(meanCp)
	rT := -2 * math.Sqrt(cp7/(cp7+pow25to7)) * math.Sin(radians(2*turn))
	l, c, h := dL/sL, dC/sC, dH/sH
	return math.Sqrt(l*l + c*c + h*h + rT*c*h)
}

func length(a, b float64) float64 { return math.Sqrt(a*a + b*b) }

func pow7(v float64) float64 { return v * v * v * v * v * v * v }

// hue is the angle of a colour in degrees, 0 to 360; 0 for greys.
func hue(a, b float64) float64 {
	if a == 0 && b == 0 {
		return 0
	}
	h := math.Atan2(b, a) * 180 / math.Pi
	if h < 0 {
		return h + 360
	}
	return h
}

// wrap takes a hue difference of more than half a turn the other way round.
func wrap(dh float64) float64 {
	if dh > 180 {
		return dh - 360
	}
	return dh + 360
}

func radians(degrees float64) float64 { return degrees * math.Pi / 180 }
