# What a guest runs besides the installed programs.
noinst_PROGRAMS += tests/vm/kernel_requests
tests_vm_kernel_requests_SOURCES = tests/vm/kernel_requests.c
tests_vm_kernel_requests_LDADD = $(core_libs)
