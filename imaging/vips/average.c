#include <stdlib.h>
#include <string.h>

#include "pipeline.h"

/* photo_tile copies a part of a stored image, without its alpha, to memory for width × height × 3
 * bytes. */
int photo_tile(VipsImage *in, int left, int top, int width, int height, void *out) {
	unsigned char *q = out;

	if (vips_image_wio_input(in))
		return -1;
	for (int y = 0; y < height; y++) {
		const VipsPel *p = VIPS_IMAGE_ADDR(in, left, top + y);
		for (int x = 0; x < width; x++, p += in->Bands, q += 3)
			memcpy(q, p, 3);
	}
	return 0;
}

/* photo_average makes one pixel of each block × block pixels of a stored 8-bit image; what fills
 * no block at the right and below is left out. The result is stored. block is at most 256, and
 * at most the shorter side counts. libvips' own takes several times as long on an image in memory. */
int photo_average(VipsImage *in, int block, VipsImage **out) {
	int bands = in->Bands;
	int across = VIPS_MAX(1, VIPS_MIN(block, in->Xsize)), down = VIPS_MAX(1, VIPS_MIN(block, in->Ysize));
	int width = in->Xsize / across, height = in->Ysize / down;
	size_t row = (size_t)width * across * bands;
	unsigned int area = across * down, *sums;
	VipsImage *memory;
	VipsPel *pixels;

	if (vips_image_wio_input(in))
		return -1;
	sums = malloc(row * sizeof *sums);
	pixels = malloc((size_t)width * height * bands);
	if (!sums || !pixels) {
		free(sums);
		free(pixels);
		vips_error("average", "out of memory");
		return -1;
	}
	for (int y = 0; y < height; y++) {
		memset(sums, 0, row * sizeof *sums);
		for (int i = 0; i < down; i++) {
			const VipsPel *p = VIPS_IMAGE_ADDR(in, 0, y * down + i);
			for (size_t x = 0; x < row; x++)
				sums[x] += p[x];
		}
		for (int x = 0; x < width; x++)
			for (int b = 0; b < bands; b++) {
				unsigned int sum = area / 2;
				for (int i = 0; i < across; i++)
					sum += sums[((size_t)x * across + i) * bands + b];
				pixels[((size_t)y * width + x) * bands + b] = sum / area;
			}
	}
	memory = vips_image_new_from_memory_copy(pixels, (size_t)width * height * bands, width, height, bands,
	                                         VIPS_FORMAT_UCHAR);
	free(sums);
	free(pixels);
	if (!memory)
		return -1;
	memory->Type = in->Type;
	*out = memory;
	return 0;
}
