# core/modes: what the build needs to know of this folder
