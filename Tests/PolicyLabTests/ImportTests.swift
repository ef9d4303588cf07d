import CompactionPolicies
import StorageBase
import TabletModel
import Testing

@testable import PolicyLab

/// Records of other systems, written after their documents.
@Suite struct ImportTests {
  private static func load(
    _ text: String, _ records: ForeignRecords, _ options: ImportOptions = ImportOptions()
  ) throws -> ImportedTrace {
    let imported = try records.trace(of: Array(text.utf8), file: "f", options: options)
    // What is imported is a trace like any other.
    let read = try CompactionTrace(parsing: Array(imported.trace.text.utf8), file: "t")
    #expect(read == imported.trace)
    return imported
  }

  private static func tablets(_ trace: CompactionTrace) throws -> [TabletID: TracedTablet] {
    var state = TraceState()
    for event in trace.events { try state.apply(event) }
    return state.tablets
  }

  // MARK: Doris

  private static let status = """
    {
        "cumulative policy type": "SIZE_BASED",
        "cumulative point": 18438,
        "last cumulative failure time": "1970-01-01 08:00:00.000",
        "last base failure time": "1970-01-01 08:00:00.000",
        "last cumulative success time": "2021-05-05 17:18:48.904",
        "last base success time": "2021-05-05 16:14:49.786",
        "rowsets": [
            "[0-17444] 13 DATA NONOVERLAPPING 0200000000b1fb8d344f8310 2.86 GB",
            "[17445-17751] 1 DATA NONOVERLAPPING 0200000000b25183344f8310 68.61 MB",
            "[17752-18437] 1 DATA NONOVERLAPPING 0200000000b2b9a2344f8310 74.52 MB",
            "[18438-18678] 1 DATA NONOVERLAPPING 0200000000b37084344f8310 53.07 MB",
            "[18679-18679] 2 DATA OVERLAPPING 0200000000b36d87344f8310 3.11 KB",
            "[18680-18680] 0 DELETE NONOVERLAPPING 0200000000b36d70344f8310 0",
            "[18681-18681] 1 DATA OVERLAP_UNKNOWN 0200000000b36da0344f8310 266.98 KB"
        ],
        "missing_rowsets": [],
        "stale_rowsets": ["[18679-18679] 1 DATA OVERLAPPING 0200000000b36d87344f8310 1.00 KB"],
        "stale version path": [
            {"path id": "1", "last create time": "2021-05-05 17:18:48 +0800", "path list": "1"}
        ]
    }
    """

  @Test func stateOfADorisTablet() throws {
    let id = TabletID(rawValue: 48_062_815)
    let imported = try Self.load(Self.status, .doris, ImportOptions(keysModel: .unique, tablet: id))
    let tablet = try #require(try Self.tablets(imported.trace)[id])
    #expect(tablet.cumulativePoint == Version(18438))
    #expect(tablet.keysModel == .unique)
    #expect(tablet.rowsets.map(\.segmentCount) == [13, 1, 1, 1, 2, 0, 1])
    #expect(tablet.rowsets.map(\.score) == [1, 1, 1, 1, 2, 1, 1])
    #expect(tablet.rowsets[3].byteCount == Int((53.07 * 1_048_576).rounded()))
    #expect(tablet.rowsets[5].byteCount == 0)
    let success = try #require(tablet.lastSuccessAt[.cumulative])
    #expect(formatTime(success) == "2021-05-05 17:18:48.904000")
    #expect(tablet.lastSuccessAt[.full] == nil)
    #expect(tablet.rowsets.allSatisfy { $0.createdAt == success })
    #expect(imported.notes.contains { $0.contains("SIZE_BASED") })
    // Doris's policy of that time, asked about the tablet.
    let answer = try TraceQuery(imported.trace).answer(at: success, tablet: id, kind: nil)
    let policy = try PolicyCatalogue.shipped.policy("num-based").policy
    guard case .compact(let picks, _) = policy.decide(answer.facts) else {
      Issue.record("nothing is wanted")
      return
    }
    #expect(picks.first?.versions == VersionRange(18438, 18681))
  }

