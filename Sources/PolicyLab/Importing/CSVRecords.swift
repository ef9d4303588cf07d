import StorageBase

/// The records of a CSV text (RFC 4180), with the names of the first one.
struct CSVRecords {
  struct Record {
    /// Of the line it begins on, from 1 on.
    let line: Int
    let offset: Int
    let fields: [String]
  }

  let names: [String]
  let records: [Record]

  /// - Throws: `StorageError.corrupt` for quotes that are not where they belong, and for records of
  ///   another number of fields than the first.
  init(_ bytes: [UInt8], file: String) throws {
    var reader = CSVScanner(bytes: bytes, file: file)
    guard let first = try reader.next() else {
      throw reader.corrupt("a header", "nothing")
    }
    names = first.fields
    var records: [Record] = []
    while let record = try reader.next() {
      guard record.fields.count == names.count else {
        throw reader.corrupt("\(names.count) fields", "\(record.fields.count)")
      }
      records.append(record)
    }
    self.records = records
  }
}

private struct CSVScanner {
  let bytes: [UInt8]
  let file: String
  private var place = 0
  private var line = 1
  private var start = (line: 1, offset: 0)

  init(bytes: [UInt8], file: String) {
    self.bytes = bytes
    self.file = file
  }

  mutating func next() throws -> CSVRecords.Record? {
    guard place < bytes.count else { return nil }
    start = (line, place)
    var fields: [String] = []
    repeat { fields.append(try field()) } while take(UInt8(ascii: ","))
    _ = take(UInt8(ascii: "\r"))
    guard take(UInt8(ascii: "\n")) || place == bytes.count else {
      throw corrupt("a comma or the end of the line", "byte \(bytes[place])")
    }
    line += 1
    return CSVRecords.Record(line: start.line, offset: start.offset, fields: fields)
  }

  private mutating func take(_ byte: UInt8) -> Bool {
    guard place < bytes.count, bytes[place] == byte else { return false }
    place += 1
    return true
  }

  private mutating func field() throws -> String {
    var text: [UInt8] = []
    guard take(UInt8(ascii: "\"")) else {
      while place < bytes.count, !Array(",\r\n".utf8).contains(bytes[place]) {
        text.append(bytes[place])
        place += 1
      }
      return String(decoding: text, as: UTF8.self)
    }
    while place < bytes.count {
      let byte = bytes[place]
      place += 1
      if byte == UInt8(ascii: "\"") && !take(byte) { return String(decoding: text, as: UTF8.self) }
      if byte == UInt8(ascii: "\n") { line += 1 }
      text.append(byte)
    }
    throw corrupt("the end of a quoted field", "the end of the file")
  }

  func corrupt(_ expected: String, _ found: String) -> StorageError {
    .corrupt(
      file: file, offset: UInt64(start.offset), what: "line \(start.line)", expected: expected,
      found: found)
  }
}
