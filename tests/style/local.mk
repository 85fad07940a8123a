# style and layer checks
