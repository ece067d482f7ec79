package ssimulacra2

// The blur has σ = 1.5. It is the truncated-cosine approximation of a Gaussian of radius 5
// that JPEG XL runs as a recursive filter (Charalampidis 2016, eq. 37 to 57); its impulse
// response is finite, and these nine taps are it. They add up to 1 with variance σ².
// Outside the picture is 0, as there.
const (
	tap0 = 0.2646211054881986
	tap1 = 0.21292859201042227
	tap2 = 0.10933537277746035
	tap3 = 0.03601111465836439
	tap4 = 0.009414367809653733

	reach = 4
)

// scratch is the memory that blurs share.
type scratch struct {
	rows []float32 // the picture blurred along its rows
	line []float32 // one row with reach zeros at both ends
	none []float32 // a row of zeros
}

func newScratch(size int) *scratch { return &scratch{rows: make([]float32, size)} }

func (s *scratch) blur(in, out []float32, w, h int) {
	s.ready(w)
	for y := range h {
		copy(s.line[reach:], in[y*w:][:w])
		along(s.line, s.rows[y*w:][:w])
	}
	s.across(out, w, h)
}

// blurProduct blurs a times b.
func (s *scratch) blurProduct(a, b, out []float32, w, h int) {
	s.ready(w)
	for y := range h {
		ra, rb := a[y*w:][:w], b[y*w:][:w]
		line := s.line[reach:][:w]
		for x := range line {
			line[x] = ra[x] * rb[x]
		}
		along(s.line, s.rows[y*w:][:w])
	}
	s.across(out, w, h)
}

func (s *scratch) ready(w int) {
	if len(s.none) != w {
		s.none = make([]float32, w)
		s.line = make([]float32, w+2*reach)
	}
}

func along(line, out []float32) {
	for x := range out {
		v := line[x:][: 2*reach+1 : 2*reach+1]
		out[x] = tap0*v[4] + tap1*(v[3]+v[5]) + tap2*(v[2]+v[6]) + tap3*(v[1]+v[7]) + tap4*(v[0]+v[8])
	}
}

func (s *scratch) across(out []float32, w, h int) {
	row := func(y int) []float32 {
		if y < 0 || y >= h {
			return s.none[:w]
		}
		return s.rows[y*w:][:w]
	}
	for y := range h {
		m4, m3, m2, m1 := row(y-4), row(y-3), row(y-2), row(y-1)
		p1, p2, p3, p4 := row(y+1), row(y+2), row(y+3), row(y+4)
		mid, to := row(y), out[y*w:][:w]
		for x := range to {
			to[x] = tap0*mid[x] + tap1*(m1[x]+p1[x]) + tap2*(m2[x]+p2[x]) +
				tap3*(m3[x]+p3[x]) + tap4*(m4[x]+p4[x])
		}
	}
}
