#include <math.h>
#include <stdlib.h>

#include "pipeline.h"

/* Linear light is counted from 0 to ONE; a level of 8-bit sRGB is at least 5 of it. */
#define ONE PHOTO_LIGHT

/* Coded is one 8-bit level's linear light, and what linear light is coded as. */
typedef struct {
	int linear[256];
	unsigned char level[ONE + 1];
} Coding;

/* coding fills the tables by the transfer function of sRGB (IEC 61966-2-1). */
static void coding(Coding *c) {
	int at = 0;
	for (int v = 0; v < 256; v++) {
		double s = v / 255.0, half = (v + 0.5) / 255.0;
		c->linear[v] = (int)((s <= 0.04045 ? s / 12.92 : pow((s + 0.055) / 1.055, 2.4)) * ONE + 0.5);
		double end = (half <= 0.04045 ? half / 12.92 : pow((half + 0.055) / 1.055, 2.4)) * ONE;
		for (; at <= ONE && at < end; at++)
			c->level[at] = v;
	}
}

/* photo_adjust takes the colours of a stored 8-bit sRGB image, with or without alpha, through a
 * matrix and a curve of luminance, both in linear light. Alpha stays. What the curve brightens
 * beyond the gamut is drawn towards the grey of its luminance, which keeps its hue. */
int photo_adjust(VipsImage *in, const PhotoAdjustment *a, VipsImage **out) {
	int width = in->Xsize, bands = in->Bands, m[9];
	VipsImage *memory = vips_image_new_memory();
	Coding *c = malloc(sizeof *c);

	if (!c || vips_image_wio_input(in) || vips_image_pipelinev(memory, VIPS_DEMAND_STYLE_ANY, in, NULL) ||
	    vips_image_write_prepare(memory)) {
		free(c);
		g_object_unref(memory);
		return -1;
	}
	coding(c);
	for (int i = 0; i < 9; i++)
		m[i] = (int)floor(a->matrix[i] * 4096 + 0.5);
	for (int y = 0; y < in->Ysize; y++) {
		const VipsPel *p = VIPS_IMAGE_ADDR(in, 0, y);
		VipsPel *q = VIPS_IMAGE_ADDR(memory, 0, y);
		for (int x = 0; x < width; x++, p += bands, q += bands) {
			int l0 = c->linear[p[0]], l1 = c->linear[p[1]], l2 = c->linear[p[2]];
			int r = (m[0] * l0 + m[1] * l1 + m[2] * l2 + 2048) >> 12;
			int g = (m[3] * l0 + m[4] * l1 + m[5] * l2 + 2048) >> 12;
			int b = (m[6] * l0 + m[7] * l1 + m[8] * l2 + 2048) >> 12;
			int light = (871 * r + 2929 * g + 296 * b + 2048) >> 12; /* BT.709 */
			light = VIPS_CLIP(0, light, ONE);
			int to = a->light[light], chroma = a->chroma[light];
			r = to + (int)(((gint64)chroma * (r - light)) >> 12);
			g = to + (int)(((gint64)chroma * (g - light)) >> 12);
			b = to + (int)(((gint64)chroma * (b - light)) >> 12);
			int high = VIPS_MAX(r, VIPS_MAX(g, b));
			if (high > ONE) {
				gint64 keep = ((ONE - to) << 12) / (high - to);
				r = to + (int)((keep * (r - to)) >> 12);
				g = to + (int)((keep * (g - to)) >> 12);
				b = to + (int)((keep * (b - to)) >> 12);
			}
			q[0] = c->level[VIPS_CLIP(0, r, ONE)];
			q[1] = c->level[VIPS_CLIP(0, g, ONE)];
			q[2] = c->level[VIPS_CLIP(0, b, ONE)];
			if (bands == 4)
				q[3] = p[3];
		}
	}
	free(c);
	*out = memory;
	return 0;
}
