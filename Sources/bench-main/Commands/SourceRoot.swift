/// The folder of the package this program was built from, for the git revision in run records.
let sourceRoot = #filePath.split(separator: "/").dropLast(4).reduce("") { $0 + "/" + $1 }
