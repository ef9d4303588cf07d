import StorageBase
import Testing

struct VersionTests {
  /// Ranges against sets of the versions they cover.
  @Test func rangesAreSetsOfVersions() {
    func ranges() -> [VersionRange] {
      (0...5).flatMap { first in (first...5).map { VersionRange(Int64(first), Int64($0)) } }
    }
    func versions(_ range: VersionRange) -> Set<Int64> {
      Set(range.first.rawValue...range.last.rawValue)
    }
    for a in ranges() {
      #expect(a.count == versions(a).count)
      #expect(a.isSingleton == (a.count == 1))
      for b in ranges() {
        #expect(a.contains(b) == versions(a).isSuperset(of: versions(b)))
        #expect(a.overlaps(b) == !versions(a).isDisjoint(with: versions(b)))
      }
    }
  }

  @Test func names() {
    #expect(VersionRange(2, 5).description == "[2-5]")
    #expect(VersionRange.initial.last == .initial)
    #expect(Version.initial.next == Version(2))
    #expect(Version(7).previous == Version(6))
  }

  /// Limits that other limits rest on.
  @Test func limitsFitTogether() {
    #expect(Limits.pageRowCountMax <= Limits.segmentRowCountMax)
    #expect(Limits.segmentRowCountMax <= Int(Int32.max))
    #expect(Limits.stringByteCountMax <= Limits.pageByteCountMax)
    #expect(Limits.inlineRowsetByteCountMax < Limits.logRecordByteCountMax)
    #expect(Limits.pageByteCountMax <= Int(Int32.max))
    #expect(Limits.mergeInputCountMax > Limits.tabletVersionCountMax)
  }
}
