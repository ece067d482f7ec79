#include <stdlib.h>
#include <string.h>

#include "pipeline.h"

/* How far a sharpened pixel's luminance may leave the range of its 3 × 3 neighbourhood, in
 * 8-bit levels: enough for an edge to look crisp, too little for a halo to be seen. */
#define ALLOWANCE 5

/* Detail below this many levels is taken for noise and not raised. */
#define CORE 1

/* Line is the luminance of one row and what the rows above and below need of it. */
typedef struct {
	unsigned char *light, *low, *high; /* luminance, and its range over three pixels */
	short *sum;                        /* 1 2 1 over three pixels */
	unsigned char *solid;              /* 1 where three pixels are opaque */
} Line;

/* measure_line fills a line from a row of pixels. Beyond the sides lies the outermost pixel. */
static void measure_line(const VipsPel *row, int width, int bands, Line *line) {
	unsigned char *light = line->light;

	for (int x = 0; x < width; x++) {
		const VipsPel *p = row + (size_t)x * bands;
		light[x] = (54 * p[0] + 183 * p[1] + 19 * p[2] + 128) >> 8; /* BT.709 */
	}
	for (int x = 0; x < width; x++) {
		int l = light[x ? x - 1 : 0], c = light[x], r = light[x + 1 < width ? x + 1 : x];
		line->sum[x] = l + 2 * c + r;
		line->low[x] = VIPS_MIN(c, VIPS_MIN(l, r));
		line->high[x] = VIPS_MAX(c, VIPS_MAX(l, r));
	}
	for (int x = 0; bands == 4 && x < width; x++) {
		int l = x ? x - 1 : 0, r = x + 1 < width ? x + 1 : x;
		line->solid[x] = (row[l * 4 + 3] & row[x * 4 + 3] & row[r * 4 + 3]) == 255;
	}
}

static VipsPel clip(int v) {
	return v < 0 ? 0 : v > 255 ? 255 : v;
}

/* sharpen_line raises the luminance detail of one row by amount / 256. */
static void sharpen_line(const VipsPel *in, int width, int bands, int amount, const Line *above,
                         const Line *here, const Line *below, VipsPel *out) {
	for (int x = 0; x < width; x++) {
		const VipsPel *p = in + (size_t)x * bands;
		VipsPel *q = out + (size_t)x * bands;
		int light = here->light[x];
		int detail = light - ((above->sum[x] + 2 * here->sum[x] + below->sum[x] + 8) >> 4);
		int size = abs(detail) - CORE;
		int change = size <= 0 ? 0 : (amount * size + 128) >> 8;
		int low = VIPS_MIN(here->low[x], VIPS_MIN(above->low[x], below->low[x])) - ALLOWANCE;
		int high = VIPS_MAX(here->high[x], VIPS_MAX(above->high[x], below->high[x])) + ALLOWANCE;
		int to = VIPS_CLIP(low, detail < 0 ? light - change : light + change, high);

		/* At the rim of what is transparent, luminance jumps without an edge being there. */
		change = bands == 4 && !(above->solid[x] & here->solid[x] & below->solid[x]) ? 0 : to - light;
		q[0] = clip(p[0] + change);
		q[1] = clip(p[1] + change);
		q[2] = clip(p[2] + change);
		if (bands == 4)
			q[3] = p[3];
	}
}

/* photo_sharpen is an unsharp mask of radius 1 on the luminance of a stored 8-bit image, with
 * or without alpha; amount 1 adds the detail once. Colour differences are left as they are. */
int photo_sharpen(VipsImage *in, double amount, VipsImage **out) {
	int width = in->Xsize, height = in->Ysize, bands = in->Bands;
	VipsImage *memory = vips_image_new_memory();
	unsigned char *space = malloc((size_t)width * 6 * 3);
	Line line[3];

	if (!space || vips_image_wio_input(in) || vips_image_pipelinev(memory, VIPS_DEMAND_STYLE_ANY, in, NULL) ||
	    vips_image_write_prepare(memory)) {
		free(space);
		g_object_unref(memory);
		return -1;
	}
	for (int i = 0; i < 3; i++) {
		unsigned char *at = space + (size_t)i * width * 6;
		line[i] = (Line){at + 2 * width, at + 3 * width, at + 4 * width, (short *)at, at + 5 * width};
	}
	/* Line y lives in slot (y + 1) % 3; beyond top and bottom lies the outermost row. */
	measure_line(VIPS_IMAGE_ADDR(in, 0, 0), width, bands, &line[0]);
	measure_line(VIPS_IMAGE_ADDR(in, 0, 0), width, bands, &line[1]);
	for (int y = 0; y < height; y++) {
		measure_line(VIPS_IMAGE_ADDR(in, 0, VIPS_MIN(y + 1, height - 1)), width, bands, &line[(y + 2) % 3]);
		sharpen_line(VIPS_IMAGE_ADDR(in, 0, y), width, bands, (int)(amount * 256 + 0.5), &line[y % 3],
		             &line[(y + 1) % 3], &line[(y + 2) % 3], VIPS_IMAGE_ADDR(memory, 0, y));
	}
	free(space);
	*out = memory;
	return 0;
}
