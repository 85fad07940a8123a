# core/proto: what the build needs to know of this folder
