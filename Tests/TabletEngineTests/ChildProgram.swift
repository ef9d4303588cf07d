import Glibc
import Testing

/// A program that lies beside the one that runs the tests.
enum ChildProgram {
  /// How a program ended that nobody stopped.
  struct Outcome {
    /// -1 when a signal ended it.
    let exitCode: Int32
    let output: String
    let errors: String
  }

  /// Runs a program to its end.
  static func run(_ program: String, _ arguments: [String]) throws -> Outcome {
    let (output, errors) = (try SpoolFile(), try SpoolFile())
    let child = try start(
      program, arguments, output: output.descriptor, errors: errors.descriptor)
    return Outcome(exitCode: try wait(for: child), output: output.text, errors: errors.text)
  }

  /// Starts a program and returns its process id. Whoever does must wait for it.
  ///
  /// - Parameter errors: where its complaints go; nil for where those of the tests go.
  static func start(
    _ program: String, _ arguments: [String], output: Int32, errors: Int32? = nil
  ) throws -> pid_t {
    let command = [try path(of: program)] + arguments
    var actions = posix_spawn_file_actions_t()
    posix_spawn_file_actions_init(&actions)
    defer { posix_spawn_file_actions_destroy(&actions) }
    posix_spawn_file_actions_adddup2(&actions, output, STDOUT_FILENO)
    if let errors { posix_spawn_file_actions_adddup2(&actions, errors, STDERR_FILENO) }
    var pointers: [UnsafeMutablePointer<CChar>?] = command.map { strdup($0) } + [nil]
    defer { for pointer in pointers { free(pointer) } }
    var child: pid_t = 0
    try #require(posix_spawn(&child, command[0], &actions, nil, &pointers, environ) == 0)
    return child
  }

  private static func wait(for child: pid_t) throws -> Int32 {
    var status: Int32 = 0
    while waitpid(child, &status, 0) < 0 { try #require(errno == EINTR) }
    return status & 0x7F == 0 ? status >> 8 & 0xFF : -1
  }

  private static func path(of program: String) throws -> String {
    var buffer = [CChar](repeating: 0, count: 4096)
    let count = readlink("/proc/self/exe", &buffer, buffer.count - 1)
    try #require(count > 0)
    let own = String(decoding: buffer[..<count].map { UInt8(bitPattern: $0) }, as: UTF8.self)
    let folder = own.split(separator: "/").dropLast().reduce("") { $0 + "/" + $1 }
    let path = folder + "/" + program
    try #require(access(path, X_OK) == 0, "\(path) has not been built")
    return path
  }
}

/// A file without a name, which takes any amount of output while nobody reads.
private final class SpoolFile {
  let descriptor: Int32

  init() throws {
    var path = Array("/tmp/sediment-output-XXXXXX".utf8CString)
    descriptor = mkstemp(&path)
    try #require(descriptor >= 0)
    unlink(path)
    _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC)
  }

  deinit { close(descriptor) }

  var text: String {
    let size = Int(lseek(descriptor, 0, SEEK_END))
    var bytes = [UInt8](repeating: 0, count: max(0, size))
    let count = pread(descriptor, &bytes, bytes.count, 0)
    return String(decoding: bytes.prefix(max(0, count)), as: UTF8.self)
  }
}
