# fuzz targets of core/record
