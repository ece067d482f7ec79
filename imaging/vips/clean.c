#include <math.h>
#include <stdlib.h>

#include "pipeline.h"

/* How many levels below the surface its noise may reach before it is no noise. */
#define DEEPEST 14

/* By how many levels a pixel at the outline may be off the ground, and be ground in part. */
#define RAMP 10

/* Row is the ground's surface along one row of the picture: of each band the terms of x. */
typedef struct {
	float terms[3][3];
} Row;

static Row row_at(const PhotoGround *g, int y) {
	double v = 2 * (y + 0.5) / ((double)g->block * g->height) - 1, k = 2.0 / ((double)g->block * g->width),
	       o = 0.5 * k - 1;
	Row row;

	for (int b = 0; b < 3; b++) {
		const double *s = g->surface[b];
		double constant = s[0] + s[2] * v + s[5] * v * v, linear = s[1] + s[4] * v, square = s[3];
		row.terms[b][0] = constant + linear * o + square * o * o;
		row.terms[b][1] = k * (linear + 2 * square * o);
		row.terms[b][2] = k * k * square;
	}
	return row;
}

/* surface is what the ground's level would be, at most white. */
static inline float surface(const Row *row, int b, int x) {
	float s = row->terms[b][0] + x * (row->terms[b][1] + x * row->terms[b][2]);
	return s < 1 ? 1 : s > 255 ? 255 : s;
}

/* quantile is the value, in levels from -64, that a share of what was counted does not exceed. */
static double quantile(const unsigned count[128], double share) {
	double total = 0, below = 0;

	for (int i = 0; i < 128; i++)
		total += count[i];
	for (int i = 0; i < 128; i++) {
		if (count[i] && below + count[i] >= share * total)
			return i - 64.5 + (share * total - below) / count[i];
		below += count[i];
	}
	return 0;
}

/* noise_floor is by how many levels the ground's own noise reaches below its surface, but for one
 * pixel in some hundreds: told from its middle half, so that shadows have no say. */
static float noise_floor(VipsImage *in, const PhotoGround *g) {
	unsigned count[128] = {0};

	for (int y = 1; y < in->Ysize; y += 4) {
		const VipsPel *p = VIPS_IMAGE_ADDR(in, 0, y);
		const unsigned char *cover = g->cover + (size_t)VIPS_MIN(y / g->block, g->height - 1) * g->width;
		Row row = row_at(g, y);
		for (int x = y / 4 % 4; x < in->Xsize; x += 4) {
			if (cover[VIPS_MIN(x / g->block, g->width - 1)])
				continue;
			float low = 63;
			for (int b = 0; b < 3; b++)
				low = VIPS_MIN(low, p[3 * x + b] - surface(&row, b, x));
			count[VIPS_CLIP(0, (int)floorf(low + 64.5f), 127)]++;
		}
	}
	double middle = quantile(count, 0.5), quarter = quantile(count, 0.25);
	return VIPS_CLIP(1, 1 - middle + 5 * (middle - quarter), DEEPEST);
}

/* cover_at is by how much the product covers a pixel, 0 to 255: the small copy's, bilinear. */
static inline int cover_at(const unsigned char *above, const unsigned char *below, int weight,
                           const int *left, const unsigned char *part, int x, int last) {
	int l = left[x], r = VIPS_MIN(l + 1, last), w = part[x];
	int top = above[l] * (128 - w) + above[r] * w, bottom = below[l] * (128 - w) + below[r] * w;
	return (top * (128 - weight) + bottom * weight + 8192) >> 14;
}

/* split tells between which two pixels of the small copy a pixel lies, and how near the second,
 * in 128ths. */
static void split(int x, int block, int size, int *first, unsigned char *weight) {
	double at = VIPS_CLIP(0, (x + 0.5) / block - 0.5, size - 1);
	*first = (int)at;
	*weight = (unsigned char)((at - *first) * 128);
}

/* clean_pixel lifts one pixel by as much of what the ground lacks of white as it is ground. What
 * noise may be becomes white; from three times as deep on, a shadow's ratio to the ground is kept. */
static inline void clean_pixel(const VipsPel *p, VipsPel *q, const Row *row, int x, float depth, int cover) {
	float to[3], ground = 1, own = 1;

	for (int b = 0; b < 3; b++) {
		float s = surface(row, b, x), deep = depth * s / 255, low = s - deep;
		float below = VIPS_MAX(0, low - p[b]), off = VIPS_MAX(below, p[b] - s - depth);
		to[b] = 255 - (below + VIPS_MIN(deep, below / 2)) * 255 / s;
		own = VIPS_MIN(own, 1 - off / RAMP);
	}
	/* Along the outline the pixel's own colour tells more than the small copy does. */
	if (cover)
		ground = VIPS_MAX(own, 1 - cover / 255.0f);
	for (int b = 0; b < 3; b++)
		q[b] = (VipsPel)(p[b] + ground * (to[b] - p[b]) + 0.5f);
}

/* photo_clean makes the ground of a stored 8-bit sRGB image without alpha white, where the product
 * does not cover it. A shadow keeps its ratio to the ground, as coded: it is a power of light, near
 * enough, and ratios stay ratios. Where the product covers a pixel whole, it stays as it is. */
int photo_clean(VipsImage *in, const PhotoGround *g, VipsImage **out) {
	int width = in->Xsize, height = in->Ysize;
	VipsImage *memory = vips_image_new_memory();
	int *left = malloc(sizeof(int) * width);
	unsigned char *part = malloc(width);

	if (!left || !part || in->Bands != 3 || vips_image_wio_input(in) ||
	    vips_image_pipelinev(memory, VIPS_DEMAND_STYLE_ANY, in, NULL) || vips_image_write_prepare(memory)) {
		free(left);
		free(part);
		g_object_unref(memory);
		return -1;
	}
	for (int x = 0; x < width; x++)
		split(x, g->block, g->width, &left[x], &part[x]);
	float depth = noise_floor(in, g);
	for (int y = 0; y < height; y++) {
		const VipsPel *p = VIPS_IMAGE_ADDR(in, 0, y);
		VipsPel *q = VIPS_IMAGE_ADDR(memory, 0, y);
		Row row = row_at(g, y);
		int first;
		unsigned char weight;
		split(y, g->block, g->height, &first, &weight);
		const unsigned char *above = g->cover + (size_t)first * g->width;
		const unsigned char *below = first + 1 < g->height ? above + g->width : above;
		for (int x = 0; x < width; x++, p += 3, q += 3) {
			int cover = cover_at(above, below, weight, left, part, x, g->width - 1);
			if (cover == 255) {
				q[0] = p[0];
				q[1] = p[1];
				q[2] = p[2];
				continue;
			}
			clean_pixel(p, q, &row, x, depth, cover);
		}
	}
	free(left);
	free(part);
	*out = memory;
	return 0;
}
