import Glibc
import Testing

/// The benchmark program, which lies beside the one that runs the tests, started as a shell would.
struct BenchProgram {
  let id: pid_t

  init(_ arguments: [String]) throws {
    var buffer = [CChar](repeating: 0, count: 4096)
    let count = readlink("/proc/self/exe", &buffer, buffer.count - 1)
    try #require(count > 0)
    let own = String(decoding: buffer[..<count].map { UInt8(bitPattern: $0) }, as: UTF8.self)
    let path = own.split(separator: "/").dropLast().reduce("") { $0 + "/" + $1 } + "/bench-main"
    var attributes = posix_spawnattr_t()
    posix_spawnattr_init(&attributes)
    defer { posix_spawnattr_destroy(&attributes) }
    // The threads of tests hold signals back, and a child would as well.
    var none = sigset_t()
    sigemptyset(&none)
    posix_spawnattr_setsigmask(&attributes, &none)
    posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETSIGMASK))
    var actions = posix_spawn_file_actions_t()
    posix_spawn_file_actions_init(&actions)
    defer { posix_spawn_file_actions_destroy(&actions) }
    for descriptor in [STDOUT_FILENO, STDERR_FILENO] {
      posix_spawn_file_actions_addopen(&actions, descriptor, "/dev/null", O_WRONLY, 0)
    }
    var pointers: [UnsafeMutablePointer<CChar>?] = ([path] + arguments).map { strdup($0) } + [nil]
    defer { for pointer in pointers { free(pointer) } }
    var child: pid_t = 0
    try #require(posix_spawn(&child, path, &actions, &attributes, &pointers, environ) == 0)
    id = child
  }

  /// Waits for its end; -1 if a signal has ended it. Must be called once.
  func exitCode() throws -> Int32 {
    var status: Int32 = 0
    while waitpid(id, &status, 0) < 0 { try #require(errno == EINTR) }
    return status & 0x7F == 0 ? status >> 8 & 0xFF : -1
  }
}
