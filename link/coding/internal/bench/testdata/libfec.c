/* A benchmark of libfec for the ratio that our own benchmarks report.

   The tests compile it where Debian's libfec-dev and a C compiler are; by hand:

   cc -O2 -o libfec-bench libfec.c -lfec

   libfec-bench rs N        decodes (255,223) dual-basis words with N errors
   libfec-bench viterbi     decodes the K=7 rate 1/2 code

   It prints Mbit/s of decoded data by processor time. */
#include <fec.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static double cpu(void) { return (double)clock() / CLOCKS_PER_SEC; }

static double reed_solomon(int errors)
{
	enum { words = 64 };
	static unsigned char sent[words][255], word[255];
	for (int i = 0; i < words; i++) {
		for (int j = 0; j < 223; j++)
			sent[i][j] = rand();
		encode_rs_ccsds(sent[i], sent[i] + 223, 0);
		for (int n = 0; n < errors; n++)
			sent[i][(i * 7 + n * 15) % 255] ^= 1 + rand() % 255;
	}
	long n = 0;
	double start = cpu(), end;
	do {
		for (int i = 0; i < 1024; i++, n++) {
			memcpy(word, sent[n % words], 255);
			if (decode_rs_ccsds(word, NULL, 0, 0) != errors)
				exit(1);
		}
		end = cpu();
	} while (end - start < 0.3);
	return n * 223.0 * 8 / 1e6 / (end - start);
}

static double viterbi(void)
{
	enum { bits = 2048 };
	static unsigned char data[bits / 8 + 1], symbols[2 * (bits + 6)];
	int state = 0;
	for (int i = 0; i < bits + 6; i++) {
		int bit = i < bits ? rand() >> 8 & 1 : 0;
		state = state << 1 | bit;
		symbols[2 * i] = __builtin_parity(state & V27POLYA) ? 192 : 64;
		symbols[2 * i + 1] = __builtin_parity(state & V27POLYB) ? 192 : 64;
	}
	void *v = create_viterbi27(bits);
	long n = 0;
	double start = cpu(), end;
	do {
		for (int i = 0; i < 16; i++, n++) {
			init_viterbi27(v, 0);
			update_viterbi27_blk(v, symbols, bits + 6);
			chainback_viterbi27(v, data, bits, 0);
		}
		end = cpu();
	} while (end - start < 0.3);
	return n * (double)bits / 1e6 / (end - start);
}

int main(int argc, char **argv)
{
	if (argc > 2 && !strcmp(argv[1], "rs"))
		printf("%.2f\n", reed_solomon(atoi(argv[2])));
	else if (argc > 1 && !strcmp(argv[1], "viterbi"))
		printf("%.2f\n", viterbi());
	else
		return 2;
	return 0;
}
