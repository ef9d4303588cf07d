import Glibc
import StorageBase
import StorageIO
import StreamDriver
import StreamTransforms

extension PipelineSpec {
  /// The secrets that masks use, read from where the file says that they are.
  /// - Throws: `StorageError.invalidArgument` for one that is not there or too short.
  func resources(files: any FileSystem) throws -> TransformResources {
    var resources = TransformResources()
    for (name, place) in secrets {
      let bytes = try place.read(files: files)
      guard bytes.count >= Self.secretByteCountMin else {
        throw StorageError.invalidArgument(
          name: "secret", value: name,
          reason: "it has \(bytes.count) bytes, at least \(Self.secretByteCountMin) are needed")
      }
      resources.keys[name] = bytes
    }
    resources.addCiphers(for: transforms)
    return resources
  }

  private static let secretByteCountMin = 16
}

extension SecretSpec {
  fileprivate func read(files: any FileSystem) throws -> [UInt8] {
    switch self {
    case .environment(let variable):
      guard let value = getenv(variable) else {
        throw StorageError.invalidArgument(
          name: "environment variable", value: variable,
          reason: "it is not set, and the pipeline needs the secret in it")
      }
      return Array(String(cString: value).utf8)
    case .file(let path):
      let file = try files.openForReading(path, cause: .tool)
      var bytes = try file.read(at: 0, count: Int(file.byteCount))
      while bytes.last == UInt8(ascii: "\n") || bytes.last == UInt8(ascii: "\r") {
        bytes.removeLast()
      }
      return bytes
    }
  }
}
