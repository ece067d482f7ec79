#include <math.h>
#include <stdlib.h>

#include "pipeline.h"

/* Pixels within REACH on each side are averaged, the nearer ones more. */
#define REACH 2
#define SIDE (2 * REACH + 1)

/* guide_line is the luminance of a row, averaged 1 2 1 both ways: what decides is hardly noisy. */
static void guide_line(VipsImage *in, int y, short *out) {
	int width = in->Xsize, bands = in->Bands;
	const VipsPel *here = VIPS_IMAGE_ADDR(in, 0, y);
	const VipsPel *above = VIPS_IMAGE_ADDR(in, 0, VIPS_MAX(0, y - 1));
	const VipsPel *below = VIPS_IMAGE_ADDR(in, 0, VIPS_MIN(in->Ysize - 1, y + 1));
	int left = 0, middle = 0;

	for (int x = 0; x <= width; x++) {
		int right = middle;
		if (x < width) {
			size_t i = (size_t)x * bands;
			right = 54 * (above[i] + 2 * here[i] + below[i]) +
			        183 * (above[i + 1] + 2 * here[i + 1] + below[i + 1]) +
			        19 * (above[i + 2] + 2 * here[i + 2] + below[i + 2]);
		}
		if (x == 0)
			left = middle = right;
		else
			out[x - 1] = (left + 2 * middle + right + 512) >> 10; /* in quarters of a level */
		left = middle;
		middle = right;
	}
}

/* photo_denoise averages each pixel of a stored 8-bit image with those around it that are as light,
 * after Tomasi and Manduchi, "Bilateral filtering for gray and color images", ICCV 1998, with an
 * averaged luminance for what is alike. sigma is the standard deviation of the noise in luminance,
 * in 8-bit levels. Alpha stays. */
int photo_denoise(VipsImage *in, double sigma, VipsImage **out) {
	int width = in->Xsize, height = in->Ysize, bands = in->Bands;
	VipsImage *memory = vips_image_new_memory();
	short *lines = malloc((size_t)width * SIDE * sizeof *lines), *guide[SIDE];
	unsigned char near[SIDE][SIDE], alike[1024];

	if (!lines || vips_image_wio_input(in) || vips_image_pipelinev(memory, VIPS_DEMAND_STYLE_ANY, in, NULL) ||
	    vips_image_write_prepare(memory)) {
		free(lines);
		g_object_unref(memory);
		return -1;
	}
	for (int j = -REACH; j <= REACH; j++)
		for (int i = -REACH; i <= REACH; i++)
			near[j + REACH][i + REACH] = (unsigned char)(16 * exp(-(i * i + j * j) / 4.5) + 0.5);
	for (int d = 0; d < 1024; d++) {
		double far = d / (4 * 1.6 * sigma);
		alike[d] = (unsigned char)(255 * exp(-far * far / 2) + 0.5);
	}
	/* Line y lives in slot y % SIDE. */
	for (int y = 0; y < SIDE; y++)
		guide[y] = lines + (size_t)y * width;
	for (int y = 0; y < REACH && y < height; y++)
		guide_line(in, y, guide[y]);
	for (int y = 0; y < height; y++) {
		int top = VIPS_MAX(0, y - REACH), bottom = VIPS_MIN(height - 1, y + REACH);
		VipsPel *q = VIPS_IMAGE_ADDR(memory, 0, y);
		if (y + REACH < height)
			guide_line(in, y + REACH, guide[(y + REACH) % SIDE]);
		for (int x = 0; x < width; x++, q += bands) {
			int left = VIPS_MAX(0, x - REACH), right = VIPS_MIN(width - 1, x + REACH);
			int light = guide[y % SIDE][x];
			unsigned int sum = 0, r = 0, g = 0, b = 0;
			for (int j = top; j <= bottom; j++) {
				const short *l = guide[j % SIDE];
				const VipsPel *p = VIPS_IMAGE_ADDR(in, left, j);
				const unsigned char *weight = near[j - y + REACH];
				for (int i = left; i <= right; i++, p += bands) {
					unsigned int w = weight[i - x + REACH] * alike[abs(l[i] - light)];
					sum += w;
					r += w * p[0];
					g += w * p[1];
					b += w * p[2];
				}
			}
			q[0] = (r + sum / 2) / sum;
			q[1] = (g + sum / 2) / sum;
			q[2] = (b + sum / 2) / sum;
			if (bands == 4)
				q[3] = VIPS_IMAGE_ADDR(in, x, y)[3];
		}
	}
	free(lines);
	*out = memory;
	return 0;
}
