import ArgumentParser
import Glibc
import StorageBase

/// Runs `body`; a `StorageError` becomes one line on standard error and the exit code of its kind
/// (see `bench --help`).
func withErrorsReported(_ body: () throws -> Void) throws {
  do {
    try body()
  } catch let error as StorageError {
    let bytes = Array("bench: \(error)\n".utf8)
    _ = write(STDERR_FILENO, bytes, bytes.count)
    throw ExitCode(exitCode(for: error))
  }
}

private func exitCode(for error: StorageError) -> Int32 {
  switch error {
  case .unknownName, .invalidArgument, .alreadyExists, .limitExceeded, .invalidSchema: 64
  case .corrupt, .damaged, .notAStore, .unsupportedFormat, .schemaMismatch: 66
  case .io, .noSpace, .storeFailed, .storeLocked: 74
  case .tooManyVersions: 70
  }
}
