/* What a job costs in codecs alone: each JPEG is decoded as far as the job needs it (libjpeg-turbo), and as many pixels as the
 * job's result has are encoded (libjpeg-turbo, libpng). Nothing is computed: the result is the top left corner of what was
 * decoded.
 * One thread a core takes file after file; buffers are kept.
 *
 *     cc -O3 codec_floor.c -o codec_floor -lturbojpeg -lpng -lpthread
 *     codec_floor JOB INPUT_FOLDER OUTPUT_FOLDER        codec_floor --version
 */
#include <dirent.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* jpeglib.h expects stdio.h before it; only the version is taken from it. */
#include <jpeglib.h>
#include <png.h>
#include <turbojpeg.h>

#define TEXT(x) #x
#define TEXT_OF(macro) TEXT(macro)

enum result { NOTHING, JPEG, PNG };

static const struct job {
    const char *name;
    int gray;         /* only luma is needed */
    int box;          /* side of the box that the result fits in; 0: the size stays */
    int half;         /* the result has half the width and height */
    int most_reduced; /* decoding may reduce up to that many times, as long as the longest side stays at least the box's */
    enum result result;
} JOBS[] = {
    {"J1", 0, 512, 0, 8, JPEG}, {"J2", 0, 0, 1, 1, JPEG}, {"J3", 1, 0, 0, 1, JPEG}, {"J4", 0, 0, 0, 1, JPEG},
    {"J5", 0, 0, 0, 1, JPEG},   {"J6", 1, 128, 0, 2, PNG}, {"J7", 1, 0, 0, 1, NOTHING},
};

static const struct job *job;
static const char *input, *output;
static char **names;
static int count;
static atomic_int next;

struct pixels {
    unsigned char *bytes;
    size_t capacity;
    int width, height, channels;
};

static void fail(const char *what, const char *why) {
    fprintf(stderr, "%s: %s\n", what, why);
    exit(1);
}

static void *allocated(size_t size) {
    void *memory = malloc(size);
    if (!memory) fail("memory", "not enough");
    return memory;
}

static unsigned char *read_file(const char *path, unsigned long *size) {
    FILE *file = fopen(path, "rb");
    if (!file || fseek(file, 0, SEEK_END)) fail(path, "can't be read");
    *size = (unsigned long)ftell(file);
    rewind(file);
    unsigned char *bytes = allocated(*size);
    if (fread(bytes, 1, *size, file) != *size) fail(path, "can't be read");
    fclose(file);
    return bytes;
}

/* The file of the output folder that has the input's name and that extension. */
static FILE *created(const char *name, const char *extension) {
    char path[4096];
    const char *dot = strrchr(name, '.');
    int stem = dot ? (int)(dot - name) : (int)strlen(name);
    snprintf(path, sizeof path, "%s/%.*s.%s", output, stem, name, extension);
    FILE *file = fopen(path, "wb");
    if (!file) fail(path, "can't be written");
    return file;
}

/* How many times smaller the image may be decoded. */
static int reduction(int width, int height) {
    int longest = width > height ? width : height, by = 1;
    while (job->box && 2 * by <= job->most_reduced && longest / (2 * by) >= job->box) by *= 2;
    return by;
}

/* Decodes into `to`; gives the size of the whole image. */
static void decode(tjhandle decoder, const char *path, struct pixels *to, int *width, int *height) {
    unsigned long size;
    unsigned char *file = read_file(path, &size);
    int subsampling, colours;
    if (tjDecompressHeader3(decoder, file, size, width, height, &subsampling, &colours)) fail(path, tjGetErrorStr2(decoder));
    tjscalingfactor scale = {1, reduction(*width, *height)};
    to->width = TJSCALED(*width, scale);
    to->height = TJSCALED(*height, scale);
    to->channels = job->gray ? 1 : 3;
    size_t needed = (size_t)to->width * to->height * to->channels;
    if (needed > to->capacity) {
        free(to->bytes);
        to->bytes = allocated(to->capacity = needed);
    }
    int format = job->gray ? TJPF_GRAY : TJPF_RGB;
    if (tjDecompress2(decoder, file, size, to->bytes, to->width, 0, to->height, format, 0) &&
        tjGetErrorCode(decoder) == TJERR_FATAL)
        fail(path, tjGetErrorStr2(decoder));
    free(file);
}

