package setup

import (
	"context"

	"burnish/imaging/imager"
)

// StartImagers starts the pool of child processes; o.Path is filled in.
func StartImagers(ctx context.Context, o imager.Options) (*imager.Pool, error) {
	var err error
	if o.Path, err = ImagerPath(); err != nil {
		return nil, err
	}
	return imager.Start(ctx, o)
}
