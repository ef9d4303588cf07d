import Foundation
import Glibc

/// The machine and the build that a run's figures belong to. What cannot be found out is nil.
public struct RunEnvironment: Hashable, Sendable {
  public var git: GitRevision?
  public var cpuModel: String?
  /// Processors this process may run on.
  public var coreCount: Int
  public var memoryBytes: Int?
  /// The type of the file system that holds the tables.
  public var fileSystem: String?
  public var kernel: String?
  public var architecture: String?

  /// Looks around; a few milliseconds, most of them for git.
  /// - Parameters:
  ///   - dataPath: an existing file or folder on the file system that holds the tables.
  ///   - sourcePath: a folder of the checkout the program was built from.
  public static func capture(dataPath: String, sourcePath: String) -> RunEnvironment {
    var name = utsname()
    let hasName = uname(&name) == 0
    return RunEnvironment(
      git: GitRevision.capture(at: sourcePath),
      cpuModel: readText("/proc/cpuinfo").flatMap { field("model name", of: $0) },
      coreCount: ProcessInfo.processInfo.activeProcessorCount,
      memoryBytes: readText("/proc/meminfo").flatMap { field("MemTotal", of: $0) }
        .flatMap { Int($0.prefix { $0 != " " }) }.map { $0 * 1024 },
      fileSystem: fileSystemType(of: dataPath),
      kernel: hasName ? "\(text(of: name.sysname)) \(text(of: name.release))" : nil,
      architecture: hasName ? text(of: name.machine) : nil)
  }

  /// `debug` or `release`: figures of the first are not worth keeping.
  public static var buildConfiguration: String {
    #if DEBUG
      "debug"
    #else
      "release"
    #endif
  }

  /// The Swift compiler this was built by, as far as a program can know.
  public static var compiler: String {
    #if compiler(>=6.5)
      "Swift 6.5 or later"
    #elseif compiler(>=6.4)
      "Swift 6.4"
    #elseif compiler(>=6.3)
      "Swift 6.3"
    #else
      "Swift 6.2"
    #endif
  }

  /// The type of the mount that `path` lies on, such as `ext4`, from the kernel's list of mounts.
  private static func fileSystemType(of path: String) -> String? {
    guard let resolved = realpath(path, nil) else { return nil }
    defer { free(resolved) }
    let target = String(cString: resolved)
    var best: (point: String, type: String)?
    for line in (readText("/proc/self/mounts") ?? "").split(separator: "\n") {
      let fields = line.split(separator: " ")
      guard fields.count >= 3 else { continue }
      // A later mount at the same point hides the earlier one.
      let point = String(fields[1])
      let covers = point == "/" || target == point || target.hasPrefix(point + "/")
      if covers, point.utf8.count >= best?.point.utf8.count ?? 0 {
        best = (point, String(fields[2]))
      }
    }
    return best?.type
  }

  /// The value of the first `name : value` line.
  private static func field(_ name: String, of text: String) -> String? {
    for line in text.split(separator: "\n") where line.hasPrefix(name) {
      let parts = line.split(separator: ":", maxSplits: 1)
      if parts.count == 2 { return String(parts[1].drop { $0 == " " || $0 == "\t" }) }
    }
    return nil
  }

  private static func text<T>(of characters: T) -> String {
    withUnsafeBytes(of: characters) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
  }
}

/// The whole of a small file, as those of `/proc` are; nil when it cannot be read.
func readText(_ path: String) -> String? {
  let descriptor = open(path, O_RDONLY | O_CLOEXEC)
  guard descriptor >= 0 else { return nil }
  defer { close(descriptor) }
  var bytes: [UInt8] = []
  while bytes.count < 1 << 20 {
    let before = bytes.count
    bytes.append(contentsOf: repeatElement(0, count: 4096))
    let count = bytes.withUnsafeMutableBytes { buffer in
      read(descriptor, buffer.baseAddress.map { $0 + before }, 4096)
    }
    bytes.removeLast(4096 - max(0, count))
    if count <= 0 { break }
  }
  return String(decoding: bytes, as: UTF8.self)
}
