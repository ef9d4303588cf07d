import ArgumentParser
import Glibc
import StorageBase
import StorageIO
import TabletEngine

/// The directory every command works on.
struct StoreArgument: ParsableArguments {
  @Argument(help: "The store: a directory made by bench --data.")
  var directory: String

  /// Opens the store, or ends the program with exit code 66 and a line that says why.
  func open() -> Store {
    do {
      return try Store.open(
        directory, files: PosixFileSystem(), clock: SystemClock())
    } catch {
      fail(error, code: 66)
    }
  }
}

/// Prints what went wrong and ends the program.
func fail(_ error: any Error, code: Int32) -> Never {
  let bytes = Array("sediment: \(error)\n".utf8)
  _ = write(STDERR_FILENO, bytes, bytes.count)
  exit(code)
}
