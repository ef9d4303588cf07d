import StorageBase

/// What a power failure leaves.
///
/// 1. Of each directory, the changes made since its last sync survive up to a random one.
/// 2. Of each file, its length is anything from what was synced to what was written, and of the
///    sectors not synced any set may have reached the disk, in whatever order they were written.
///    In place of the others there are zeros, garbage, or what lay there before a truncation.
/// 3. A truncation that was not synced may not have happened, nor what was written after it.
/// 4. What was reserved behind the bytes of a file is there or not; once synced it is.
/// 5. What was synced is intact, and all locks are gone.
extension MemoryFileSystem {
  /// The unit that a disk writes as a whole.
  static let sectorByteCount = 512

  /// The files that a machine finds after losing power at this moment, all of them synced. This
  /// file system is left as it is, so that many outcomes of one moment can be tried.
  /// - Parameter seed: chooses the outcome; the same history and seed give the same one.
  public func crash(seed: UInt64) -> MemoryFileSystem {
    var random = SeededGenerator(seed: seed)
    let survivors = tree.withLock { $0.survivors(&random) }
    return MemoryFileSystem(survivors, capacityByteCount: capacityByteCount)
  }
}

extension MemoryTree {
  fileprivate func survivors(_ random: inout SeededGenerator) -> MemoryTree {
    var crashed = self
    // Nothing, all, or something between: each is worth meeting often.
    let survivalProbabilities: [Double] = [0, 0.5, 0.9, 1]
    let survivalProbability = survivalProbabilities.randomElement(using: &random) ?? 0
    var cut: Set<DirectoryID> = []
    for edits in pending {
      let directories = edits.map(\.directory)
      if directories.contains(where: cut.contains) || random.nextUnit() >= survivalProbability {
        cut.formUnion(directories)
      } else {
        crashed.makeDurable(edits)
      }
    }
    var tree = MemoryTree()
    var copies: [ObjectIdentifier: MemoryInode] = [:]
    crashed.copySynced(Self.root, to: Self.root, of: &tree, &copies, &random)
    return tree
  }

  /// Copies what is reachable through synced entries, in an order that the seed can rely on.
  /// - Parameter copies: of the files met so far.
  private func copySynced(
    _ source: DirectoryID, to target: DirectoryID, of tree: inout MemoryTree,
    _ copies: inout [ObjectIdentifier: MemoryInode], _ random: inout SeededGenerator
  ) {
    for (name, entry) in directories[source].synced.sorted(by: { $0.key < $1.key }) {
      let copy: Entry
      switch entry {
      case .file(let inode):
        // A file with several names is still one afterwards.
        let file =
          copies[ObjectIdentifier(inode)]
          ?? MemoryInode(inode.contents.withLock { $0.survivors(&random) })
        copies[ObjectIdentifier(inode)] = file
        copy = .file(file)
      case .directory(let directory):
        tree.directories.append(Directory())
        let target = tree.directories.count - 1
        copySynced(directory, to: target, of: &tree, &copies, &random)
        copy = .directory(target)
      }
      tree.directories[target].entries[name] = copy
      tree.directories[target].synced[name] = copy
    }
  }
}

extension MemoryInode.Contents {
  fileprivate func survivors(_ random: inout SeededGenerator) -> [UInt8] {
    if let untruncated, Bool.random(using: &random) {
      return untruncated.survivors(before: nil, &random)
    }
    return current.survivors(before: untruncated?.bytes, &random)
  }
}

extension MemoryInode.Image {
  /// - Parameter before: what lay in the same place earlier and may be there still.
  fileprivate func survivors(before: [UInt8]?, _ random: inout SeededGenerator) -> [UInt8] {
    let bytes = survivingBytes(before: before, &random)
    let isReserved = reservedEnd > syncedReservedEnd && Bool.random(using: &random)
    let end = isReserved ? reservedEnd : syncedReservedEnd
    return bytes + [UInt8](repeating: 0, count: max(0, end - bytes.count))
  }

  private func survivingBytes(
    before: [UInt8]?, _ random: inout SeededGenerator
  ) -> [UInt8] {
    let unsyncedByteCount = bytes.count - syncedByteCount
    guard unsyncedByteCount > 0 else { return bytes }
    let keptByteCount =
      switch Int.random(in: 0..<4, using: &random) {
      case 0: syncedByteCount
      case 1: bytes.count
      default: syncedByteCount + Int.random(in: 0...unsyncedByteCount, using: &random)
      }
    var kept = Array(bytes[..<keptByteCount])
    // All, or most, or few: a single hole is as telling as a single sector that survives.
    let survivalProbabilities: [Double] = [1, 0.8, 0.2]
    let survivalProbability = survivalProbabilities.randomElement(using: &random) ?? 1
    let sector = MemoryFileSystem.sectorByteCount
    var start = syncedByteCount
    while start < keptByteCount {
      let end = min(keptByteCount, (start / sector + 1) * sector)
      if random.nextUnit() >= survivalProbability {
        Self.lose(start..<end, of: &kept, before: before, &random)
      }
      start = end
    }
    return kept
  }

  /// Puts something else in the place of bytes that did not reach the disk.
  private static func lose(
    _ range: Range<Int>, of kept: inout [UInt8], before: [UInt8]?,
    _ random: inout SeededGenerator
  ) {
    switch Int.random(in: 0..<3, using: &random) {
    case 0: for index in range { kept[index] = 0 }
    case 1: for index in range { kept[index] = UInt8(truncatingIfNeeded: random.next()) }
    default:
      for index in range {
        kept[index] = before.map { index < $0.count ? $0[index] : 0 } ?? 0
      }
    }
  }
}
