// Part of the package only when the headers of a system library are not found (Package.swift).
#error("LZ4, Zstandard or CRoaring headers are missing: run ./dev setup and build again")
