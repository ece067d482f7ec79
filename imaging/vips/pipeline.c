#include <string.h>

#include "pipeline.h"

/* set_int gives an operation a setting if its build has one of that name. */
static void set_int(VipsOperation *operation, const char *name, int value) {
	if (g_object_class_find_property(G_OBJECT_GET_CLASS(operation), name))
		g_object_set(operation, name, value, NULL);
}

/* run builds an operation, takes its one output and ends it. */
static int run(VipsOperation *operation, const char *output, void *out) {
	if (vips_cache_operation_buildp(&operation)) {
		vips_object_unref_outputs(VIPS_OBJECT(operation));
		g_object_unref(operation);
		return -1;
	}
	g_object_get(operation, output, out, NULL);
	vips_object_unref_outputs(VIPS_OBJECT(operation));
	g_object_unref(operation);
	return 0;
}

/* same gives out an image once more. */
static int same(VipsImage *in, VipsImage **out) {
	g_object_ref(in);
	*out = in;
	return 0;
}

/* plain unpacks CIELAB of 8 bits, which some builds load in a coding of its own: taken as it is,
 * it would be converted under another white. */
static int plain(VipsImage **image) {
	VipsImage *packed = *image;
	if (packed->Coding != VIPS_CODING_LABQ)
		return 0;
	int result = vips_LabQ2LabS(packed, image, NULL);
	g_object_unref(packed);
	if (result)
		*image = NULL;
	return result;
}

/* photo_open reads a header with the named loader; pixels follow when they are asked for, in
 * one pass from top to bottom, so that no loader spills a decoded copy to the disk: WebP's, which
 * decodes all at once, is told to do so in memory. The bytes must stay where they are until the
 * image is released. shrink is 1, 2, 4 or 8 and needs a loader that can. Errors end the decode;
 * warnings do not, since PNG warns of profiles that every camera wrote, but stay in the error
 * buffer where they concern pixels. */
int photo_open(const char *loader, const void *data, size_t size, int shrink, VipsImage **out) {
	VipsOperation *operation = vips_operation_new(loader);
	if (!operation)
		return -1;
	VipsBlob *blob = vips_blob_new(NULL, data, size);
	g_object_set(operation, "buffer", blob, "access", VIPS_ACCESS_SEQUENTIAL, "fail-on", VIPS_FAIL_ON_ERROR,
	             "memory", strcmp(loader, "webpload_buffer") == 0, NULL);
	vips_area_unref(VIPS_AREA(blob));
	if (shrink > 1 && g_object_class_find_property(G_OBJECT_GET_CLASS(operation), "scale"))
		g_object_set(operation, "scale", 1.0 / shrink, NULL);
	else if (shrink > 1)
		g_object_set(operation, "shrink", shrink, NULL);
	return run(operation, "out", out) || plain(out) ? -1 : 0;
}

/* says tells whether a text of an image's metadata begins with some words. */
static int says(VipsImage *in, const char *field, const char *words) {
	const char *text;
	return vips_image_get_typeof(in, field) && !vips_image_get_string(in, field, &text) &&
	       g_str_has_prefix(text, words);
}

/* photo_header tells what photo_open found. */
void photo_header(VipsImage *in, PhotoHeader *out) {
	int pages;

	memset(out, 0, sizeof *out);
	out->width = in->Xsize;
	out->height = in->Ysize;
	out->bands = in->Bands;
	out->pixel = VIPS_IMAGE_SIZEOF_PEL(in);
	out->orientation = vips_image_get_orientation(in);
	out->pages = 1;
	/* vips_image_get_n_pages takes 10,000 and more for nonsense, and says 1. */
	if (vips_image_get_typeof(in, VIPS_META_N_PAGES) && !vips_image_get_int(in, VIPS_META_N_PAGES, &pages))
		out->pages = pages;
	out->alpha = vips_image_hasalpha(in);
	out->cmyk = in->Type == VIPS_INTERPRETATION_CMYK;
	out->wide = in->BandFmt != VIPS_FORMAT_UCHAR;
	out->full_chroma = says(in, "jpeg-chroma-subsample", "4:4:4");
	/* DCF 2.0: an option file has R03 and an uncalibrated colour space. 1 is sRGB; 2 is no number
	 * of EXIF's, but is written for Adobe RGB. */
	out->adobe_rgb =
	    (says(in, "exif-ifd4-InteroperabilityIndex", "R03") && !says(in, "exif-ifd2-ColorSpace", "1 ")) ||
	    says(in, "exif-ifd2-ColorSpace", "2 ");
}