  private func formatTime(_ time: Timestamp) -> String {
    let (days, rest) = Int(time.rawValue).quotientAndRemainder(dividingBy: 86_400_000_000)
    let seconds = rest / 1_000_000
    func two(_ number: Int) -> String { number < 10 ? "0\(number)" : "\(number)" }
    return "\(CivilDate(daysSinceEpoch: days)) \(two(seconds / 3600)):\(two(seconds / 60 % 60)):"
      + "\(two(seconds % 60)).\(rest % 1_000_000)"
  }

  @Test func aPointThatWasNotWorkedOut() throws {
    let text = Self.status.replacing(
      "\"cumulative point\": 18438", with: "\"cumulative point\": -1")
    let tablet = try #require(try Self.tablets(Self.load(text, .doris).trace).values.first)
    // Before the first rowset that is smaller than the promotion size.
    #expect(tablet.cumulativePoint == Version(17445))
  }

  @Test(
    arguments: [
      ("[18438-18678] 1", "[18439-18678] 1", "18438"), ("53.07 MB", "", "size"),
      ("2.86 GB", "2.86 QB", "size"), ("2 DATA", "x DATA", "rowset"),
      ("[18681-18681]", "[18681-18680]", "rowset"),
      (
        "\"missing_rowsets\": []",
        "\"missing_rowsets\": [\"[7-8]\"]", "missing"
      ),
      ("17:18:48.904", "27:18:48.904", "time"), ("18438,", "99999,", "point"),
      ("2.86 GB", "1e300 GB", "size"), ("]\n}", "]", "object"),
    ]) func damagedStatesAreRefused(from: String, to: String, expected: String)
  {
    let text = Self.status.replacing(from, with: to, maxReplacements: 1)
    #expect(text != Self.status)
    do {
      _ = try Self.load(text, .doris)
      Issue.record("accepted")
    } catch StorageError.corrupt(_, _, _, let reason, let found) {
      #expect("\(reason) \(found)".contains(expected), "\(reason), \(found)")
    } catch {
      Issue.record("\(error)")
    }
  }

  @Test func answersThatAreErrorsAreRefused() {
    #expect(throws: StorageError.self) {
      try Self.load(#"{"status": "Fail", "msg": "Tablet not found"}"#, .doris)
    }
  }

  // MARK: ClickHouse

  private static let parts = """
    "hostname","query_id","event_type","merge_reason","event_date","event_time",\
    "event_time_microseconds","duration_ms","database","table","part_name","partition_id","rows",\
    "size_in_bytes","merged_from","error","exception"
    "h","q1","NewPart","NotAMerge","2024-07-01","2024-07-01 10:00:00",\
    "2024-07-01 10:00:00.000001",3,"db","hits","202407_1_1_0","202407",100,5000,"[]",0,""
    "h","q2","NewPart","NotAMerge","2024-07-01","2024-07-01 10:00:01",\
    "2024-07-01 10:00:01.5",3,"db","hits","202407_2_2_0","202407",110,5100,"[]",0,""
    "h","q3","NewPart","NotAMerge","2024-07-01","2024-07-01 10:00:02",\
    "2024-07-01 10:00:02.000000",3,"db","hits","202406_1_1_0","202406",7,300,"[]",0,""
    "h","q4","NewPart","NotAMerge","2024-07-01","2024-07-01 10:00:03",\
    "2024-07-01 10:00:03.000000",3,"db","hits","202407_4_4_0","202407",120,5200,"[]",0,""
    "h","","MergePartsStart","RegularMerge","2024-07-01","2024-07-01 10:00:04",\
    "2024-07-01 10:00:04.000000",0,"db","hits","202407_1_4_1","202407",0,0,"[]",0,""
    "h","","MergeParts","RegularMerge","2024-07-01","2024-07-01 10:00:05",\
    "2024-07-01 10:00:05.000000",900,"db","hits","202407_1_4_1","202407",330,14000,\
    "['202407_1_1_0','202407_2_2_0','202407_4_4_0']",0,""
    "h","q5","NewPart","NotAMerge","2024-07-01","2024-07-01 10:00:06",\
    "2024-07-01 10:00:06.000000",3,"db","hits","202407_5_5_0","202407",130,5300,"[]",252,\
    "Too many ""parts"" there"
    "h","","MergeParts","RegularMerge","2024-07-01","2024-07-01 10:00:07",\
    "2024-07-01 10:00:07.000000",900,"db","hits","202405_1_9_3","202405",330,14000,"[]",0,""
    "h","","RemovePart","NotAMerge","2024-07-01","2024-07-01 10:08:00",\
    "2024-07-01 10:08:00.000000",0,"db","hits","202407_1_1_0","202407",100,5000,"[]",0,""

    """

