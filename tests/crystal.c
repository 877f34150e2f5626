/* A crystal that is off: loaded before libc (LD_PRELOAD), it makes CLOCK_MONOTONIC_RAW, by which jackd goes, run faster by CRYSTAL_PPM
   parts per million from the first look at it on. A sound server that is paced by that clock is a sound card with such a crystal. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdlib.h>
#include <time.h>

int clock_gettime(clockid_t clock, struct timespec *now)
{
    static int (*real)(clockid_t, struct timespec *);
    static long long first;
    static double ppm;
    if (!real) {
        const char *text = getenv("CRYSTAL_PPM");
        ppm = text ? atof(text) : 0;
        real = (int (*)(clockid_t, struct timespec *))dlsym(RTLD_NEXT, "clock_gettime");
    }
    int failed = real(clock, now);
    if (!failed && clock == CLOCK_MONOTONIC_RAW) {
        long long at = now->tv_sec * 1000000000LL + now->tv_nsec;
        if (!first)
            first = at;
        at += (long long)((double)(at - first) * ppm / 1e6);
        now->tv_sec = at / 1000000000LL;
        now->tv_nsec = at % 1000000000LL;
    }
    return failed;
}
