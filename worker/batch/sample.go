package batch

import (
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"
)

// Sample is a share of the photos in per cent; 0 stands for all. Which photos are in it depends
// on nothing but their keys: it is the same ones every time, and a larger sample has those of a
// smaller one among its own.
type Sample float64

// errSample reports a share that is none.
var errSample = errors.New("expected a share as 0.1%, more than 0 and at most 100")

// ParseSample reads a share as 0.1%.
func ParseSample(text string) (Sample, error) {
	digits, ok := strings.CutSuffix(text, "%")
	share, err := strconv.ParseFloat(digits, 64)
	if !ok || err != nil || share == 0 || Sample(share).check() != nil {
		return 0, fmt.Errorf("%q: %w", text, errSample)
	}
	return Sample(share), nil
}

func (s Sample) check() error {
	if !(s >= 0 && s <= 100) { // not a number is neither
		return fmt.Errorf("%v%%: %w", float64(s), errSample)
	}
	return nil
}

// has compares a hash of the key, which is spread evenly over all numbers, with the share.
func (s Sample) has(key string) bool {
	if s == 0 || s == 100 {
		return true
	}
	sum := sha256.Sum256([]byte(key))
	return float64(binary.BigEndian.Uint64(sum[:])) < float64(s)/100*math.Exp2(64)
}
