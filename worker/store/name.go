package store

import (
	"fmt"
	"strings"
)

// CheckName reports, as ErrName, why a name cannot be an object's in any store.
func CheckName(name string) error {
	if name == "" {
		return fmt.Errorf("%w: it is empty", ErrName)
	}
	if strings.IndexByte(name, 0) >= 0 {
		return fmt.Errorf("%w: it has a zero byte", ErrName)
	}
	for part := range strings.SplitSeq(name, "/") {
		switch part {
		case "":
			return fmt.Errorf("%w: it starts or ends with a slash, or has two in a row", ErrName)
		case ".", "..":
			return fmt.Errorf("%w: it has the segment %q", ErrName, part)
		}
	}
	return nil
}
