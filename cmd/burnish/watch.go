package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"time"
	"unicode/utf8"

	"golang.org/x/term"

	"burnish/cmd/internal/setup"
	"burnish/worker/batch"
	"burnish/worker/store"
)

// How often a batch is looked at: on a terminal, and where lines add up. A look costs two
// listings.
const (
	screenInterval = 3 * time.Second
	linesInterval  = 15 * time.Second
)

// watch shows the status until the batch is over or a signal comes. On a terminal it draws a
// whole screen anew each time, so that nothing of an earlier size of the window remains, and
// leaves the last status behind; elsewhere it writes a line, or an object, each time.
func (c *statusCmd) watch(st store.Store, prices batch.Prices) error {
	soft, _ := setup.Signals()
	if c.JSON || !term.IsTerminal(int(os.Stdout.Fd())) {
		return c.follow(soft, st, prices, linesInterval, func(s *batchStatus) error { return c.tell(os.Stdout, s) })
	}
	var last *batchStatus
	fmt.Print(enterScreen)
	err := c.follow(soft, st, prices, screenInterval, func(s *batchStatus) error {
		last = s
		columns, rows, err := term.GetSize(int(os.Stdout.Fd()))
		if err != nil || columns == 0 {
			columns, rows = 80, 24
		}
		var text bytes.Buffer
		_ = s.text(&text) // to memory
		_, err = io.WriteString(os.Stdout, screen(text.String(), columns, rows))
		return err
	})
	fmt.Print(leaveScreen)
	if last != nil {
		err = errors.Join(err, last.text(os.Stdout))
	}
	return err
}

// follow looks and shows, again and again. Trouble that may pass is shown and outlived.
func (c *statusCmd) follow(ctx context.Context, st store.Store, prices batch.Prices, every time.Duration, show func(*batchStatus) error) error {
	tick := time.NewTicker(every)
	defer tick.Stop()
	for {
		s, err := c.status(ctx, st, prices)
		if ctx.Err() != nil {
			return nil
		}
		if s == nil && !errors.Is(err, store.ErrUnavailable) && !errors.Is(err, store.ErrThrottled) {
			return err
		}
		if s != nil {
			c.Batch = s.Figures.Batch // the newest may be another by the next look
			if err := show(s); err != nil || s.over() {
				return err
			}
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return nil
		}
	}
}

// tell writes a status as one line.
func (c *statusCmd) tell(out io.Writer, s *batchStatus) error {
	if c.JSON {
		return json.NewEncoder(out).Encode(s)
	}
	_, err := fmt.Fprintf(out, "%s %s: %s, %d failed\n", time.Now().Format(moment), s.Figures.Batch, s.pace(), s.Figures.failures())
	return err
}

// Sequences of ECMA-48 and xterm.
const (
	enterScreen = "\x1b[?1049h\x1b[?25l\x1b[?7l" // the other screen, without cursor and wrapping
	leaveScreen = "\x1b[?7h\x1b[?25h\x1b[?1049l"
	home        = "\x1b[H"
	eraseLine   = "\x1b[K" // from the cursor to its end
	eraseBelow  = "\x1b[J"
)

// screen lays text out on so many columns and rows: what does not fit is cut off.
func screen(text string, columns, rows int) string {
	lines := strings.Split(strings.TrimRight(text, "\n"), "\n")
	lines = lines[:min(len(lines), max(rows, 1))]
	var b strings.Builder
	b.WriteString(home)
	for i, l := range lines {
		if i > 0 {
			b.WriteString("\r\n")
		}
		b.WriteString(cut(l, columns-1)) // in the last column, erasing would take a character
		b.WriteString(eraseLine)
	}
	b.WriteString(eraseBelow)
	return b.String()
}

// cut returns at most so many characters of a line, counted as one column each.
func cut(s string, columns int) string {
	if utf8.RuneCountInString(s) <= columns {
		return s
	}
	return string([]rune(s)[:max(columns, 0)])
}