  @Test func partsOfClickHouse() throws {
    let imported = try Self.load(Self.parts, .clickhouse)
    let tablets = try Self.tablets(imported.trace)
    let july = try #require(tablets[TabletID(rawValue: 1)])
    #expect(july.rowsets.map(\.versions) == [.initial, VersionRange(2, 4)])
    #expect(july.rowsets[1].byteCount == 14_000)
    #expect(july.rowsets[1].mergeDepth == 1)
    #expect(tablets[TabletID(rawValue: 2)]?.rowsets.count == 2)
    let workload = try TracedWorkload(of: imported.trace)
    #expect(workload.loads.map(\.rowset.byteCount) == [5000, 5100, 300, 5200])
    #expect(workload.loads.map(\.rowset.rowCount) == [100, 110, 7, 120])
    #expect(workload.loads.map(\.tablet) == [0, 0, 1, 0])
    #expect(abs(workload.loads[1].seconds - 1.499_999) < 1e-9)
    let jobs = imported.trace.events.compactMap {
      if case .job(_, let job) = $0 { job } else { nil }
    }
    #expect(jobs.count == 1)
    #expect(jobs[0].inputByteCount == 15_300)
    #expect(jobs[0].finishedAt.seconds(since: jobs[0].startedAt) == 0.9)
    #expect(imported.notes.contains { $0.contains("1 events left out") })
    #expect(imported.notes.contains("tablet 2: db.hits 202406"))
  }

  /// The order of the lines does not matter, and neither do line ends or a missing last one.
  @Test func partsInAnyOrder() throws {
    let expected = try Self.load(Self.parts, .clickhouse)
    let lines = Self.parts.split(separator: "\n").map(String.init)
    let mixed = ([lines[0]] + lines.dropFirst().reversed()).joined(separator: "\r\n")
    #expect(try Self.load(mixed, .clickhouse) == expected)
  }

  @Test(
    arguments: [
      ("\"rows\"", "\"rowz\"", "line 1"), ("202407_4_4_0\"", "202407_4_x_0\"", "line 5"),
      (",5100,", ",-1,", "line 3"), ("10:00:02.000000", "10:61:02.000000", "line 4"),
      (",3,\"db\",\"hits\",\"202406", ",\"db\",\"hits\",\"202406", "line 4"),
    ]) func damagedPartLogsAreRefused(from: String, to: String, line: String)
  {
    let text = Self.parts.replacing(from, with: to, maxReplacements: 1)
    #expect(text != Self.parts)
    do {
      _ = try Self.load(text, .clickhouse)
      Issue.record("accepted")
    } catch StorageError.corrupt(_, _, let what, _, _) {
      #expect(what == line)
    } catch {
      Issue.record("\(error)")
    }
  }

  // MARK: RocksDB