static void encode_jpeg(tjhandle encoder, const char *name, const struct pixels *from, int width, int height) {
    unsigned char *bytes = NULL;
    unsigned long size = 0;
    int gray = from->channels == 1;
    if (tjCompress2(encoder, from->bytes, width, from->width * from->channels, height, gray ? TJPF_GRAY : TJPF_RGB, &bytes, &size,
                    gray ? TJSAMP_GRAY : TJSAMP_420, 85, 0))
        fail(name, tjGetErrorStr2(encoder));
    FILE *file = created(name, "jpg");
    if (fwrite(bytes, 1, size, file) != size) fail(name, "can't be written");
    fclose(file);
    tjFree(bytes);
}

static void encode_png(const char *name, const struct pixels *from, int width, int height) {
    FILE *file = created(name, "png");
    png_structp png = png_create_write_struct(PNG_LIBPNG_VER_STRING, NULL, NULL, NULL);
    png_infop info = png_create_info_struct(png);
    if (setjmp(png_jmpbuf(png))) fail(name, "libpng could not write it");
    png_init_io(png, file);
    int kind = from->channels == 1 ? PNG_COLOR_TYPE_GRAY : PNG_COLOR_TYPE_RGB;
    png_set_IHDR(png, info, width, height, 8, kind, PNG_INTERLACE_NONE, PNG_COMPRESSION_TYPE_DEFAULT, PNG_FILTER_TYPE_DEFAULT);
    png_set_compression_level(png, 6);
    png_write_info(png, info);
    for (int y = 0; y < height; y++) png_write_row(png, from->bytes + (size_t)y * from->width * from->channels);
    png_write_end(png, info);
    png_destroy_write_struct(&png, &info);
    fclose(file);
}

static int at_most(int value, int limit) { return value < limit ? value : limit; }

static void take(const char *name, tjhandle decoder, tjhandle encoder, struct pixels *pixels) {
    char path[4096];
    int width, height;
    snprintf(path, sizeof path, "%s/%s", input, name);
    decode(decoder, path, pixels, &width, &height);
    double scale = job->half ? 0.5 : job->box ? (double)job->box / (width > height ? width : height) : 1.0;
    width = at_most((int)(width * scale), pixels->width);
    height = at_most((int)(height * scale), pixels->height);
    if (job->result == JPEG) encode_jpeg(encoder, name, pixels, width, height);
    if (job->result == PNG) encode_png(name, pixels, width, height);
}

static void *work(void *unused) {
    (void)unused;
    tjhandle decoder = tjInitDecompress(), encoder = tjInitCompress();
    struct pixels pixels = {0};
    for (int i; (i = atomic_fetch_add(&next, 1)) < count;) take(names[i], decoder, encoder, &pixels);
    free(pixels.bytes);
    tjDestroy(decoder);
    tjDestroy(encoder);
    return NULL;
}

static int visible(const struct dirent *entry) { return entry->d_name[0] != '.'; }

int main(int argc, char **argv) {
    if (argc == 2 && !strcmp(argv[1], "--version")) {
        printf("libjpeg-turbo %s, libpng %s\n", TEXT_OF(LIBJPEG_TURBO_VERSION), png_get_libpng_ver(NULL));
        return 0;
    }
    if (argc != 4) fail(argv[0], "expected JOB INPUT_FOLDER OUTPUT_FOLDER");
    for (size_t i = 0; i < sizeof JOBS / sizeof *JOBS; i++)
        if (!strcmp(JOBS[i].name, argv[1])) job = &JOBS[i];
    if (!job) fail(argv[1], "no such job");
    input = argv[2];
    output = argv[3];
    struct dirent **entries;
    if ((count = scandir(input, &entries, visible, alphasort)) < 0) fail(input, "can't be read");
    names = allocated((size_t)count * sizeof *names + 1);
    for (int i = 0; i < count; i++) names[i] = entries[i]->d_name;
    long cores = sysconf(_SC_NPROCESSORS_ONLN);
    pthread_t *threads = allocated((size_t)cores * sizeof *threads);
    for (long i = 0; i < cores; i++)
        if (pthread_create(&threads[i], NULL, work, NULL)) fail("threads", "can't be started");
    for (long i = 0; i < cores; i++) pthread_join(threads[i], NULL);
    return 0;
}
