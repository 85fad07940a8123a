# fuzz targets of core/ipc
