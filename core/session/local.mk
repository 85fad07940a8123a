# core/session: what the build needs to know of this folder
