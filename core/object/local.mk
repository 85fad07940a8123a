# core/object: what the build needs to know of this folder
