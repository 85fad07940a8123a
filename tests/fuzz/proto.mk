# fuzz targets of core/proto