/* photo_profile points into the image at its embedded ICC profile, or at NULL. */
void photo_profile(VipsImage *in, const void **data, size_t *size) {
	*data = NULL;
	*size = 0;
	if (vips_image_get_typeof(in, VIPS_META_ICC_NAME) &&
	    vips_image_get_blob(in, VIPS_META_ICC_NAME, data, size)) {
		*data = NULL;
		*size = 0;
	}
}

/* photo_assume gives an image a profile in place of any that it has. */
int photo_assume(VipsImage *in, const void *data, size_t size, VipsImage **out) {
	if (vips_copy(in, out, NULL))
		return -1;
	vips_image_set_blob_copy(*out, VIPS_META_ICC_NAME, data, size);
	return 0;
}

/* photo_frame makes what lies outside of a frame transparent, unless the image has alpha already.
 * The frame must lie within the image. */
int photo_frame(VipsImage *in, int left, int top, int width, int height, VipsImage **out) {
	VipsObject *scope = VIPS_OBJECT(vips_image_new());
	VipsImage **t = (VipsImage **)vips_object_local_array(scope, 2);
	int result = vips_image_hasalpha(in) ? same(in, out)
	                                     : vips_extract_area(in, &t[0], left, top, width, height, NULL) ||
	                                           vips_bandjoin_const1(t[0], &t[1], 255, NULL) ||
	                                           vips_embed(t[1], out, left, top, in->Xsize, in->Ysize, NULL);
	g_object_unref(scope);
	return result ? -1 : 0;
}

/* photo_resize makes the image exactly width × height. What is transparent weighs nothing, or
 * its hidden colour would bleed into the edges. */
int photo_resize(VipsImage *in, int width, int height, VipsImage **out) {
	VipsObject *scope = VIPS_OBJECT(vips_image_new());
	VipsImage **t = (VipsImage **)vips_object_local_array(scope, 4);
	double h = (double)width / in->Xsize, v = (double)height / in->Ysize;
	int alpha = vips_image_hasalpha(in);
	int result;

	if (width == in->Xsize && height == in->Ysize) {
		result = same(in, out);
	} else if (!alpha) {
		result = vips_resize(in, out, h, "vscale", v, NULL);
	} else {
		result = vips_premultiply(in, &t[0], NULL) || vips_resize(t[0], &t[1], h, "vscale", v, NULL) ||
		         vips_unpremultiply(t[1], &t[2], NULL) || vips_cast(t[2], out, in->BandFmt, NULL);
	}
	g_object_unref(scope);
	return result ? -1 : 0;
}

/* lab_to_srgb takes CIELAB under D50, which is that of print and of TIFF; vips_colourspace
 * would take it for D65, and lcms goes by a table that misses dark saturated colours by up to
 * 10 levels. */
