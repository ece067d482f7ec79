package enhance

import "burnish/imaging"

// background measures what a picture's border shows: the median colour, and how much of it is alike.
func background(p Picture) imaging.Background {
	if p.Width < 8 || p.Height < 8 || len(p.Pix) < 3*p.Width*p.Height {
		return imaging.Background{}
	}
	border := borderOf(p)
	var bands [3]histogram
	for i, v := range border {
		bands[i%3].count[v]++
	}
	var median [3]uint8
	for c := range bands {
		bands[c].total = len(border) / 3
		median[c] = bands[c].level(0.5)
	}
	alike := 0
	for i := 0; i < len(border); i += 3 {
		near := true
		for c := range 3 {
			d := int(border[i+c]) - int(median[c])
			near = near && d <= spread && d >= -spread
		}
		if near {
			alike++
		}
	}
	return imaging.Background{
		Color:    imaging.Color{R: median[0], G: median[1], B: median[2]},
		Evenness: float64(alike) / float64(bands[0].total),
	}
}

// spread is by how many 8-bit levels an even background may differ: shade, and noise.
const spread = 10

// borderOf copies the outermost thirtieth of a picture on every side.
func borderOf(p Picture) []byte {
	across, down := max(1, p.Width/30), max(1, p.Height/30)
	row := 3 * p.Width
	out := append([]byte(nil), p.Pix[:down*row]...)
	for y := down; y < p.Height-down; y++ {
		line := p.Pix[y*row : (y+1)*row]
		out = append(out, line[:3*across]...)
		out = append(out, line[row-3*across:]...)
	}
	return append(out, p.Pix[(p.Height-down)*row:p.Height*row]...)
}
