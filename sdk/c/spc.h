/* SpaceChain app SDK for C: everything outside its own memory that a program on
 * a satellite can reach. One header, no library, for freestanding programs
 * (clang --target=wasm32 -nostdlib) and for those with the WASI C library.
 *
 * An app is not a daemon: a trigger starts it, SPC_APP's body runs once, and the
 * instance is gone. What must last goes into key-value storage.
 *
 *     #include "spc.h"
 *
 *     SPC_APP {
 *         double celsius[8];
 *         spc_reading r;
 *         if (spc_sensor("temperature", celsius, 8, &r) != SPC_OK) return 1;
 *         return spc_result(celsius, r.count * sizeof celsius[0]);
 *     }
 *
 * Functions return an errno: SPC_OK, or why the satellite refused. Where a result
 * may be larger than its buffer, SPC_TOOBIG says so and *len says how large it is.
 * Times are nanoseconds since 1970-01-01T00:00:00Z. ABI version 1.
 */
#ifndef SPC_H
#define SPC_H

#include <stddef.h>
#include <stdint.h>

typedef int32_t spc_errno;

enum {
	SPC_OK = 0,          /* done */
	SPC_PERM = 1,        /* the grant does not allow it */
	SPC_NOENT = 2,       /* no such key, file, sensor or message */
	SPC_INVAL = 3,       /* an argument is malformed or out of bounds */
	SPC_QUOTA = 4,       /* storage, bandwidth or message quota is used up */
	SPC_RATE = 5,        /* asked more often than the granted rate */
	SPC_BUSY = 6,        /* not now: the device or the link is not available */
	SPC_TOOBIG = 7,      /* the buffer or the message limit is too small */
	SPC_BADAUTH = 8,     /* a sealed message does not open */
	SPC_UNAVAILABLE = 9, /* the satellite does not have it */
	SPC_INTERNAL = 10    /* the host failed; try again in a later activation */
};

enum { SPC_DEBUG = 0, SPC_INFO = 1, SPC_WARN = 2, SPC_ERROR = 3 };

/* The peer name of the identity that deployed this app. */
#define SPC_OWNER "owner"

#ifdef __cplusplus
#define SPC_EXTERN extern "C"
#else
#define SPC_EXTERN extern
#endif

