package imaging

import (
	"encoding/json"
	"fmt"
	"math"
	"regexp"
	"strconv"
	"strings"
)

// byteUnits are the units of ByteSize, the smallest first.
var byteUnits = []struct {
	name string
	size int64
}{
	{"B", 1}, {"kB", 1e3}, {"KiB", 1 << 10}, {"MB", 1e6}, {"MiB", 1 << 20}, {"GB", 1e9}, {"GiB", 1 << 30},
}

// byteSizePattern is the text form of a ByteSize, as Go and as JSON Schema read it.
const byteSizePattern = `^((?:0|[1-9][0-9]*)(?:\.[0-9]+)?) ?([kKmMgG][iI]?[bB]|[bB])?$`

var byteSizeForm = regexp.MustCompile(byteSizePattern)

// String writes the size exactly, in the unit that makes the smallest number.
func (s ByteSize) String() string {
	best := byteUnits[0]
	for _, u := range byteUnits {
		if int64(s)%u.size == 0 && s != 0 {
			best = u
		}
	}
	return fmt.Sprintf("%d %s", int64(s)/best.size, best.name)
}

// MarshalText writes the size as recipes do.
func (s ByteSize) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// UnmarshalText reads a number with a unit, as "64 MiB" or "64MB", or a plain number of bytes.
func (s *ByteSize) UnmarshalText(text []byte) error {
	m := byteSizeForm.FindStringSubmatch(string(text))
	if m == nil {
		return fmt.Errorf("%q is no size such as 64 MiB or 500 kB", text)
	}
	number, err := strconv.ParseFloat(m[1], 64)
	if err != nil {
		return fmt.Errorf("%q is no size: %w", text, err)
	}
	for _, u := range byteUnits {
		if strings.EqualFold(u.name, m[2]) {
			number *= float64(u.size)
		}
	}
	if number != math.Trunc(number) || number > 1<<53 {
		return fmt.Errorf("%q is no whole number of bytes up to 8 PiB", text)
	}
	*s = ByteSize(number)
	return nil
}

// UnmarshalJSON reads the text form or a plain number of bytes.
func (s *ByteSize) UnmarshalJSON(data []byte) error {
	if len(data) == 0 || data[0] != '"' {
		return s.UnmarshalText(data)
	}
	var text string
	if err := json.Unmarshal(data, &text); err != nil {
		return err
	}
	return s.UnmarshalText([]byte(text))
}

// colorPattern is the text form of a Color, as Go and as JSON Schema read it.
const colorPattern = `^#([0-9a-fA-F]{3}|[0-9a-fA-F]{6})$`

var colorForm = regexp.MustCompile(colorPattern)

// String writes the colour as "#rrggbb".
func (c Color) String() string { return fmt.Sprintf("#%02x%02x%02x", c.R, c.G, c.B) }

// MarshalText writes the colour as recipes do.
func (c Color) MarshalText() ([]byte, error) { return []byte(c.String()), nil }

// UnmarshalText reads "#rrggbb", or "#rgb" with each digit standing for two.
func (c *Color) UnmarshalText(text []byte) error {
	m := colorForm.FindSubmatch(text)
	if m == nil {
		return fmt.Errorf("%q is no colour such as #ffffff", text)
	}
	digits := m[1]
	if len(digits) == 3 {
		digits = []byte{digits[0], digits[0], digits[1], digits[1], digits[2], digits[2]}
	}
	n, err := strconv.ParseUint(string(digits), 16, 24)
	if err != nil {
		return fmt.Errorf("%q is no colour: %w", text, err)
	}
	*c = Color{byte(n >> 16), byte(n >> 8), byte(n)}
	return nil
}
