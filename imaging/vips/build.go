package vips

/*
#include <stdlib.h>
#include "pipeline.h"
*/
import "C"

import (
	_ "embed"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"unsafe"

	"burnish/imaging"
)

// Two pictures of 16 × 16 pixels: whether HEVC and AV1 can be read shows only by reading.
var (
	//go:embed probes/16x16.heic
	probeHEIC []byte
	//go:embed probes/16x16.avif
	probeAVIF []byte
)

func libvipsVersion() string { return C.GoString(C.vips_version_string()) }

// probeReads lists the formats that this build really decodes.
func probeReads() []imaging.Format {
	var reads []imaging.Format
	for _, f := range []imaging.Format{imaging.JPEG, imaging.PNG, imaging.WebP, imaging.AVIF, imaging.TIFF, imaging.GIF, imaging.HEIC} {
		switch f {
		case imaging.AVIF:
			if !decodes(f, probeAVIF) {
				continue
			}
		case imaging.HEIC:
			if !decodes(f, probeHEIC) {
				continue
			}
		default:
			if !can(loaders[f]) {
				continue
			}
		}
		reads = append(reads, f)
	}
	return reads
}

func decodes(f imaging.Format, source []byte) bool {
	var pin runtime.Pinner
	defer pin.Unpin()
	pin.Pin(&source[0])
	p, err := open(f, source, 1)
	if err != nil {
		return false
	}
	p, err = chain(p, picture.store)
	if err != nil {
		return false
	}
	p.release()
	takeWarnings()
	return true
}

// probeTunes finds the tunes that the AV1 encoder takes, by encoding: libvips knows the setting
// since 8.18, and hands it on unseen.
func probeTunes() map[string]bool {
	tunes := map[string]bool{}
	if !has("heifsave_buffer", "tune") {
		return tunes
	}
	var pin runtime.Pinner
	defer pin.Unpin()
	pin.Pin(&probeAVIF[0])
	p, err := open(imaging.AVIF, probeAVIF, 1)
	if err != nil {
		return tunes
	}
	p, err = chain(p, picture.store)
	if err != nil {
		return tunes
	}
	defer p.release()
	for _, tune := range []string{"iq", "ssim", "psnr"} {
		_, err := p.avif(imaging.AVIFOptions{Quality: 50, Effort: 0, Tune: tune}, imaging.Subsampled, map[string]bool{tune: true})
		tunes[tune] = err == nil
	}
	takeWarnings()
	return tunes
}

func can(operation string) bool {
	c := C.CString(operation)
	defer C.free(unsafe.Pointer(c))
	return C.photo_can(c) != 0
}

func has(operation, property string) bool {
	o, p := C.CString(operation), C.CString(property)
	defer C.free(unsafe.Pointer(o))
	defer C.free(unsafe.Pointer(p))
	return C.photo_has_property(o, p) != 0
}

// codecs are the libraries that decide about pixels and bytes, by their names in versions.json.
var codecs = []string{"aom", "dav1d", "heif", "highway", "lcms", "mozjpeg", "png", "spng", "tiff", "webp"}

// codecVersions names the codecs with their versions: from the list that lies beside a
// prebuilt libvips, or else from the loaded libraries themselves.
func codecVersions() map[string]string {
	listed := listedVersions()
	if listed == nil {
		return loadedVersions()
	}
	found := map[string]string{}
	for _, name := range codecs {
		if version := listed[name]; version != "" {
			found[name] = version
		}
	}
	return found
}

// loadedVersions asks the libraries of a system's own libvips. libjpeg has no function that
// tells; mozjpeg shows itself by one that only it has.
func loadedVersions() map[string]string {
	found := map[string]string{}
	for name, function := range map[string]string{
		"aom": "aom_codec_version_str", "dav1d": "dav1d_version", "heif": "heif_get_version",
		"png": "png_get_libpng_ver", "spng": "spng_version_string", "tiff": "TIFFGetVersion",
	} {
		c := C.CString(function)
		if text := C.photo_symbol_text(c); text != nil {
			found[name], _, _ = strings.Cut(strings.TrimPrefix(C.GoString(text), "LIBTIFF, Version "), "\n")
		}
		C.free(unsafe.Pointer(c))
	}
	if v := symbolNumber("WebPGetEncoderVersion"); v > 0 {
		found["webp"] = fmt.Sprintf("%d.%d.%d", v>>16, v>>8&255, v&255)
	}
	if v := symbolNumber("cmsGetEncodedCMMversion"); v > 0 {
		found["lcms"] = fmt.Sprintf("%d.%d", v/1000, v%1000/10)
	}
	if hasSymbol("jpeg_c_set_bool_param") {
		found["mozjpeg"] = "of the system"
	} else {
		found["libjpeg"] = "of the system"
	}
	return found
}

func hasSymbol(function string) bool {
	c := C.CString(function)
	defer C.free(unsafe.Pointer(c))
	return C.photo_has_symbol(c) != 0
}

func symbolNumber(function string) int {
	c := C.CString(function)
	defer C.free(unsafe.Pointer(c))
	return int(C.photo_symbol_number(c))
}

// listedVersions reads the versions.json that a prebuilt libvips comes with. It lies in the
// library's folder or in the one above.
func listedVersions() map[string]string {
	var folder [4096]C.char
	C.photo_library_folder(&folder[0], C.size_t(len(folder)))
	library := C.GoString(&folder[0])
	if !filepath.IsAbs(library) {
		return nil
	}
	for _, folder := range []string{library, filepath.Dir(library)} {
		text, err := os.ReadFile(filepath.Join(folder, "versions.json"))
		if err != nil {
			continue
		}
		var versions map[string]string
		if json.Unmarshal(text, &versions) == nil && versions["vips"] == libvipsVersion() {
			return versions
		}
	}
	return nil
}
