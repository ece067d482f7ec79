/* One decode, many outputs: what bimg cannot do.
 *
 * Every function returns 0, or -1 with a message in libvips' error buffer (photo_error takes
 * it). Results come last; an image or a buffer given out belongs to the caller, who ends it
 * with photo_release or photo_free. */
#ifndef BURNISH_PIPELINE_H
#define BURNISH_PIPELINE_H

#include <vips/vips.h>

/* From 8.15 a saver can be told to keep XMP alone; before, it keeps all or nothing. */
#define PHOTO_KEEPS_XMP (VIPS_MAJOR_VERSION > 8 || VIPS_MINOR_VERSION >= 15)

/* What a header tells, before any pixel is decoded. */
typedef struct {
	int width, height; /* as stored, not upright */
	int bands;
	int pixel;       /* bytes of one */
	int orientation; /* EXIF, 1 to 8 */
	int pages;
	int alpha; /* has an alpha band */
	int cmyk;
	int wide;        /* more than 8 bits a sample */
	int full_chroma; /* JPEG: stored as 4:4:4 */
	int adobe_rgb;   /* EXIF says Adobe RGB (1998) */
} PhotoHeader;

/* How one variant is coded. Fields that a format or a build lacks are ignored. */
typedef struct {
	int quality;
	int full_chroma;
	int effort;
	int progressive, trellis, deringing, optimize_scans, quant_table; /* JPEG */
	const char *tune;                                                 /* AVIF, or NULL */
} PhotoCoding;

/* Linear light is counted from 0 to PHOTO_LIGHT in tables. */
#define PHOTO_LIGHT 16384

/* How the colours of all pixels are changed, in linear light. */
typedef struct {
	double matrix[9];                       /* of R, G, B, row by row; each from -4 to 4 */
	unsigned short light[PHOTO_LIGHT + 1];  /* luminance, by what it was: 0 to PHOTO_LIGHT */
	unsigned short chroma[PHOTO_LIGHT + 1]; /* factor of its colour differences, times 4096 */
} PhotoAdjustment;

/* The ground behind a product, as a small copy shows it: whole blocks of pixels averaged. */
typedef struct {
	double surface[3][6]; /* of R, G, B: the levels at 1, u, v, u², uv, v², with u and v from -1 to 1 */
	const unsigned char *cover; /* of each pixel of the copy by the product: 0 to 255 */
	int width, height;          /* of the copy */
	int block;                  /* pixels a side that one pixel of the copy stands for */
} PhotoGround;

/* Starting and watching libvips. */
void photo_start(void);
int photo_can(const char *operation);
int photo_has_property(const char *operation, const char *property);
void photo_library_folder(char *folder, size_t size);
const char *photo_symbol_text(const char *function);
int photo_symbol_number(const char *function);
int photo_has_symbol(const char *function);
int photo_open_objects(void);
void photo_trim(void);
char *photo_error(void);
char *photo_warnings(void);
void photo_free(void *data);
void photo_release(VipsImage *image);

/* Reading. */
int photo_open(const char *loader, const void *data, size_t size, int shrink, VipsImage **out);
void photo_header(VipsImage *in, PhotoHeader *out);
void photo_profile(VipsImage *in, const void **data, size_t *size);

/* Pixels. */
int photo_assume(VipsImage *in, const void *data, size_t size, VipsImage **out);
int photo_frame(VipsImage *in, int left, int top, int width, int height, VipsImage **out);
int photo_resize(VipsImage *in, int width, int height, VipsImage **out);
int photo_average(VipsImage *in, int block, VipsImage **out);
int photo_srgb(VipsImage *in, const char *profile, VipsImage **out);
int photo_store(VipsImage *in, VipsImage **out);
int photo_upright(VipsImage *in, int orientation, VipsImage **out);
int photo_opaque(VipsImage *in, VipsImage **out);
int photo_flatten(VipsImage *in, double r, double g, double b, VipsImage **out);
int photo_adjust(VipsImage *in, const PhotoAdjustment *adjustment, VipsImage **out);
int photo_denoise(VipsImage *in, double sigma, VipsImage **out);
int photo_tile(VipsImage *in, int left, int top, int width, int height, void *out);
int photo_clean(VipsImage *in, const PhotoGround *ground, VipsImage **out);
int photo_sharpen(VipsImage *in, double amount, VipsImage **out);

/* Writing. */
void photo_set_xmp(VipsImage *image, const void *data, size_t size);
int photo_jpeg(VipsImage *in, const PhotoCoding *coding, void **data, size_t *size);
int photo_webp(VipsImage *in, const PhotoCoding *coding, void **data, size_t *size);
int photo_avif(VipsImage *in, const PhotoCoding *coding, void **data, size_t *size);

#endif
