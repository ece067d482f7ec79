package vips

/*
#include <stdlib.h>
#include "pipeline.h"
*/
import "C"

import "burnish/imaging"

func libvipsVersion() string           { return C.GoString(C.vips_version_string()) }
func codecVersions() map[string]string { return map[string]string{} }
func probeReads() []imaging.Format     { return nil }
func probeTunes() map[string]bool {
	return map[string]bool{"iq": C.photo_has_property(C.CString("heifsave_buffer"), C.CString("tune")) != 0}
}
