import Glibc
import StorageBase

/// Another process of this program, whose output is read line by line as it comes.
final class ChildProcess {
  let id: pid_t
  /// Readable when there is output, or none will come any more.
  let descriptor: Int32
  private var rest: [UInt8] = []

  /// - Throws: `StorageError` when no process can be started.
  init(arguments: [String]) throws {
    var ends: [Int32] = [0, 0]
    guard pipe(&ends) == 0 else { throw Self.failure("make a pipe", errno) }
    for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
    var actions = posix_spawn_file_actions_t()
    posix_spawn_file_actions_init(&actions)
    posix_spawn_file_actions_adddup2(&actions, ends[1], STDOUT_FILENO)
    defer { posix_spawn_file_actions_destroy(&actions) }
    // In a group of its own, so that Ctrl-C reaches this process alone, which tells the others.
    var attributes = posix_spawnattr_t()
    posix_spawnattr_init(&attributes)
    posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETPGROUP))
    posix_spawnattr_setpgroup(&attributes, 0)
    defer { posix_spawnattr_destroy(&attributes) }
    let program = "/proc/self/exe"
    var pointers = ([program] + arguments).map { strdup($0) } + [nil]
    defer { for pointer in pointers { free(pointer) } }
    var child: pid_t = 0
    let code = posix_spawn(&child, program, &actions, &attributes, &pointers, environ)
    close(ends[1])
    guard code == 0 else {
      close(ends[0])
      throw Self.failure("start a process", code)
    }
    id = child
    descriptor = ends[0]
  }

  deinit { close(descriptor) }

  private static func failure(_ what: String, _ code: Int32) -> StorageError {
    .io(operation: what, path: "soak", code: code, message: String(cString: strerror(code)))
  }

  /// The lines that have come; nil when the process has closed its output.
  func readLines() -> [String]? {
    var chunk = [UInt8](repeating: 0, count: 1 << 16)
    let count = read(descriptor, &chunk, chunk.count)
    if count < 0, errno == EINTR { return [] }
    guard count > 0 else { return nil }
    rest.append(contentsOf: chunk[..<count])
    var lines = rest.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
    let incomplete = Array(lines.removeLast())
    defer { rest = incomplete }
    return lines.map { String(decoding: $0, as: UTF8.self) }
  }

  func stop() { kill(id, SIGKILL) }

  /// Waits until the process has ended.
  /// - Returns: the signal that ended it, or nil when it ended by itself.
  func waitForEnd() -> Int32? {
    var status: Int32 = 0
    while waitpid(id, &status, 0) < 0, errno == EINTR {}
    let signal = status & 0x7F
    return signal == 0 ? nil : signal
  }
}
