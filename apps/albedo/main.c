/* albedo looks at the ground below and measures how bright it is.
 *
 * Each `look` takes one camera frame, makes a histogram of its brightness, and
 * sorts its pixels into dark (night, space), dim (water), middle (land) and bright
 * (cloud or ice). It keeps sums of all frames by day; the answer to any message is
 * how much of what it ever saw was which.
 *
 *     spacechain app call albedo ''
 */
#include "spc.h"

enum { BINS = 16, MAX_FRAME = 512 * 1024 };

/* Brightness, of 255, from which a pixel counts as dim, middle and bright. */
enum { DIM = 16, MIDDLE = 72, BRIGHT = 176 };

/* What is kept between activations. */
typedef struct {
	int64_t looks, nights;
	int64_t pixels, dim, middle, bright;
} sums;

static uint8_t frame[MAX_FRAME];

static double percent(int64_t part, int64_t whole)
{
	return whole ? 100.0 * (double)part / (double)whole : 0;
}

static void add_share(spc_text *out, const char *name, int64_t part, int64_t whole)
{
	spc_add(out, name);
	spc_add_fixed(out, percent(part, whole), 1);
}

static int answer(const sums *s)
{
	SPC_TEXT(out, 256);
	spc_add(&out, "{\"app\":\"albedo\",\"looks\":");
	spc_add_int(&out, s->looks);
	spc_add(&out, ",\"nights\":");
	spc_add_int(&out, s->nights);
	add_share(&out, ",\"water_percent\":", s->dim, s->pixels);
	add_share(&out, ",\"land_percent\":", s->middle, s->pixels);
	add_share(&out, ",\"cloud_or_ice_percent\":", s->bright, s->pixels);
	spc_add(&out, "}");
	return spc_result(out.buf, out.len);
}

/* Takes one frame into the sums and answers with its histogram. */
static int look(sums *s)
{
	double size[8];
	spc_reading r;
	spc_errno err = spc_sensor("camera", size, 8, &r);
	if (err != SPC_OK) {
		spc_log(SPC_ERROR, err == SPC_BUSY ? "the camera is busy" : "no picture");
		return err;
	}
	uint32_t len;
	if ((err = spc_sensor_data(frame, sizeof frame, &len)) != SPC_OK) return err;
	uint32_t pixels = r.count < 2 ? 0 : (uint32_t)(size[0] * size[1]);
	if (pixels == 0 || len < pixels) {
		spc_log(SPC_ERROR, "the picture has no pixels");
		return SPC_INVAL;
	}

	/* Colour frames have three bytes a pixel: green is near enough to brightness. */
	uint32_t step = len / pixels, first = step / 2;
	uint32_t histogram[BINS] = {0}, dark = 0, dim = 0, middle = 0, bright = 0;
	for (uint32_t i = 0; i < pixels; i++) {
		uint8_t v = frame[i * step + first];
		histogram[v / (256 / BINS)]++;
		if (v < DIM) dark++;
		else if (v < MIDDLE) dim++;
		else if (v < BRIGHT) middle++;
		else bright++;
	}

	s->looks++;
	int night = dark > pixels / 2;
	if (night) {
		s->nights++;
	} else {
		s->pixels += dim + middle + bright;
		s->dim += dim;
		s->middle += middle;
		s->bright += bright;
	}

	SPC_TEXT(out, 512);
	spc_add(&out, "{\"night\":");
	spc_add(&out, night ? "true" : "false");
	add_share(&out, ",\"dark_percent\":", dark, pixels);
	add_share(&out, ",\"water_percent\":", dim, pixels);
	add_share(&out, ",\"land_percent\":", middle, pixels);
	add_share(&out, ",\"cloud_or_ice_percent\":", bright, pixels);
	spc_add(&out, ",\"histogram\":[");
	for (int i = 0; i < BINS; i++) {
		if (i) spc_add(&out, ",");
		spc_add_int(&out, histogram[i]);
	}
	spc_add(&out, "]}");
	if ((err = spc_put("sums", s, sizeof *s)) != SPC_OK) return err;
	return spc_result(out.buf, out.len);
}

SPC_APP
{
	sums s = {0};
	uint32_t len;
	spc_errno err = spc_get("sums", &s, sizeof s, &len);
	if (err != SPC_OK && err != SPC_NOENT) return err;
	return spc_event_is("message") ? answer(&s) : look(&s);
}
