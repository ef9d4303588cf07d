import ScanKernels
import SegmentFormat

/// One dictionary for all inputs of a merge: the codes of each are mapped to it. Not thread-safe.
final class CodeUnion {
  private let strings = DictionaryBuilder()
  /// By input: its dictionary and the mapping of its codes.
  private var known: [Int: (dictionary: StringTable, codes: AlignedBuffer)] = [:]

  /// Strings beyond which all are forgotten, between two pages.
  private static let entryCountMax = 1 << 16

  /// Whether mappings made before hold no longer.
  func makeRoom() -> Bool {
    guard strings.count > Self.entryCountMax else { return false }
    strings.removeAll()
    known = [:]
    return true
  }

  /// For each code of a dictionary its code here; valid until `makeRoom` says otherwise or the
  /// input comes with another dictionary.
  func mapping(of dictionary: StringTable, input: Int) -> UnsafePointer<UInt32> {
    let codes: AlignedBuffer
    if let old = known[input], old.dictionary.bytes === dictionary.bytes {
      codes = old.codes
    } else {
      codes = strings.add(contentsOf: dictionary)
      known[input] = (dictionary, codes)
    }
    guard let base = codes.values(as: UInt32.self).baseAddress else {
      preconditionFailure("a buffer has an address")
    }
    return base
  }

  func code(of string: UnsafeRawBufferPointer) -> UInt32 { strings.add(string) }

  /// The same one until a string is added.
  var dictionary: StringTable { strings.table() }
}
