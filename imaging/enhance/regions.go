package enhance

// holes makes ground of what is enclosed by the product and shows the ground itself: a region of
// some size, half of which at least is off the surface by no more than a rounding. Where the ground is as
// white as 8 bits tell, nothing proves that, and what is enclosed stays product.
func (f *flood) holes() {
	f.regions(func(i int32) bool {
		return !f.ground[i] && abs(f.light[i]) <= f.near && f.tint[i] <= f.hue
	}, func(region []int32) {
		if len(region) < max(30, len(f.ground)/2000) {
			return
		}
		same, white := 0, 0
		for _, i := range region {
			if abs(f.light[i]) <= f.near/3 && f.tint[i] <= f.hue/2 {
				same++
			}
			if f.p.Pix[3*i+1] >= 252 {
				white++
			}
		}
		if 2*same < len(region) || 2*white > len(region) {
			return
		}
		for _, i := range region {
			f.ground[i] = true
		}
	})
}

// specks makes ground of what is too small to be a product: dust, noise.
func (f *flood) specks() {
	least := max(12, len(f.ground)/8000)
	f.regions(func(i int32) bool { return !f.ground[i] }, func(region []int32) {
		if len(region) < least {
			for _, i := range region {
				f.ground[i] = true
			}
		}
	})
}

// regions gives every region of 4-connected pixels of a kind to a function.
func (f *flood) regions(of func(i int32) bool, give func(region []int32)) {
	seen := make([]bool, len(f.ground))
	region := make([]int32, 0, 1024)
	w := int32(f.width)
	for start := range f.ground {
		if seen[start] || !of(int32(start)) {
			continue
		}
		seen[start] = true
		region = append(region[:0], int32(start))
		for at := 0; at < len(region); at++ {
			i := region[at]
			x := i % w
			for _, j := range [4]int32{i - w, i + w, i - 1, i + 1} {
				if j < 0 || int(j) >= len(seen) || seen[j] || j == i-1 && x == 0 || j == i+1 && x == w-1 || !of(j) {
					continue
				}
				seen[j] = true
				region = append(region, j)
			}
		}
		give(region)
	}
}
