package main

import (
	"fmt"
	"path/filepath"
	"strings"
)

// contender is a peer with the settings that it is given in one comparison.
type contender struct {
	label string // stands in tables and in the names of output folders
	argv  []string
	job   job  // without photo and folder
	once  bool // takes part in the first repetition only
}

// rounds is what a contender did: CPU seconds a photo, by repetition, and the variants that
// it wrote in the first.
type rounds struct {
	cpu      []float64
	enhance  []float64            // share of it for analysis and adjustments, where the contender tells
	variants map[string][]variant // by photo
	versions map[string]string
}

// compete has every contender make every photo, photo by photo and in turning order, so that
// whatever else the machine does meets all of them alike. One photo before the first is not
// counted: it warms each process up.
func (b *bench) compete(part string, contenders []contender) (map[string]*rounds, error) {
	out := map[string]*rounds{}
	peers := map[string]*peer{}
	defer func() {
		for _, p := range peers {
			p.close()
		}
	}()
	for _, c := range contenders {
		p, err := start(c.label, c.argv...)
		if err != nil {
			return nil, err
		}
		peers[c.label] = p
		out[c.label] = &rounds{variants: map[string][]variant{}, versions: p.versions}
		warm := c.job
		warm.Photo = b.photos[0]
		if _, err := p.ask(warm); err != nil {
			return nil, err
		}
	}
	for rep := range b.reps {
		sum, enhancing := map[string]float64{}, map[string]float64{}
		for i, photo := range b.photos {
			for k := range contenders {
				c := contenders[(i+rep+k)%len(contenders)]
				if c.once && rep > 0 {
					continue
				}
				j := c.job
				j.Photo = photo
				if rep == 0 {
					j.Out = filepath.Join(b.cache, "out", part, c.label, stem(photo))
				}
				m, err := peers[c.label].ask(j)
				if err != nil {
					return nil, err
				}
				sum[c.label] += m.cpu.Seconds()
				enhancing[c.label] += m.Timings.Enhance.Seconds()
				if rep == 0 {
					out[c.label].variants[photo] = m.Variants
				}
			}
		}
		for label, s := range sum {
			out[label].cpu = append(out[label].cpu, s/float64(len(b.photos)))
			out[label].enhance = append(out[label].enhance, enhancing[label]/s)
		}
		progress("%s: repetition %d of %d: %s", part, rep+1, b.reps, perPhoto(contenders, out))
	}
	return out, nil
}

func perPhoto(contenders []contender, out map[string]*rounds) string {
	var s []string
	for _, c := range contenders {
		cpu := out[c.label].cpu
		s = append(s, fmt.Sprintf("%s %.3f s", c.label, cpu[len(cpu)-1]))
	}
	return strings.Join(s, ", ")
}

func stem(photo string) string {
	return strings.TrimSuffix(filepath.Base(photo), filepath.Ext(photo))
}

func (b *bench) sharp(label, mode string, s sharpSettings, once bool) contender {
	return contender{label, []string{"node", b.sharpScript}, job{Mode: mode, Settings: s}, once}
}

func (b *bench) ours(label string, settings any) contender {
	return contender{label, []string{b.engine}, job{Settings: settings}, false}
}
