import Glibc
import StorageIO
import Testing

/// A program that is started, listened to, and killed.
enum KilledProcess {
  /// Starts a program that lies beside the one that runs the tests, and kills it when `isEnough`.
  ///
  /// - Parameter isEnough: asked after every piece of output, and about every millisecond without
  ///   one, with the number of whole lines so far.
  /// - Returns: the whole lines of its standard output; one cut off by the kill says nothing.
  static func run(
    _ program: String, _ arguments: [String], killingWhen isEnough: (_ lines: Int) -> Bool
  ) throws -> [String] {
    var ends: [Int32] = [0, 0]
    try #require(pipe(&ends) == 0)
    for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
    let child = try start([try path(of: program)] + arguments, output: ends[1])
    close(ends[1])
    let text = listen(to: ends[0], child: child, isEnough)
    close(ends[0])
    var status: Int32 = 0
    waitpid(child, &status, 0)
    #expect(status & 0x7F == SIGKILL, "the child ended by itself, status \(status)")
    let lines = text.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
    return lines.dropLast().map { String(decoding: $0, as: UTF8.self) }
  }

  private static func start(_ arguments: [String], output: Int32) throws -> pid_t {
    var actions = posix_spawn_file_actions_t()
    posix_spawn_file_actions_init(&actions)
    posix_spawn_file_actions_adddup2(&actions, output, STDOUT_FILENO)
    defer { posix_spawn_file_actions_destroy(&actions) }
    var pointers: [UnsafeMutablePointer<CChar>?] = arguments.map { strdup($0) } + [nil]
    defer { for pointer in pointers { free(pointer) } }
    var child: pid_t = 0
    try #require(posix_spawn(&child, arguments[0], &actions, nil, &pointers, environ) == 0)
    return child
  }

  private static func listen(
    to descriptor: Int32, child: pid_t, _ isEnough: (Int) -> Bool
  ) -> [UInt8] {
    var text: [UInt8] = []
    var chunk = [UInt8](repeating: 0, count: 1 << 16)
    var lineCount = 0
    var isKilled = false
    while true {
      var state = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
      if poll(&state, 1, 1) != 0 {
        let received = read(descriptor, &chunk, chunk.count)
        if received <= 0 { return text }
        text.append(contentsOf: chunk[..<received])
        lineCount += chunk[..<received].count { $0 == UInt8(ascii: "\n") }
      }
      if !isKilled, isEnough(lineCount) {
        kill(child, SIGKILL)
        isKilled = true
      }
    }
  }

  /// The program beside the one that runs the tests.
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

  static func removeTree(_ path: String) {
    let files = PosixFileSystem()
    for name in (try? files.listDirectory(path)) ?? [] {
      let child = "\(path)/\(name)"
      if (try? files.remove(child)) == nil { removeTree(child) }
    }
    try? files.removeDirectory(path)
  }
}