static int lab_to_srgb(VipsImage *in, VipsImage **out) {
	VipsObject *scope = VIPS_OBJECT(vips_image_new());
	VipsImage **t = (VipsImage **)vips_object_local_array(scope, 4);
	/* Bradford's adaptation from D50 to D65. */
	t[0] = vips_image_new_matrixv(3, 3, 0.9555766, -0.0230393, 0.0631636, -0.0282895, 1.0099416, 0.0210077,
	                              0.0122982, -0.0204830, 1.3299098);
	VipsArrayDouble *white = vips_array_double_newv(3, 96.42, 100.0, 82.49);
	int result = vips_colourspace(in, &t[1], VIPS_INTERPRETATION_LAB, NULL) ||
	             vips_Lab2XYZ(t[1], &t[2], "temp", white, NULL) || vips_recomb(t[2], &t[3], t[0], NULL) ||
	             vips_colourspace(t[3], out, VIPS_INTERPRETATION_sRGB, NULL);
	vips_area_unref(VIPS_AREA(white));
	g_object_unref(scope);
	return result ? -1 : 0;
}

/* to_8_bits rounds samples of 16 bits. */
static int to_8_bits(VipsImage *in, VipsImage **out) {
	VipsImage *scaled;
	if (vips_linear1(in, &scaled, 1 / 257.0, 0, "uchar", TRUE, NULL))
		return -1;
	int space = in->Type == VIPS_INTERPRETATION_GREY16  ? VIPS_INTERPRETATION_B_W
	            : in->Type == VIPS_INTERPRETATION_RGB16 ? VIPS_INTERPRETATION_sRGB
	                                                    : in->Type;
	int result = vips_copy(scaled, out, "interpretation", space, NULL);
	g_object_unref(scaled);
	return result;
}

/* by_profile converts by a profile. Of 16 bits it takes 8: lcms converts those by the profile's
 * formula, but 16 by a table, which misses dark saturated colours of ProPhoto by 4 levels. The
 * intent is perceptual, as browsers show photos; profiles without tables know no other. */
static int by_profile(VipsImage *in, const char *profile, VipsImage **out) {
	VipsImage *bytes;
	if (in->BandFmt == VIPS_FORMAT_USHORT ? to_8_bits(in, &bytes) : vips_copy(in, &bytes, NULL))
		return -1;
	int result = *profile ? vips_icc_transform(bytes, out, "srgb", "input_profile", profile, "intent",
	                                           VIPS_INTENT_PERCEPTUAL, "depth", 8, NULL)
	                      : vips_icc_transform(bytes, out, "srgb", "embedded", TRUE, "intent",
	                                           VIPS_INTENT_PERCEPTUAL, "depth", 8, NULL);
	g_object_unref(bytes);
	return result;
}

/* colour_to_srgb takes an image without alpha to three bands of 8 bits. profile is what to
 * believe of an image: NULL for none (its interpretation tells), "" for the embedded one, or a
 * profile that libvips has by name. */
static int colour_to_srgb(VipsImage *in, const char *profile, VipsImage **out) {
	VipsImage *bytes;

	if (!profile && in->Type == VIPS_INTERPRETATION_CMYK)
		profile = "cmyk";
	if (profile)
		return by_profile(in, profile, out);
	if (in->Type == VIPS_INTERPRETATION_LAB || in->Type == VIPS_INTERPRETATION_LABS)
		return lab_to_srgb(in, out);
	if (in->BandFmt != VIPS_FORMAT_USHORT)
		return vips_colourspace(in, out, VIPS_INTERPRETATION_sRGB, NULL);
	if (to_8_bits(in, &bytes)) /* vips_colourspace would cut off, not round */
		return -1;
	int result = vips_colourspace(bytes, out, VIPS_INTERPRETATION_sRGB, NULL);
	g_object_unref(bytes);
	return result;
}

/* alpha_to_8_bits takes an alpha band of any format to 0 to 255. */
static int alpha_to_8_bits(VipsImage *in, VipsInterpretation space, VipsImage **out) {
	if (in->BandFmt == VIPS_FORMAT_USHORT)
		return vips_linear1(in, out, 1 / 257.0, 0, "uchar", TRUE, NULL);
	if (space == VIPS_INTERPRETATION_scRGB)
		return vips_linear1(in, out, 255.0, 0, "uchar", TRUE, NULL);
	return vips_cast(in, out, VIPS_FORMAT_UCHAR, NULL);
}

