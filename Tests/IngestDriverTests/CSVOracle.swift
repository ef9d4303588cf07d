import StorageBase

/// A reader of RFC 4180 that is too simple to be wrong: one character at a time, whole text in
/// memory, strings everywhere.
func oracleRows(_ text: String, delimiter: Character = ",") -> [[String]] {
  var rows: [[String]] = []
  var row: [String] = []
  var field = ""
  var isInside = false
  // Scalars, since Swift takes CR LF for one character.
  let scalars = Array(text.unicodeScalars.map(Character.init))
  var index = 0
  func character(_ index: Int) -> Character? { index < scalars.count ? scalars[index] : nil }
  while let next = character(index) {
    index += 1
    if isInside {
      if next != "\"" {
        field.append(next)
      } else if character(index) == "\"" {
        field.append("\"")
        index += 1
      } else {
        isInside = false
      }
    } else if next == "\"" {
      isInside = true
    } else if next == delimiter {
      row.append(field)
      field = ""
    } else if next == "\r", character(index) == "\n" {
      continue
    } else if next == "\n" {
      rows.append(row + [field])
      row = []
      field = ""
    } else {
      field.append(next)
    }
  }
  if !row.isEmpty || !field.isEmpty { rows.append(row + [field]) }
  return rows
}

/// Documents with everything that is awkward in CSV.
struct DocumentGenerator {
  var generator: SeededGenerator

  /// - Returns: the text, and the fields as they were meant.
  mutating func document(rowCount: Int, columnCount: Int) -> (text: String, rows: [[String]]) {
    let pieces = ["a", "é", "漢字", "😀", ",", "\"", "\n", "\r\n", "|", " ", "0", "\\N", ""]
    var rows: [[String]] = []
    var text = ""
    for rowIndex in 0..<rowCount {
      var row: [String] = []
      for columnIndex in 0..<columnCount {
        let pieceCount = Int.random(in: 0...5, using: &generator)
        var field = ""
        for _ in 0..<pieceCount {
          // Scalars, so that a carriage return and a line feed do not become one character.
          field.unicodeScalars.append(
            contentsOf: pieces.randomElement(using: &generator)!.unicodeScalars)
        }
        // A row whose only field is empty would look like no row at the end of the file.
        if columnCount == 1 && field.isEmpty { field = "x" }
        row.append(field)
        let mustQuote = field.unicodeScalars.contains { ",\"\n\r".unicodeScalars.contains($0) }
        if mustQuote || Bool.random(using: &generator) {
          text += "\"" + field.replacing("\"", with: "\"\"") + "\""
        } else {
          text += field
        }
        if columnIndex + 1 < columnCount { text += "," }
      }
      rows.append(row)
      let isLast = rowIndex + 1 == rowCount
      if !isLast || Bool.random(using: &generator) {
        text += Bool.random(using: &generator) ? "\n" : "\r\n"
      }
    }
    return (text, rows)
  }
}
