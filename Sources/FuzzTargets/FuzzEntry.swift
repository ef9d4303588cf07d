import Glibc

/// What libFuzzer calls for every input. The environment variable `SEDIMENT_FUZZ_TARGET` names the
/// target; without it, or with an unknown name, all run.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzOneInput(_ bytes: UnsafeRawPointer?, _ count: Int) -> Int32 {
  let input = UnsafeRawBufferPointer(start: bytes, count: bytes == nil ? 0 : count)
  for target in FuzzEntry.targets { target.run(input) }
  return 0
}

private enum FuzzEntry {
  static let targets: [FuzzTarget] = {
    let name = getenv("SEDIMENT_FUZZ_TARGET").map { String(cString: $0) }
    return FuzzTarget(rawValue: name ?? "").map { [$0] } ?? FuzzTarget.allCases
  }()
}