/* photo_srgb takes an image of any interpretation to 8-bit sRGB with its alpha. profile is as
 * for colour_to_srgb. */
int photo_srgb(VipsImage *in, const char *profile, VipsImage **out) {
	VipsObject *scope = VIPS_OBJECT(vips_image_new());
	VipsImage **t = (VipsImage **)vips_object_local_array(scope, 6);
	VipsInterpretation space = vips_image_guess_interpretation(in);
	int colours = in->Bands - 1;
	int result = vips_copy(in, &t[0], "interpretation", space, NULL);

	if (!result && !vips_image_hasalpha(t[0]))
		result = colour_to_srgb(t[0], profile, &t[1]) || vips_cast(t[1], out, VIPS_FORMAT_UCHAR, NULL);
	else if (!result)
		result = vips_extract_band(t[0], &t[1], 0, "n", colours, NULL) ||
		         colour_to_srgb(t[1], profile, &t[2]) || vips_extract_band(t[0], &t[3], colours, NULL) ||
		         alpha_to_8_bits(t[3], space, &t[4]) || vips_bandjoin2(t[2], t[4], out, NULL);
	g_object_unref(scope);
	return result ? -1 : 0;
}

/* photo_store runs the pipeline up to here into memory, and forgets all metadata: what is kept
 * is added by photo_set_xmp. */
int photo_store(VipsImage *in, VipsImage **out) {
	VipsImage *memory = vips_image_new_memory();
	if (vips_image_write(in, memory)) {
		g_object_unref(memory);
		return -1;
	}
	gchar **fields = vips_image_get_fields(memory);
	for (int i = 0; fields && fields[i]; i++)
		vips_image_remove(memory, fields[i]);
	g_strfreev(fields);
	*out = memory;
	return 0;
}

/* photo_upright turns a stored image by its EXIF orientation, 1 to 8; the result is stored. */
int photo_upright(VipsImage *in, int orientation, VipsImage **out) {
	/* Mirror images are first mirrored left to right, then turned. */
	static const struct {
		int mirror;
		VipsAngle turn;
	} ways[] = {
	    [2] = {1, VIPS_ANGLE_D0},   [3] = {0, VIPS_ANGLE_D180}, [4] = {1, VIPS_ANGLE_D180},
	    [5] = {1, VIPS_ANGLE_D270}, [6] = {0, VIPS_ANGLE_D90},  [7] = {1, VIPS_ANGLE_D90},
	    [8] = {0, VIPS_ANGLE_D270},
	};
	VipsImage *mirrored, *turned;

	if (orientation < 2 || orientation > 8)
		return same(in, out);
	if (ways[orientation].mirror ? vips_flip(in, &mirrored, VIPS_DIRECTION_HORIZONTAL, NULL)
	                             : same(in, &mirrored))
		return -1;
	int result = vips_rot(mirrored, &turned, ways[orientation].turn, NULL);
	g_object_unref(mirrored);
	if (result)
		return -1;
	result = photo_store(turned, out);
	g_object_unref(turned);
	return result;
}

/* photo_opaque drops an alpha band that hides nothing. It takes and gives stored images. */
int photo_opaque(VipsImage *in, VipsImage **out) {
	size_t pixels = VIPS_IMAGE_N_PELS(in);
	VipsImage *colours;

	if (!vips_image_hasalpha(in))
		return same(in, out);
	if (vips_image_wio_input(in))
		return -1;
	const VipsPel *alpha = VIPS_IMAGE_ADDR(in, 0, 0) + in->Bands - 1;
	for (size_t i = 0; i < pixels; i++)
		if (alpha[i * in->Bands] != 255)
			return same(in, out);
	if (vips_extract_band(in, &colours, 0, "n", in->Bands - 1, NULL))
		return -1;
	int result = photo_store(colours, out);
	g_object_unref(colours);
	return result;
}

