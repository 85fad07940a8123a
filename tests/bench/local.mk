# SPDX-License-Identifier: GPL-2.0-or-later
# What scripts/bench runs besides the installed programs.
noinst_PROGRAMS += tests/bench/records_floor tests/bench/scale_floor tests/bench/sessions_floor
tests_bench_records_floor_SOURCES = tests/bench/records_floor.c
tests_bench_records_floor_LDADD =
tests_bench_scale_floor_SOURCES = tests/bench/scale_floor.c tests/bench/attrs.h
tests_bench_scale_floor_LDADD =
tests_bench_sessions_floor_SOURCES = tests/bench/sessions_floor.c tests/bench/attrs.h
tests_bench_sessions_floor_LDADD =
EXTRA_DIST += tests/bench/boot.py tests/bench/records.py tests/bench/scale.py tests/bench/sessions.py
