import StorageBase

/// The paths of all columns as one tree, so that an object is walked through once. Not thread-safe:
/// it learns in which order members come, since rows of one input tend to be written by one
/// program.
///
/// Its tables lie in memory of its own, and whoever walks holds only `JSONPathTable`: nothing is
/// retained or checked per member.
final class JSONPathTree {
  let table: JSONPathTable
  private let names: UnsafeMutablePointer<UInt8>
  private let slots: UnsafeMutablePointer<Int32>
  /// What names are compared by, eight at a time.
  private static let padding = 8

  init(_ paths: [JSONPath]) {
    let draft = JSONPathDraft(paths)
    let lists = JSONPathLists(draft)
    names = .allocate(capacity: lists.names.count + Self.padding)
    names.initialize(repeating: 0, count: lists.names.count + Self.padding)
    names.update(from: lists.names, count: lists.names.count)
    slots = .allocate(capacity: max(1, lists.slots.count))
    slots.initialize(repeating: -1, count: max(1, lists.slots.count))
    slots.update(from: lists.slots, count: lists.slots.count)
    func copied<Item>(_ items: [Item]) -> UnsafeMutablePointer<Item> {
      let copy = UnsafeMutablePointer<Item>.allocate(capacity: max(1, items.count))
      copy.initialize(from: items, count: items.count)
      return copy
    }
    table = JSONPathTable(
      nodes: copied(lists.nodes), members: copied(lists.members), elements: copied(lists.elements),
      names: UnsafePointer(names), slots: UnsafePointer(slots))
    fillSlots(lists)
  }

  private func fillSlots(_ lists: JSONPathLists) {
    for node in lists.nodes where node.memberCount > 0 {
      for member in node.firstMember..<node.firstMember + node.memberCount {
        let entry = lists.members[Int(member)]
        let name = UnsafePointer(names) + Int(entry.nameStart)
        var slot = JSONPathTable.hash(name, Int(entry.nameLength)) & UInt64(node.slotMask)
        while slots[Int(node.firstSlot) + Int(slot)] >= 0 {
          slot = (slot + 1) & UInt64(node.slotMask)
        }
        slots[Int(node.firstSlot) + Int(slot)] = member
      }
    }
  }

  deinit {
    names.deallocate()
    slots.deallocate()
    table.nodes.deallocate()
    table.members.deallocate()
    table.elements.deallocate()
  }
}

/// The tree as tables; valid while its `JSONPathTree` is.
struct JSONPathTable {
  struct Node {
    /// Of the value there; -1 for none.
    var column: Int32 = -1
    var firstMember: Int32 = 0
    var memberCount: Int32 = 0
    var firstElement: Int32 = 0
    var elementCount: Int32 = 0
    var firstSlot: Int32 = 0
    var slotMask: Int32 = 0
    /// The member that an object began with the last time.
    var likelyMember: Int32 = -1
  }

  struct Member {
    var node: Int32
    /// Between the quotes around it in `names`.
    var nameStart: UInt32
    var nameLength: UInt32
    /// Whether its JSON is the name in quotes and nothing else.
    var isPlain: Bool
    /// The member that came after it the last time.
    var successor: Int32 = -1
  }

  struct Element {
    var position: Int
    var node: Int32
  }

  let nodes: UnsafeMutablePointer<Node>
  let members: UnsafeMutablePointer<Member>
  let elements: UnsafeMutablePointer<Element>
  let names: UnsafePointer<UInt8>
  let slots: UnsafePointer<Int32>

  /// Reads up to 7 bytes after the name.
  @inline(__always) static func hash(_ name: UnsafePointer<UInt8>, _ count: Int) -> UInt64 {
    var hash = UInt64(truncatingIfNeeded: count) &* 0x9E37_79B9_7F4A_7C15
    var index = 0
    while index < count {
      var word = JSONScanner.load(name + index)
      let rest = count &- index
      if rest < 8 { word &= (1 &<< UInt64(truncatingIfNeeded: rest &* 8)) &- 1 }
      hash = (hash ^ word) &* 0xD6E8_FEB8_6659_FD93
      hash ^= hash &>> 32
      index &+= 8
    }
    return hash
  }

  /// Whether `count` bytes are equal; up to 7 more may be read on both sides.
  @inline(__always) static func areEqual(
    _ first: UnsafePointer<UInt8>, _ second: UnsafePointer<UInt8>, _ count: Int
  ) -> Bool {
    var index = 0
    while index &+ 8 <= count {
      guard JSONScanner.load(first + index) == JSONScanner.load(second + index) else {
        return false
      }
      index &+= 8
    }
    guard index < count else { return true }
    let difference = JSONScanner.load(first + index) ^ JSONScanner.load(second + index)
    return difference &<< UInt64(truncatingIfNeeded: 64 &- (count &- index) &* 8) == 0
  }

  /// The member of this name; -1 for none.
  @inline(__always) func member(
    of node: Int32, _ name: UnsafePointer<UInt8>, _ count: Int
  ) -> Int32 {
    let mask = UInt64(truncatingIfNeeded: nodes[Int(node)].slotMask)
    let slots = slots + Int(nodes[Int(node)].firstSlot)
    var slot = Self.hash(name, count) & mask
    while true {
      let member = slots[Int(truncatingIfNeeded: slot)]
      if member < 0 { return -1 }
      let entry = members[Int(member)]
      if Int(entry.nameLength) == count, Self.areEqual(names + Int(entry.nameStart), name, count) {
        return member
      }
      slot = (slot &+ 1) & mask
    }
  }
}