/* photo_flatten lays the image on a colour of 8-bit sRGB; without alpha it is the image itself. */
int photo_flatten(VipsImage *in, double r, double g, double b, VipsImage **out) {
	if (!vips_image_hasalpha(in))
		return same(in, out);
	double colour[] = {r, g, b};
	VipsArrayDouble *background = vips_array_double_new(colour, 3);
	int result = vips_flatten(in, out, "background", background, NULL);
	vips_area_unref(VIPS_AREA(background));
	return result;
}

/* photo_set_xmp gives an image the only metadata that its files will carry. */
void photo_set_xmp(VipsImage *image, const void *data, size_t size) {
	if (size)
		vips_image_set_blob_copy(image, VIPS_META_XMP_NAME, data, size);
}

/* saver prepares what all writers share. */
static VipsOperation *saver(const char *name, VipsImage *in, const PhotoCoding *coding) {
	VipsOperation *operation = vips_operation_new(name);
	if (!operation)
		return NULL;
	g_object_set(operation, "in", in, "Q", coding->quality, NULL);
#if PHOTO_KEEPS_XMP
	g_object_set(operation, "keep", VIPS_FOREIGN_KEEP_XMP, NULL);
#else
	g_object_set(operation, "strip", !vips_image_get_typeof(in, VIPS_META_XMP_NAME), NULL);
#endif
	return operation;
}

/* written runs a writer and takes its bytes out of libvips' hands. */
static int written(VipsOperation *operation, void **data, size_t *size) {
	VipsBlob *blob = NULL;
	if (run(operation, "buffer", &blob))
		return -1;
	VipsArea *area = VIPS_AREA(blob);
	area->free_fn = NULL; /* the caller frees */
	*data = area->data;
	*size = area->length;
	vips_area_unref(area);
	return 0;
}

/* photo_jpeg codes 8-bit sRGB without alpha. */
int photo_jpeg(VipsImage *in, const PhotoCoding *coding, void **data, size_t *size) {
	VipsOperation *operation = saver("jpegsave_buffer", in, coding);
	if (!operation)
		return -1;
	g_object_set(operation, "optimize-coding", TRUE, "interlace", coding->progressive, "trellis-quant",
	             coding->trellis, "overshoot-deringing", coding->deringing, "optimize-scans",
	             coding->progressive && coding->optimize_scans, "quant-table", coding->quant_table,
	             "subsample-mode",
	             coding->full_chroma ? VIPS_FOREIGN_SUBSAMPLE_OFF : VIPS_FOREIGN_SUBSAMPLE_ON, NULL);
	return written(operation, data, size);
}

/* photo_webp codes 8-bit sRGB with or without alpha. Lossy WebP is 4:2:0; full chroma asks for
 * the slower subsampling that keeps saturated edges. */
int photo_webp(VipsImage *in, const PhotoCoding *coding, void **data, size_t *size) {
	VipsOperation *operation = saver("webpsave_buffer", in, coding);
	if (!operation)
		return -1;
	g_object_set(operation, "effort", coding->effort, "smart-subsample", coding->full_chroma, NULL);
	return written(operation, data, size);
}

/* photo_avif codes 8-bit sRGB with or without alpha. */
int photo_avif(VipsImage *in, const PhotoCoding *coding, void **data, size_t *size) {
	VipsOperation *operation = saver("heifsave_buffer", in, coding);
	if (!operation)
		return -1;
	g_object_set(operation, "compression", VIPS_FOREIGN_HEIF_COMPRESSION_AV1, "effort", coding->effort,
	             "subsample-mode",
	             coding->full_chroma ? VIPS_FOREIGN_SUBSAMPLE_OFF : VIPS_FOREIGN_SUBSAMPLE_ON, NULL);
	set_int(operation, "bitdepth", 8);
	if (coding->tune && g_object_class_find_property(G_OBJECT_GET_CLASS(operation), "tune"))
		g_object_set(operation, "tune", coding->tune, NULL);
	return written(operation, data, size);
}
