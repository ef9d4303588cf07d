/// Where the values of one row after another lie. Holds no reference, so that nothing is retained
/// per value.
///
/// A value is a stretch of the buffer: the text between the quotes of a string, what a number or a
/// word is written as, all of an object or array. Strings with escapes are written out after the
/// rows.
struct JSONCapture {
  /// Where the values of a column are noted, by row.
  struct Target {
    let starts: UnsafeMutablePointer<UInt32>
    let lengths: UnsafeMutablePointer<UInt32>
    /// 0 where there is a value, 1 for null and for what is missing.
    let nulls: UnsafeMutablePointer<UInt8>
    /// 1 where the row has the column, be it null.
    let given: UnsafeMutablePointer<UInt8>
  }

  let tree: JSONPathTable
  let targets: UnsafePointer<Target>
  let buffer: UnsafeMutablePointer<UInt8>
  var scanner: JSONScanner
  /// Where the next string is written out.
  var textEnd: Int
  var row = 0

  /// Passes the object that is next.
  mutating func readRow() throws(JSONTextFault) {
    guard scanner.next == UInt8(ascii: "{") else { throw scanner.fault("a JSON object") }
    try readValue(0, outer: 0)
    scanner.skipSpace()
    guard scanner.next == UInt8(ascii: "\n") else { throw scanner.fault("the end of the row") }
  }

  private mutating func readValue(_ node: Int32, outer: Int) throws(JSONTextFault) {
    let start = scanner.place
    switch scanner.next {
    case UInt8(ascii: "\""):
      let text = try scanner.readString()
      note(text, node)
    case UInt8(ascii: "{"):
      if tree.nodes[Int(node)].memberCount > 0 {
        try readObject(node, outer: outer)
      } else {
        try scanner.skipValue(outer: outer)
      }
      note(start, scanner.place &- start, node)
    case UInt8(ascii: "["):
      if tree.nodes[Int(node)].elementCount > 0 {
        try readArray(node, outer: outer)
      } else {
        try scanner.skipValue(outer: outer)
      }
      note(start, scanner.place &- start, node)
    case UInt8(ascii: "n"):
      try scanner.skipLiteral()
      noteNull(node)
    default:
      try scanner.skipLiteral()
      note(start, scanner.place &- start, node)
    }
  }

  private mutating func readObject(_ node: Int32, outer: Int) throws(JSONTextFault) {
    scanner.place &+= 1
    scanner.skipSpace()
    if scanner.take(UInt8(ascii: "}")) { return }
    var likely = tree.nodes[Int(node)].likelyMember
    var previous: Int32 = -1
    while true {
      let member = try readName(node, likely: likely)
      try scanner.skipColon()
      if member >= 0 {
        if member != likely {
          if previous >= 0 {
            tree.members[Int(previous)].successor = member
          } else {
            tree.nodes[Int(node)].likelyMember = member
          }
        }
        try readValue(tree.members[Int(member)].node, outer: outer &+ 1)
        previous = member
        likely = tree.members[Int(member)].successor
      } else {
        try scanner.skipValue(outer: outer &+ 1)
      }
      scanner.skipSpace()
      if scanner.take(UInt8(ascii: ",")) {
        scanner.skipSpace()
        continue
      }
      guard scanner.take(UInt8(ascii: "}")) else {
        throw scanner.fault("a comma or the end of the object")
      }
      return
    }
  }

  /// Passes the name of a member and returns which it is; -1 for none of those wanted.
  private mutating func readName(_ node: Int32, likely: Int32) throws(JSONTextFault) -> Int32 {
    if likely >= 0 {
      let member = tree.members[Int(likely)]
      let length = Int(member.nameLength) &+ 2
      let name = tree.names + Int(member.nameStart) - 1
      if member.isPlain, JSONPathTable.areEqual(name, buffer + scanner.place, length) {
        scanner.place &+= length
        return likely
      }
    }
    guard scanner.next == UInt8(ascii: "\"") else { throw scanner.fault("the name of a member") }
    let text = try scanner.readString()
    guard text.hasEscapes else {
      return tree.member(of: node, buffer + text.start, text.end &- text.start)
    }
    // Only looked at: the next string is written over it.
    let name = buffer + textEnd
    return tree.member(of: node, name, unescape(text, to: name))
  }

  private mutating func readArray(_ node: Int32, outer: Int) throws(JSONTextFault) {
    scanner.place &+= 1
    scanner.skipSpace()
    if scanner.take(UInt8(ascii: "]")) { return }
    var element = Int(tree.nodes[Int(node)].firstElement)
    let end = element &+ Int(tree.nodes[Int(node)].elementCount)
    var position = 0
    while true {
      if element < end, tree.elements[element].position == position {
        try readValue(tree.elements[element].node, outer: outer &+ 1)
        element &+= 1
      } else {
        try scanner.skipValue(outer: outer &+ 1)
      }
      position &+= 1
      scanner.skipSpace()
      if scanner.take(UInt8(ascii: ",")) {
        scanner.skipSpace()
        continue
      }
      guard scanner.take(UInt8(ascii: "]")) else {
        throw scanner.fault("a comma or the end of the array")
      }
      return
    }
  }

  @inline(__always) private func unescape(
    _ text: JSONScanner.Text, to target: UnsafeMutablePointer<UInt8>
  ) -> Int {
    JSONText.unescape(
      UnsafeBufferPointer(start: buffer + text.start, count: text.end &- text.start), to: target)
  }

  @inline(__always) private mutating func note(_ text: JSONScanner.Text, _ node: Int32) {
    guard tree.nodes[Int(node)].column >= 0 else { return }
    guard text.hasEscapes else { return note(text.start, text.end &- text.start, node) }
    let length = unescape(text, to: buffer + textEnd)
    note(textEnd, length, node)
    textEnd &+= length
  }

  @inline(__always) private func note(_ start: Int, _ length: Int, _ node: Int32) {
    let column = Int(tree.nodes[Int(node)].column)
    guard column >= 0 else { return }
    let target = targets[column]
    target.starts[row] = UInt32(truncatingIfNeeded: start)
    target.lengths[row] = UInt32(truncatingIfNeeded: length)
    target.nulls[row] = 0
    target.given[row] = 1
  }

  @inline(__always) private func noteNull(_ node: Int32) {
    let column = Int(tree.nodes[Int(node)].column)
    guard column >= 0 else { return }
    let target = targets[column]
    target.lengths[row] = 0
    target.nulls[row] = 1
    target.given[row] = 1
  }

  /// Forgets what was noted for the row.
  func clear(columnCount: Int) {
    for column in 0..<columnCount {
      let target = targets[column]
      target.starts[row] = 0
      target.lengths[row] = 0
      target.nulls[row] = 1
      target.given[row] = 0
    }
  }
}
