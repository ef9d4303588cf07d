// The launcher behind `swift run bench`. It depends on nothing, so a debug `swift run bench`
// builds only this file; it then hands over to the optimised program `bench-main`. A debug build
// of the scan loops would be 12 to 220 times slower, and its figures worthless.
import Glibc

/// Replaces this process by `arguments[0]`, looked up in PATH; returns only on failure.
func replaceProcess(by arguments: [String]) {
  var pointers: [UnsafeMutablePointer<CChar>?] = arguments.map { strdup($0) } + [nil]
  if let program = pointers[0] { execvp(program, &pointers) }
}

func printError(_ line: String) {
  let bytes = Array((line + "\n").utf8)
  _ = write(STDERR_FILENO, bytes, bytes.count)
}

let packageRoot = #filePath.split(separator: "/").dropLast(3).reduce("") { $0 + "/" + $1 }
printError("bench: building the optimised program (one to two minutes the first time) ...")
replaceProcess(
  by: [
    "swift", "run", "-c", "release", "--package-path", packageRoot, "bench-main",
  ] + CommandLine.arguments.dropFirst())
perror("bench: cannot start swift")
exit(70)
