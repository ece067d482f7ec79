/* Starting libvips, and asking it what it is. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdio.h>
#include <string.h>
#ifdef __GLIBC__
#include <malloc.h>
#endif

#include "pipeline.h"

/* warnings are what libvips has logged about the photo in hand, a line each, up to what fits. */
static struct {
	GMutex lock;
	char text[512];
} warnings;

/* GLib prints informational messages on stdout, which carries the imager's frames: nothing
 * may be printed there. Warnings are kept: of a PNG that it refuses, libvips tells the reason
 * nowhere else. */
static void no_log(const gchar *domain, GLogLevelFlags level, const gchar *message, gpointer data) {
	(void)domain;
	(void)data;
	if (level & (G_LOG_LEVEL_ERROR | G_LOG_LEVEL_CRITICAL))
		fprintf(stderr, "libvips: %s\n", message);
	if (level & G_LOG_LEVEL_WARNING) {
		g_mutex_lock(&warnings.lock);
		g_strlcat(warnings.text, message, sizeof warnings.text);
		g_strlcat(warnings.text, "\n", sizeof warnings.text);
		g_mutex_unlock(&warnings.lock);
	}
}

static GLogWriterOutput no_writer(GLogLevelFlags level, const GLogField *fields, gsize n, gpointer data) {
	(void)level;
	(void)fields;
	(void)n;
	(void)data;
	return G_LOG_WRITER_HANDLED;
}

static void to_stderr(const gchar *text) {
	fputs(text, stderr);
}

/* keep_memory has glibc use freed memory again instead of handing it back to the kernel. An
 * encoder takes and frees tens of megabytes for every variant; getting them as zeroed pages
 * each time is a tenth of a photo's CPU. One arena serves all threads, since one works at a
 * time. A process that has grown is recycled by its parent. */
static void keep_memory(void) {
#ifdef __GLIBC__
	mallopt(M_ARENA_MAX, 1);
	mallopt(M_MMAP_THRESHOLD, 32 << 20); /* the largest that glibc takes */
	mallopt(M_TRIM_THRESHOLD, 256 << 20);
#endif
}

/* photo_trim hands what is free to the kernel all the same, which is worth its while around
 * photos that take a lot. */
void photo_trim(void) {
#ifdef __GLIBC__
	malloc_trim(0);
#endif
}

/* photo_start silences the libraries and closes every way into libvips but the one that
 * Burnish uses. bimg has called vips_init before. */
void photo_start(void) {
	static const char *wanted[] = {
	    "VipsForeignLoadJpegBuffer", "VipsForeignLoadPngBuffer",   "VipsForeignLoadWebpBuffer",
	    "VipsForeignLoadTiffBuffer", "VipsForeignLoadNsgifBuffer", "VipsForeignLoadHeifBuffer",
	    "VipsForeignSaveJpegBuffer", "VipsForeignSaveWebpBuffer",  "VipsForeignSaveHeifBuffer",
	};

	keep_memory();
	g_log_set_default_handler(no_log, NULL);
	g_log_set_writer_func(no_writer, NULL, NULL);
	g_set_print_handler(to_stderr);

	/* Parallelism is one imager per core, and no operation is ever asked for twice. The cache
	 * is emptied by its limits: vips_cache_drop_all makes the next operation crash. */
	vips_concurrency_set(1);
	vips_cache_set_max(0);
	vips_cache_set_max_mem(0);
	vips_cache_set_max_files(0);

	/* A file's bytes can reach every loader that is open, whatever the file is called. */
	vips_operation_block_set("VipsForeignLoad", TRUE);
	vips_operation_block_set("VipsForeignSave", TRUE);
	vips_operation_block_set("VipsSystem", TRUE);
	for (size_t i = 0; i < G_N_ELEMENTS(wanted); i++)
		vips_operation_block_set(wanted[i], FALSE);
}

/* photo_can says whether libvips was built with an operation. */
int photo_can(const char *operation) {
	return vips_type_find("VipsOperation", operation) != 0;
}

/* photo_has_property says whether an operation of this libvips knows a setting. */
int photo_has_property(const char *operation, const char *property) {
	GType type = vips_type_find("VipsOperation", operation);
	if (!type)
		return 0;
	GObjectClass *class = g_type_class_ref(type);
	int has = g_object_class_find_property(class, property) != NULL;
	g_type_class_unref(class);
	return has;
}

/* photo_library_folder writes the folder that libvips was loaded from, or "". */
void photo_library_folder(char *folder, size_t size) {
	Dl_info info;
	folder[0] = 0;
	if (!dladdr((void *)vips_version, &info) || !info.dli_fname)
		return;
	char *dir = g_path_get_dirname(info.dli_fname);
	g_strlcpy(folder, dir, size);
	g_free(dir);
}

/* photo_symbol_text calls a function of any loaded library that takes nothing and returns a
 * text, as most codecs tell their version; NULL when no library has it. */
const char *photo_symbol_text(const char *function) {
	const char *(*text)(void) = (const char *(*)(void))dlsym(RTLD_DEFAULT, function);
	return text ? text() : NULL;
}

/* photo_symbol_number is the same for functions that return a number; 0 when none has it. */
int photo_symbol_number(const char *function) {
	int (*number)(void) = (int (*)(void))dlsym(RTLD_DEFAULT, function);
	return number ? number() : 0;
}

/* photo_has_symbol says whether a loaded library has a function, without calling it. */
int photo_has_symbol(const char *function) {
	return dlsym(RTLD_DEFAULT, function) != NULL;
}

static void *count_one(void *object, void *count, void *unused) {
	(void)object;
	(void)unused;
	++*(int *)count;
	return NULL;
}

/* photo_open_objects counts what is alive in libvips: 0 between photos, or something leaked. */
int photo_open_objects(void) {
	int count = 0;
	vips_object_map(count_one, &count, NULL);
	return count;
}

/* photo_error takes the error buffer's text and empties the buffer. The caller frees it. */
char *photo_error(void) {
	char *text = g_strdup(vips_error_buffer());
	vips_error_clear();
	return text;
}

/* photo_warnings takes what was logged since it was last called. The caller frees it. */
char *photo_warnings(void) {
	g_mutex_lock(&warnings.lock);
	char *text = g_strdup(warnings.text);
	warnings.text[0] = 0;
	g_mutex_unlock(&warnings.lock);
	return text;
}

/* photo_free ends what photo_error, photo_warnings and the writers gave out. */
void photo_free(void *data) {
	g_free(data);
}

/* photo_release ends an image. */
void photo_release(VipsImage *image) {
	if (image)
		g_object_unref(image);
}
