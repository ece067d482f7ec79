//go:build !race

package imager

const raced = false
