# include: what the build needs to know of this folder
miscsiincludedir = $(includedir)/miscsi
miscsiinclude_HEADERS = include/miscsi/errors.def include/miscsi/errors.h
