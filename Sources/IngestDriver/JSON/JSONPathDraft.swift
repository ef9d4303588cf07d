/// The tree of some paths while it is made.
final class JSONPathDraft {
  fileprivate(set) var column = -1
  fileprivate(set) var members: [(name: String, below: JSONPathDraft)] = []
  fileprivate(set) var elements: [(position: Int, below: JSONPathDraft)] = []
  private var indices: [String: Int] = [:]

  private init() {}

  /// - Parameter paths: one for each column, no two of them equal.
  convenience init(_ paths: [JSONPath]) {
    self.init()
    for (column, path) in paths.enumerated() {
      var place = self
      for step in path.steps { place = place.below(step) }
      place.column = column
    }
  }

  private func below(_ step: JSONPath.Step) -> JSONPathDraft {
    switch step {
    case .member(let name):
      if let index = indices[name] { return members[index].below }
      indices[name] = members.count
      members.append((name, JSONPathDraft()))
      return members[members.count - 1].below
    case .element(let position):
      if let known = elements.first(where: { $0.position == position }) { return known.below }
      let below = JSONPathDraft()
      let place = elements.firstIndex { $0.position > position } ?? elements.count
      elements.insert((position, below), at: place)
      return below
    }
  }
}

/// The tables of a tree: the members of a node lie side by side, and so do its elements.
struct JSONPathLists {
  private(set) var nodes: [JSONPathTable.Node] = []
  private(set) var members: [JSONPathTable.Member] = []
  private(set) var elements: [JSONPathTable.Element] = []
  private(set) var names: [UInt8] = []
  /// Places in `members`, to be found by hashes of names; -1 where there is none.
  private(set) var slots: [Int32] = []

  init(_ root: JSONPathDraft) {
    var drafts = [root]
    nodes = [JSONPathTable.Node()]
    var index = 0
    while index < drafts.count {
      let draft = drafts[index]
      var node = JSONPathTable.Node()
      node.column = Int32(draft.column)
      node.firstMember = Int32(members.count)
      node.memberCount = Int32(draft.members.count)
      for (name, below) in draft.members {
        append(name, node: nodes.count)
        nodes.append(JSONPathTable.Node())
        drafts.append(below)
      }
      node.firstElement = Int32(elements.count)
      node.elementCount = Int32(draft.elements.count)
      for (position, below) in draft.elements {
        elements.append(JSONPathTable.Element(position: position, node: Int32(nodes.count)))
        nodes.append(JSONPathTable.Node())
        drafts.append(below)
      }
      var slotCount = 1
      while slotCount < 2 * draft.members.count { slotCount *= 2 }
      node.firstSlot = Int32(slots.count)
      node.slotMask = Int32(slotCount - 1)
      slots += [Int32](repeating: -1, count: slotCount)
      nodes[index] = node
      index += 1
    }
  }

  private mutating func append(_ name: String, node: Int) {
    let quote = UInt8(ascii: "\"")
    let bytes = Array(name.utf8)
    names.append(quote)
    members.append(
      JSONPathTable.Member(
        node: Int32(node), nameStart: UInt32(names.count), nameLength: UInt32(bytes.count),
        isPlain: bytes.allSatisfy { $0 >= 0x20 && $0 != quote && $0 != UInt8(ascii: "\\") }))
    names += bytes
    names.append(quote)
  }
}
