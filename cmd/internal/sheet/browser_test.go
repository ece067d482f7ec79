package sheet

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"image"
	"image/color"
	"image/draw"
	"image/jpeg"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// browser is a headless Chromium, told what to do by the WebDriver protocol (W3C, 2018).
type browser struct {
	t       *testing.T
	session string // URL
}

// openBrowser starts one and opens a file in it.
func openBrowser(t *testing.T, file string) *browser {
	t.Helper()
	driver, err := exec.LookPath("chromedriver")
	if err != nil {
		t.Skip("there is no chromedriver: make test installs it, as Debian's chromium-driver")
	}
	cmd := exec.Command(driver, "--port=0")
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = cmd.Process.Kill(); _ = cmd.Wait() })
	b := &browser{t: t, session: "http://127.0.0.1:" + port(t, out)}
	var started struct {
		SessionID string `json:"sessionId"`
	}
	b.call(http.MethodPost, "/session", map[string]any{"capabilities": map[string]any{"alwaysMatch": map[string]any{
		"goog:chromeOptions": map[string]any{"args": []string{
			"--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
			"--disable-component-update", "--disable-sync", "--window-size=800,900", "--user-data-dir=" + t.TempDir(),
		}},
	}}}, &started)
	b.session += "/session/" + started.SessionID
	t.Cleanup(func() { b.call(http.MethodDelete, "", nil, nil) })
	b.call(http.MethodPost, "/url", map[string]any{"url": "file://" + file}, nil)
	return b
}

// port reads from what chromedriver says on which port it listens.
func port(t *testing.T, out io.Reader) string {
	t.Helper()
	for lines := bufio.NewScanner(out); lines.Scan(); {
		if _, after, ok := strings.Cut(lines.Text(), "started successfully on port "); ok {
			go func() { _, _ = io.Copy(io.Discard, out) }()
			return strings.TrimSuffix(after, ".")
		}
	}
	t.Fatal("chromedriver does not start")
	return ""
}

// call sends one command and reads its value.
func (b *browser) call(method, path string, body, value any) {
	b.t.Helper()
	var data []byte
	if method == http.MethodPost {
		data, _ = json.Marshal(body)
	}
	req, err := http.NewRequest(method, b.session+path, bytes.NewReader(data))
	if err != nil {
		b.t.Fatal(err)
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		b.t.Fatal(err)
	}
	defer resp.Body.Close()
	answer := struct{ Value any }{value}
	if err := json.NewDecoder(resp.Body).Decode(&answer); err != nil || resp.StatusCode != http.StatusOK {
		b.t.Fatalf("%s %s: %s, %v, %v", method, path, resp.Status, answer.Value, err)
	}
}

// run runs a script in the page and returns what it returns.
func (b *browser) run(script string) (value any) {
	b.t.Helper()
	b.call(http.MethodPost, "/execute/sync", map[string]any{"script": script, "args": []any{}}, &value)
	return value
}

// press types into the first slider.
func (b *browser) press(keys string) {
	b.t.Helper()
	var found map[string]string
	b.call(http.MethodPost, "/element", map[string]any{"using": "css selector", "value": "input"}, &found)
	for _, id := range found {
		b.call(http.MethodPost, "/element/"+id+"/value", map[string]any{"text": keys}, nil)
	}
}

// point presses the pointer down at a share of the first photo's width, and lets it go at another.
func (b *browser) point(down, up float64) {
	b.t.Helper()
	at := func(share float64) (x, y int) {
		box := b.run(fmt.Sprintf("const r = document.querySelector('.pair').getBoundingClientRect(); return [r.left + %v*r.width, r.top + r.height/2]", share)).([]any)
		return int(box[0].(float64)), int(box[1].(float64))
	}
	x1, y := at(down)
	x2, _ := at(up)
	move := func(x int) map[string]any {
		return map[string]any{"type": "pointerMove", "duration": 0, "x": x, "y": y}
	}
	b.call(http.MethodPost, "/actions", map[string]any{"actions": []any{map[string]any{
		"type": "pointer", "id": "mouse", "actions": []any{
			move(x1),
			map[string]any{"type": "pointerDown", "button": 0},
			move(x2),
			map[string]any{"type": "pointerUp", "button": 0},
		},
	}}}, nil)
}

// seen takes a picture of the page and returns the colours in the first photo at shares of its
// width.
func (b *browser) seen(shares ...float64) (colours []color.RGBA) {
	b.t.Helper()
	var shot []byte // base64 in JSON
	b.call(http.MethodGet, "/screenshot", nil, &shot)
	img, _, err := image.Decode(bytes.NewReader(shot))
	if err != nil {
		b.t.Fatal(err)
	}
	box := b.run("const r = document.querySelector('.pair').getBoundingClientRect(); return [r.left, r.top + r.height/2, r.width]").([]any)
	for _, share := range shares {
		x, y := box[0].(float64)+share*box[2].(float64), box[1].(float64)
		colours = append(colours, color.RGBAModel.Convert(img.At(int(x), int(y))).(color.RGBA))
	}
	return colours
}

// plain is a JPEG of one colour.
func plain(t *testing.T, c color.Color) Picture {
	t.Helper()
	img := image.NewRGBA(image.Rect(0, 0, 300, 200))
	draw.Draw(img, img.Bounds(), image.NewUniform(c), image.Point{}, draw.Src)
	var out bytes.Buffer
	if err := jpeg.Encode(&out, img, nil); err != nil {
		t.Fatal(err)
	}
	return Picture{"image/jpeg", out.Bytes()}
}

var (
	red  = color.RGBA{230, 20, 20, 255}
	blue = color.RGBA{20, 20, 230, 255}
)

func redToBlue(t *testing.T) Sheet {
	t.Helper()
	return Sheet{Title: "Red to blue", Photos: []Photo{{
		Name: hostile, Before: plain(t, red), After: plain(t, blue), Width: 300, Height: 200,
		Notes: []string{"turned blue"}, Variants: []Variant{{"jpeg", 300, 200, 2048}},
	}}}
}

func TestSliderMovesTheCut(t *testing.T) {
	file := filepath.Join(t.TempDir(), "sheet.html")
	out, err := os.Create(file)
	if err != nil {
		t.Fatal(err)
	}
	if err := redToBlue(t).Write(out); err != nil {
		t.Fatal(err)
	}
	if err := out.Close(); err != nil {
		t.Fatal(err)
	}
	b := openBrowser(t, file)
	show := func(what string, want ...color.RGBA) {
		t.Helper()
		for i, got := range b.seen(0.1, 0.4, 0.6, 0.9) {
			if abs(int(got.R)-int(want[i].R)) > 30 || abs(int(got.B)-int(want[i].B)) > 30 {
				t.Errorf("%s: place %d is %v, want %v", what, i, got, want[i])
			}
		}
	}
	show("at first", red, red, blue, blue)
	b.press("\ue010") // End
	show("at the end", red, red, red, red)
	b.press("\ue011") // Home
	show("at the beginning", blue, blue, blue, blue)
	b.point(0.02, 0.75)
	show("dragged to three quarters", red, red, red, blue)

	if fetched := b.run("return performance.getEntriesByType('resource').map(r => r.name).filter(n => !n.startsWith('data:'))"); len(fetched.([]any)) > 0 {
		t.Errorf("the page fetches %v", fetched)
	}
	if wide := b.run("return document.documentElement.scrollWidth > document.documentElement.clientWidth"); wide != false {
		t.Error("the page is wider than its window")
	}
}

func abs(n int) int { return max(n, -n) }