  private static let log = """
    2023/04/09-12:27:30.000000 30538 RocksDB version: 8.0.0
    2023/04/09-12:27:31.000001 30538 EVENT_LOG_v1 {"time_micros": 1681032451000000, "job": 1, \
    "event": "recovery_started", "wal_files": [4]}
    2023/04/09-12:27:31.100001 30538 EVENT_LOG_v1 {"time_micros": 1681032451100000, "cf_name": \
    "default", "job": 1, "event": "table_file_creation", "file_number": 8, "file_size": 1909, \
    "table_properties": {"data_size": 1700, "num_entries": 20}}
    2023/04/09-12:27:32.000001 30538 (Original Log Time 2023/04/09-12:27:32.000000) EVENT_LOG_v1 \
    {"time_micros": 1681032452000000, "job": 3, "event": "flush_started", "num_memtables": 1, \
    "num_entries": 405150, "flush_reason": "Write Buffer Full"}
    2023/04/09-12:27:33.000001 30538 EVENT_LOG_v1 {"time_micros": 1681032453000000, "cf_name": \
    "users", "job": 3, "event": "table_file_creation", "file_number": 12, "file_size": 9932026, \
    "table_properties": {"data_size": 9594606, "num_entries": 72981, "kDeletedKeys": "34699"}}
    2023/04/09-12:27:33.100001 30538 EVENT_LOG_v1 {"time_micros": 1681032453100000, "job": 3, \
    "event": "flush_finished", "output_compression": "Snappy", "lsm_state": [1, 0, 0]}
    2023/04/09-12:27:38.140657 30538 EVENT_LOG_v1 {"time_micros": 1681032458140646, "job": 4, \
    "event": "compaction_started", "files_L0": [159, 150], "files_L0": [159, 150], "score": 1, \
    "input_data_size": 44710877}
    2023/04/09-12:27:39.140657 30538 EVENT_LOG_v1 {"time_micros": 1681032459140646, "cf_name": \
    "users", "job": 4, "event": "table_file_creation", "file_number": 13, "file_size": 40000000, \
    "table_properties": {"num_entries": 7}}
    2023/04/09-12:27:39.200000 30538 EVENT_LOG_v1 {"time_micros": 1681032459200000, "cf_name": \
    "users", "job": 4, "event": "compaction_finished", "compaction_time_micros": 1000000, \
    "output_level": 1, "num_output_files": 1, "total_output_size": 40000000}

    """

  @Test func flushesOfRocksDB() throws {
    let imported = try Self.load(Self.log, .rocksdb)
    let workload = try TracedWorkload(of: imported.trace)
    #expect(workload.loads.map(\.rowset.byteCount) == [1909, 9_932_026])
    #expect(workload.loads.map(\.rowset.rowCount) == [20, 72_981])
    #expect(workload.loads.map(\.tablet) == [0, 1])
    #expect(workload.loads.map(\.seconds) == [0, 1.9])
    #expect(imported.notes.contains("tablet 2: column family users"))
    #expect(imported.notes.contains { $0.contains("wrote 40000000 bytes in 1 jobs") })
  }

  @Test(
    arguments: [
      ("\"file_size\": 1909", "\"file_size\": -1", "line 3"),
      ("\"event\": \"flush_started\"", "\"event\": \"flush_started", "line 4"),
      ("\"job\": 3, \"event\": \"flush_started\"", "\"event\": \"flush_started\"", "line 4"),
    ]) func damagedLogsAreRefused(from: String, to: String, line: String)
  {
    let text = Self.log.replacing(from, with: to, maxReplacements: 1)
    #expect(text != Self.log)
    do {
      _ = try Self.load(text, .rocksdb)
      Issue.record("accepted")
    } catch StorageError.corrupt(_, _, let what, _, _) {
      #expect(what == line)
    } catch {
      Issue.record("\(error)")
    }
  }

  /// Whatever is done to records, they are imported or refused.
  @Test(arguments: ForeignRecords.allCases) func mutatedRecordsNeverTrap(records: ForeignRecords) {
    let texts: [ForeignRecords: String] = [
      .doris: Self.status, .clickhouse: Self.parts, .rocksdb: Self.log,
    ]
    let bytes = Array((texts[records] ?? "").utf8)
    var random = SeededGenerator(seed: 3)
    for _ in 0..<300 {
      var changed = bytes
      for _ in 0..<1 + random.next() % 3 {
        let place = Int(random.next() % UInt64(changed.count))
        let letters = Array("0129-_\"[]{},: .\n\u{0}".utf8)
        changed[place] = letters[Int(random.next() % UInt64(letters.count))]
      }
      do {
        let imported = try records.trace(of: changed, file: "f", options: ImportOptions())
        _ = try TracedWorkload(of: imported.trace)
      } catch is StorageError {
      } catch {
        Issue.record("\(error)")
      }
    }
  }
}
