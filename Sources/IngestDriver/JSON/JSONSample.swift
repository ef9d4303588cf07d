import ScanKernels
import StorageBase
import StorageIO

extension JSONDialect {
  /// As a file begins: with a bracket for an array of rows.
  public init(detectedIn file: any ReadableFile) throws {
    let start = try file.read(at: 0, count: min(1 << 12, Int(clamping: file.byteCount)))
    let mark: [UInt8] = [0xEF, 0xBB, 0xBF]
    let text = start.starts(with: mark) ? start.dropFirst(3) : start[...]
    let first = text.first { $0 != 0x20 && $0 != 0x09 && $0 != 0x0A && $0 != 0x0D }
    self.init(hasOuterArray: first == UInt8(ascii: "["))
  }
}

/// The members of the first objects of a file, and what they could be.
///
/// A column for each name, in the order they are met, of the first type that all its values are of:
/// as `InputMapping.inferred` says, but that strings are dates, datetimes or strings, `true` and
/// `false` are `bool`, and objects and arrays are kept as text. A column that an object lacks, or
/// has null in, is nullable; the first one is not, as it is the sort key.
struct JSONSample {
  private struct Guess {
    var name: String
    var guess = TypeGuess()
    var hasText = false
    var hasFlag = false
    var hasOther = false
    var count = 0
    var nullCount = 0

    var type: DataType {
      let isTime = guess.type == .date || guess.type == .datetime
      if hasFlag { return hasText || hasOther ? .string : .bool }
      if hasText { return hasOther || !isTime ? .string : guess.type }
      return guess.type
    }
  }

  private var guesses: [Guess] = []
  private var indices: [String: Int] = [:]
  private var rowCount = 0

  static func mapping(
    from file: any ReadableFile, _ json: JSONDialect, sampleRowCount: Int
  ) throws -> InputMapping {
    let base = try InputMapping(
      json: json,
      columns: [.init(name: "row", type: .string, source: .path(JSONPath(parsing: "$")))])
    var chunker = TextChunker(file, base, chunkByteCount: 1 << 20)
    try chunker.skipByteOrderMark()
    var sample = JSONSample()
    if let chunk = try chunker.peek() {
      let rows = try RowDecoder(
        InputMapping(json: JSONDialect(), columns: base.columns), path: file.path
      ).decode(chunk.rows).rows
      if let rows { try sample.observe(rows.batch, rowCountMax: sampleRowCount) }
    }
    guard !sample.guesses.isEmpty else {
      throw StorageError.invalidArgument(
        name: "file", value: file.path,
        reason: "it has no JSON object with a member, so its columns cannot be guessed")
    }
    return try InputMapping(
      json: json,
      columns: sample.guesses.enumerated().map { index, column in
        InputMapping.ColumnMapping(
          name: column.name, type: column.type,
          isNullable: index > 0 && (column.nullCount > 0 || column.count < sample.rowCount))
      })
  }

  /// - Parameter rows: with the text of each in their only column.
  private mutating func observe(_ rows: ColumnBatch, rowCountMax: Int) throws {
    for row in 0..<min(rows.rowCount, rowCountMax) {
      guard case .string(let text) = rows.columns[0][row] else { continue }
      do {
        guard case .object(let members) = try JSONValue(parsing: text, allowsTwins: true) else {
          continue
        }
        for member in members { observe(member.value, at: index(of: member.key)) }
        rowCount += 1
      } catch {
        // The loading takes or refuses it, with its place.
        continue
      }
    }
  }

  private mutating func index(of name: String) -> Int {
    if let index = indices[name] { return index }
    indices[name] = guesses.count
    guesses.append(Guess(name: name))
    return guesses.count - 1
  }

  private mutating func observe(_ value: JSONValue, at index: Int) {
    guesses[index].count += 1
    switch value {
    case .null: guesses[index].nullCount += 1
    case .bool: guesses[index].hasFlag = true
    case .string(let text):
      guesses[index].hasText = true
      Array(text.utf8).withUnsafeBytes { guesses[index].guess.observe($0) }
    case .integer, .number:
      guesses[index].hasOther = true
      Array(value.compactText.utf8).withUnsafeBytes { guesses[index].guess.observe($0) }
    case .array, .object:
      guesses[index].hasOther = true
      guesses[index].hasText = true
    }
  }
}