#define SPC_IMPORT(name) \
	__attribute__((import_module("spc"), import_name(#name))) SPC_EXTERN

/* The functions of the ABI as they are. The spc_ functions below wrap those that
 * take a name, so that a C string will do. */
SPC_IMPORT(abi_version) int32_t spc_abi_version(void);
SPC_IMPORT(now) int64_t spc_now(void);
SPC_IMPORT(gas_left) int64_t spc_gas_left(void);
SPC_IMPORT(event_kind) spc_errno spc_event_kind(char *buf, uint32_t cap, uint32_t *len);
SPC_IMPORT(event_name) spc_errno spc_event_name(char *buf, uint32_t cap, uint32_t *len);
SPC_IMPORT(event_from) spc_errno spc_event_from(char *buf, uint32_t cap, uint32_t *len);
SPC_IMPORT(event_data) spc_errno spc_event_data(void *buf, uint32_t cap, uint32_t *len);
SPC_IMPORT(event_time) int64_t spc_event_time(void);
SPC_IMPORT(sensor_read)
spc_errno spc_sensor_read(const char *name, uint32_t name_len, int64_t *time, double *values,
			  uint32_t values_cap, uint32_t *count, uint32_t *data_len);
/* Bulk data of the last spc_sensor, such as a camera frame. */
SPC_IMPORT(sensor_data) spc_errno spc_sensor_data(void *buf, uint32_t cap, uint32_t *len);
SPC_IMPORT(kv_get)
spc_errno spc_kv_get(const char *key, uint32_t key_len, void *buf, uint32_t cap, uint32_t *len);
SPC_IMPORT(kv_put)
spc_errno spc_kv_put(const char *key, uint32_t key_len, const void *value, uint32_t value_len);
SPC_IMPORT(kv_delete) spc_errno spc_kv_delete(const char *key, uint32_t key_len);
/* Keys with the prefix in byte order, each followed by a NUL. */
SPC_IMPORT(kv_keys)
spc_errno spc_kv_keys(const char *prefix, uint32_t prefix_len, char *buf, uint32_t cap, uint32_t *len);
SPC_IMPORT(send)
spc_errno spc_send_to(const char *peer, uint32_t peer_len, const void *data, uint32_t data_len);
/* Takes the next waiting message; SPC_NOENT where none waits. */
SPC_IMPORT(receive)
spc_errno spc_receive(char *peer, uint32_t peer_cap, uint32_t *peer_len, void *data,
		      uint32_t data_cap, uint32_t *data_len);
SPC_IMPORT(log) spc_errno spc_log_line(int32_t level, const char *text, uint32_t text_len);
/* Encrypts with the tenant's own key (authenticated). */
SPC_IMPORT(seal)
spc_errno spc_seal(const void *plain, uint32_t plain_len, void *buf, uint32_t cap, uint32_t *len);
/* Opens what spc_seal made; SPC_BADAUTH for anything else. */
SPC_IMPORT(open)
spc_errno spc_open(const void *sealed, uint32_t sealed_len, void *buf, uint32_t cap, uint32_t *len);
SPC_IMPORT(wake_at) spc_errno spc_wake_at_label(int64_t time, const char *label, uint32_t label_len);
SPC_IMPORT(wake_in_region)
spc_errno spc_wake_in_region_label(double lat_deg, double lon_deg, double radius_km,
				   const char *label, uint32_t label_len);
SPC_IMPORT(subscribe) spc_errno spc_subscribe_to(const char *trigger, uint32_t trigger_len);
/* Sets the bytes that travel home; the last call wins. */
SPC_IMPORT(result_set) spc_errno spc_result(const void *data, uint32_t len);

/* Length of a C string. */
static inline uint32_t spc_len(const char *s)
{
	uint32_t n = 0;
	while (s[n]) n++;
	return n;
}

/* One sample of a sensor; the values are in the caller's array. */
typedef struct {
	int64_t time;      /* when the sample was taken */
	uint32_t count;    /* how many values it has */
	uint32_t data_len; /* bytes of bulk data, for spc_sensor_data; 0 if none */
} spc_reading;

/* Reads a sensor that the manifest asks for and the grant allows. */
static inline spc_errno spc_sensor(const char *name, double *values, uint32_t cap, spc_reading *r)
{
	return spc_sensor_read(name, spc_len(name), &r->time, values, cap, &r->count, &r->data_len);
}

/* The value of a key; SPC_NOENT where there is none. */
static inline spc_errno spc_get(const char *key, void *buf, uint32_t cap, uint32_t *len)
{
	return spc_kv_get(key, spc_len(key), buf, cap, len);
}

/* Sets a key. */
static inline spc_errno spc_put(const char *key, const void *value, uint32_t len)
{
	return spc_kv_put(key, spc_len(key), value, len);
}

/* Removes a key; SPC_NOENT where there is none. */
static inline spc_errno spc_delete(const char *key) { return spc_kv_delete(key, spc_len(key)); }

/* Queues a bundle message to SPC_OWNER or to a peer that the manifest names. */
static inline spc_errno spc_send(const char *peer, const void *data, uint32_t len)
{
	return spc_send_to(peer, spc_len(peer), data, len);
}

/* One line for the owner's log. */
static inline void spc_log(int32_t level, const char *text) { spc_log_line(level, text, spc_len(text)); }

/* Asks for one more activation at a time; label becomes the event's name. */
static inline spc_errno spc_wake_at(int64_t time, const char *label)
{
	return spc_wake_at_label(time, label, spc_len(label));
}

/* Asks for one more activation when the satellite's ground point enters the circle. */
static inline spc_errno spc_wake_in_region(double lat_deg, double lon_deg, double radius_km, const char *label)
{
	return spc_wake_in_region_label(lat_deg, lon_deg, radius_km, label, spc_len(label));
}

/* Switches on a trigger that spacechain.yaml declares optional. */
static inline spc_errno spc_subscribe(const char *trigger) { return spc_subscribe_to(trigger, spc_len(trigger)); }

/* Whether the event's kind ("schedule", "orbit", "message", "wake", "install") is this one. */
static inline int spc_event_is(const char *kind)
{
	char buf[16];
	uint32_t len = 0, want = spc_len(kind);
	if (spc_event_kind(buf, sizeof buf, &len) != SPC_OK || len != want) return 0;
	for (uint32_t i = 0; i < len; i++)
		if (buf[i] != kind[i]) return 0;
	return 1;
}

/* Text put together piece by piece, for results and log lines without a C library. */
typedef struct {
	char *buf;
	uint32_t cap, len;
} spc_text;

#define SPC_TEXT(name, size)    \
	char name##_buf[size];  \
	spc_text name = {name##_buf, size, 0}

/* Adds a C string; what does not fit is cut. */
static inline void spc_add(spc_text *t, const char *s)
{
	while (*s && t->len < t->cap) t->buf[t->len++] = *s++;
}

/* Adds an integer in decimal. */
static inline void spc_add_int(spc_text *t, int64_t v)
{
	char digits[21];
	int n = 0;
	uint64_t u = v < 0 ? 0 - (uint64_t)v : (uint64_t)v;
	if (v < 0) spc_add(t, "-");
	do {
		digits[n++] = (char)('0' + u % 10);
		u /= 10;
	} while (u);
	while (n && t->len < t->cap) t->buf[t->len++] = digits[--n];
}

/* Adds a number with a fixed count of decimals (0 to 9), rounded half up in size. */
static inline void spc_add_fixed(spc_text *t, double v, int decimals)
{
	uint64_t scale = 1;
	for (int i = 0; i < decimals; i++) scale *= 10;
	if (!(v > -9e9 && v < 9e9)) { /* also NaN: JSON has no word for these */
		spc_add(t, "null");
		return;
	}
	if (v < 0) {
		spc_add(t, "-");
		v = -v;
	}
	uint64_t u = (uint64_t)(v * (double)scale + 0.5);
	spc_add_int(t, (int64_t)(u / scale));
	if (!decimals) return;
	spc_add(t, ".");
	for (uint64_t d = scale / 10, rest = u % scale; d && t->len < t->cap; d /= 10)
		t->buf[t->len++] = (char)('0' + rest / d % 10);
}

/* Ends the activation; a code other than 0 ends it as failed. */
__attribute__((import_module("wasi_snapshot_preview1"), import_name("proc_exit"), noreturn)) SPC_EXTERN
void spc_exit(int32_t code);

/* SPC_APP { … } is an app's main: its body runs once an activation and returns 0,
 * or anything else for "failed". */
#define SPC_APP                                                        \
	static int spc_app_main(void);                                 \
	__attribute__((export_name("_start"))) void _start(void)       \
	{                                                              \
		int code = spc_app_main();                             \
		if (code) spc_exit(code);                              \
	}                                                              \
	static int spc_app_main(void)

#endif
