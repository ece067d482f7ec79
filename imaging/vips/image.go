package vips

/*
#include <stdlib.h>
#include "pipeline.h"
*/
import "C"

import (
	"unsafe"

	"burnish/imaging"
)

// loaders names libvips' loader from memory for each format.
var loaders = map[imaging.Format]string{
	imaging.JPEG: "jpegload_buffer",
	imaging.PNG:  "pngload_buffer",
	imaging.WebP: "webpload_buffer",
	imaging.AVIF: "heifload_buffer",
	imaging.TIFF: "tiffload_buffer",
	imaging.GIF:  "gifload_buffer",
	imaging.HEIC: "heifload_buffer",
}

// picture is a libvips image. release ends it; everything else that gives out a picture gives
// out a new one and leaves its receiver alone.
type picture struct{ c *C.VipsImage }

func (p picture) release()    { C.photo_release(p.c) }
func (p picture) width() int  { return int(p.c.Xsize) }
func (p picture) height() int { return int(p.c.Ysize) }
func (p picture) alpha() bool { return p.c.Bands == 4 }

// step is the end of every operation that gives out one picture.
func step(result C.int, out *C.VipsImage) (picture, error) {
	if result != 0 {
		return picture{}, failure()
	}
	return picture{out}, nil
}

// open reads a header. The source must be pinned until the picture is released.
func open(format imaging.Format, source []byte, shrink int) (picture, error) {
	name := C.CString(loaders[format])
	defer C.free(unsafe.Pointer(name))
	var out *C.VipsImage
	result := C.photo_open(name, unsafe.Pointer(&source[0]), C.size_t(len(source)), C.int(shrink), &out)
	return step(result, out)
}

func (p picture) resize(width, height int) (picture, error) {
	var out *C.VipsImage
	result := C.photo_resize(p.c, C.int(width), C.int(height), &out)
	return step(result, out)
}

// assume gives the picture a profile.
func (p picture) assume(profile []byte) (picture, error) {
	var out *C.VipsImage
	result := C.photo_assume(p.c, unsafe.Pointer(&profile[0]), C.size_t(len(profile)), &out)
	return step(result, out)
}

// average makes one pixel of each block × block pixels.
func (p picture) average(block int) (picture, error) {
	var out *C.VipsImage
	result := C.photo_average(p.c, C.int(block), &out)
	return step(result, out)
}

// srgb converts by a profile: noProfile, embedded, or one that libvips has by name.
func (p picture) srgb(profile string) (picture, error) {
	var name *C.char
	if profile != noProfile {
		if profile == embedded {
			profile = ""
		}
		name = C.CString(profile)
		defer C.free(unsafe.Pointer(name))
	}
	var out *C.VipsImage
	result := C.photo_srgb(p.c, name, &out)
	return step(result, out)
}

const (
	noProfile = "none"
	embedded  = "embedded"
)

func (p picture) store() (picture, error) {
	var out *C.VipsImage
	result := C.photo_store(p.c, &out)
	return step(result, out)
}

func (p picture) upright(orientation int) (picture, error) {
	var out *C.VipsImage
	result := C.photo_upright(p.c, C.int(orientation), &out)
	return step(result, out)
}

func (p picture) opaque() (picture, error) {
	var out *C.VipsImage
	result := C.photo_opaque(p.c, &out)
	return step(result, out)
}

// flatten lays what is transparent on a colour; without alpha it gives the picture itself.
func (p picture) flatten(on imaging.Color) (picture, error) {
	var out *C.VipsImage
	result := C.photo_flatten(p.c, C.double(on.R), C.double(on.G), C.double(on.B), &out)
	return step(result, out)
}

func (p picture) sharpen(amount float64) (picture, error) {
	var out *C.VipsImage
	result := C.photo_sharpen(p.c, C.double(amount), &out)
	return step(result, out)
}

// setXMP gives the picture, and all that is made from it, the metadata that files will carry.
func (p picture) setXMP(xmp []byte) {
	if len(xmp) > 0 {
		C.photo_set_xmp(p.c, unsafe.Pointer(&xmp[0]), C.size_t(len(xmp)))
	}
}

// pixels copies out a stored picture's samples, row by row without padding.
func (p picture) pixels() []byte {
	return C.GoBytes(unsafe.Pointer(p.c.data), C.int(p.c.Xsize*p.c.Ysize*p.c.Bands))
}

// same is the picture once more, to be released on its own.
func (p picture) same() (picture, error) {
	C.g_object_ref(C.gpointer(p.c))
	return p, nil
}

// alive counts the objects and bytes that libvips holds: none between photos.
func alive() (objects, bytes int) {
	return int(C.photo_open_objects()), int(C.vips_tracked_get_mem())
}
