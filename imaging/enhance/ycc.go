package enhance

// planes is a picture in the YCbCr of JFIF (BT.601, full range), 8 bits each.
type planes struct {
	width, height int
	y, cb, cr     []uint8
}

// toYCC converts with the coefficients of JFIF 1.02 in 16-bit fixed point.
func toYCC(p Picture) planes {
	n := p.Width * p.Height
	out := planes{p.Width, p.Height, make([]uint8, n), make([]uint8, n), make([]uint8, n)}
	for i := range n {
		r, g, b := int32(p.Pix[3*i]), int32(p.Pix[3*i+1]), int32(p.Pix[3*i+2])
		out.y[i] = uint8((19595*r + 38470*g + 7471*b + 1<<15) >> 16)
		out.cb[i] = uint8(min(255, (-11059*r-21709*g+32768*b+1<<23+1<<15)>>16))
		out.cr[i] = uint8(min(255, (32768*r-27439*g-5329*b+1<<23+1<<15)>>16))
	}
	return out
}

// toRGB is the inverse of toYCC for one pixel.
func toRGB(y, cb, cr int32) (r, g, b uint8) {
	cb, cr = cb-128, cr-128
	return clip(y + (91881*cr+1<<15)>>16),
		clip(y - (22554*cb+46802*cr-1<<15)>>16),
		clip(y + (116130*cb+1<<15)>>16)
}

func clip(v int32) uint8 { return uint8(max(0, min(255, v))) }

// subsampled averages chroma over 2 × 2 pixels; at odd borders the last pixel counts twice.
func (p planes) subsampled() (cb, cr []uint8) {
	w, h := (p.width+1)/2, (p.height+1)/2
	cb, cr = make([]uint8, w*h), make([]uint8, w*h)
	for y := range h {
		top, bottom := 2*y*p.width, min(2*y+1, p.height-1)*p.width
		for x := range w {
			l, r := 2*x, min(2*x+1, p.width-1)
			i, j, k, m := top+l, top+r, bottom+l, bottom+r
			cb[y*w+x] = uint8((int(p.cb[i]) + int(p.cb[j]) + int(p.cb[k]) + int(p.cb[m]) + 2) / 4)
			cr[y*w+x] = uint8((int(p.cr[i]) + int(p.cr[j]) + int(p.cr[k]) + int(p.cr[m]) + 2) / 4)
		}
	}
	return cb, cr
}

// spread is the chroma of one pixel after subsampling: nine sixteenths of its own sample, three
// of the nearest beside and of the nearest above or below, one of the one across.
func (p planes) spread(s []uint8, x, y int) int32 {
	w, h := (p.width+1)/2, (p.height+1)/2
	own, beside := x/2, max(0, min(w-1, x/2+2*(x&1)-1))
	near, far := y/2*w, max(0, min(h-1, y/2+2*(y&1)-1))*w
	return (9*int32(s[near+own]) + 3*int32(s[near+beside]) + 3*int32(s[far+own]) + int32(s[far+beside]) + 8) / 16
}
